//! How a device is open.

use bitflags::bitflags;

bitflags! {
    /// How a device is open: what may be done with it, and how.
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
    }
}
