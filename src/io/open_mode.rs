//! How a device is open.

use bitflags::bitflags;

bitflags! {
    /// How a device is open: what may be done with it, and how.
    ///
    /// The values are Qt's. What a device makes of the flags below [`READ_WRITE`](Self::READ_WRITE)
    /// is the device's affair, but for [`TEXT`](Self::TEXT) and [`UNBUFFERED`](Self::UNBUFFERED),
    /// which all of them know.
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
        /// What is written comes after what is there. Opening with it is opening for writing.
        #[doc(alias = "Append")]
        const APPEND = 0x04;
        /// What was there is dropped on opening. Opening with it is opening for writing.
        #[doc(alias = "Truncate")]
        const TRUNCATE = 0x08;
        /// Reading drops carriage returns: see
        /// [`set_text_mode_enabled`](super::QIODevice::set_text_mode_enabled).
        #[doc(alias = "Text")]
        const TEXT = 0x10;
        /// Nothing is read ahead: what is below the device is asked for what the reader asks for.
        #[doc(alias = "Unbuffered")]
        const UNBUFFERED = 0x20;
        /// Opening fails if there is something already. Opening with it is opening for writing.
        #[doc(alias = "NewOnly")]
        const NEW_ONLY = 0x40;
        /// Opening fails if there is nothing yet.
        #[doc(alias = "ExistingOnly")]
        const EXISTING_ONLY = 0x80;
    }
}
