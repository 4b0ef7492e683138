//! The open mode of a device.

use bitflags::bitflags;

bitflags! {
    /// How a device is open: for what, and with which options.
    ///
    /// The values are Qt's. Every device knows [`TEXT`](Self::TEXT) and
    /// [`UNBUFFERED`](Self::UNBUFFERED); each device decides what the other options mean.
    ///
    /// ```
    /// use slotwire::OpenMode;
    ///
    /// let mode = OpenMode::READ_ONLY | OpenMode::TEXT;
    /// assert!(mode.contains(OpenMode::READ_ONLY));
    /// assert!(!mode.contains(OpenMode::WRITE_ONLY));
    /// ```
    #[doc(alias = "QIODeviceBase")]
    #[doc(alias = "QIODeviceBase::OpenModeFlag")]
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct OpenMode: u8 {
        /// The device is closed.
        #[doc(alias = "NotOpen")]
        const NOT_OPEN = 0;
        /// The device can be read from.
        #[doc(alias = "ReadOnly")]
        const READ_ONLY = 0x01;
        /// The device can be written to.
        #[doc(alias = "WriteOnly")]
        const WRITE_ONLY = 0x02;
        /// The device can be read from and written to.
        #[doc(alias = "ReadWrite")]
        const READ_WRITE = 0x03;
        /// Writing begins after what is there. Also opens the device for writing.
        #[doc(alias = "Append")]
        const APPEND = 0x04;
        /// What was there is dropped on opening. Also opens the device for writing.
        #[doc(alias = "Truncate")]
        const TRUNCATE = 0x08;
        /// Reading drops carriage returns: see
        /// [`set_text_mode_enabled`](super::QIODevice::set_text_mode_enabled).
        #[doc(alias = "Text")]
        const TEXT = 0x10;
        /// Nothing is read ahead: a read takes only the bytes that it needs from below.
        #[doc(alias = "Unbuffered")]
        const UNBUFFERED = 0x20;
        /// Opening fails if there is something already. Also opens the device for writing.
        #[doc(alias = "NewOnly")]
        const NEW_ONLY = 0x40;
        /// Opening fails if there is nothing yet.
        #[doc(alias = "ExistingOnly")]
        const EXISTING_ONLY = 0x80;
    }
}
