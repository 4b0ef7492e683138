//! `DataStreamVersion`: the versions of the format.

/// A version of the format of [`QDataStream`](super::QDataStream).
///
/// A version is named after the release of Qt that introduced it. The constants of releases that
/// changed nothing stand for the version before, as in Qt.
///
/// ```
/// use slotwire::stream::DataStreamVersion;
///
/// assert_eq!(DataStreamVersion::QT_5_3, DataStreamVersion::Qt5_2);
/// assert!(DataStreamVersion::Qt4_6 < DataStreamVersion::default());
/// ```
#[doc(alias = "QDataStream::Version")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DataStreamVersion {
    /// Also Qt 4.1.
    #[doc(alias = "Qt_4_0")]
    Qt4_0 = 7,
    /// Qt 4.2.
    #[doc(alias = "Qt_4_2")]
    Qt4_2 = 8,
    /// Qt 4.3.
    #[doc(alias = "Qt_4_3")]
    Qt4_3 = 9,
    /// Qt 4.4.
    #[doc(alias = "Qt_4_4")]
    Qt4_4 = 10,
    /// Qt 4.5.
    #[doc(alias = "Qt_4_5")]
    Qt4_5 = 11,
    /// Floating-point numbers follow the [precision](super::QDataStream::set_floating_point_precision)
    /// of the stream from this version on. Also Qt 4.7, 4.8 and 4.9.
    #[doc(alias = "Qt_4_6")]
    Qt4_6 = 12,
    /// Qt 5.0.
    #[doc(alias = "Qt_5_0")]
    Qt5_0 = 13,
    /// Qt 5.1.
    #[doc(alias = "Qt_5_1")]
    Qt5_1 = 14,
    /// Also Qt 5.3.
    #[doc(alias = "Qt_5_2")]
    Qt5_2 = 15,
    /// Also Qt 5.5.
    #[doc(alias = "Qt_5_4")]
    Qt5_4 = 16,
    /// Also Qt 5.7 to 5.11.
    #[doc(alias = "Qt_5_6")]
    Qt5_6 = 17,
    /// Qt 5.12.
    #[doc(alias = "Qt_5_12")]
    Qt5_12 = 18,
    /// Also Qt 5.14 and 5.15.
    #[doc(alias = "Qt_5_13")]
    Qt5_13 = 19,
    /// Also Qt 6.1 to 6.5.
    #[doc(alias = "Qt_6_0")]
    Qt6_0 = 20,
    /// Qt 6.6.
    #[doc(alias = "Qt_6_6")]
    Qt6_6 = 21,
    /// Sizes of more than 32 bits can be written from this version on. Also Qt 6.8 and 6.9.
    #[doc(alias = "Qt_6_7")]
    Qt6_7 = 22,
    /// Qt 6.10.
    #[doc(alias = "Qt_6_10")]
    Qt6_10 = 23,
    /// Also Qt 6.12.
    #[default]
    #[doc(alias = "Qt_6_11")]
    Qt6_11 = 24,
}

#[expect(missing_docs, reason = "each is named after a release")]
impl DataStreamVersion {
    #[doc(alias = "Qt_4_1")]
    pub const QT_4_1: Self = Self::Qt4_0;
    #[doc(alias = "Qt_4_7")]
    pub const QT_4_7: Self = Self::Qt4_6;
    #[doc(alias = "Qt_4_8")]
    pub const QT_4_8: Self = Self::Qt4_6;
    #[doc(alias = "Qt_4_9")]
    pub const QT_4_9: Self = Self::Qt4_6;
    #[doc(alias = "Qt_5_3")]
    pub const QT_5_3: Self = Self::Qt5_2;
    #[doc(alias = "Qt_5_5")]
    pub const QT_5_5: Self = Self::Qt5_4;
    #[doc(alias = "Qt_5_7")]
    pub const QT_5_7: Self = Self::Qt5_6;
    #[doc(alias = "Qt_5_8")]
    pub const QT_5_8: Self = Self::Qt5_6;
    #[doc(alias = "Qt_5_9")]
    pub const QT_5_9: Self = Self::Qt5_6;
    #[doc(alias = "Qt_5_10")]
    pub const QT_5_10: Self = Self::Qt5_6;
    #[doc(alias = "Qt_5_11")]
    pub const QT_5_11: Self = Self::Qt5_6;
    #[doc(alias = "Qt_5_14")]
    pub const QT_5_14: Self = Self::Qt5_13;
    #[doc(alias = "Qt_5_15")]
    pub const QT_5_15: Self = Self::Qt5_13;
    #[doc(alias = "Qt_6_1")]
    pub const QT_6_1: Self = Self::Qt6_0;
    #[doc(alias = "Qt_6_2")]
    pub const QT_6_2: Self = Self::Qt6_0;
    #[doc(alias = "Qt_6_3")]
    pub const QT_6_3: Self = Self::Qt6_0;
    #[doc(alias = "Qt_6_4")]
    pub const QT_6_4: Self = Self::Qt6_0;
    #[doc(alias = "Qt_6_5")]
    pub const QT_6_5: Self = Self::Qt6_0;
    #[doc(alias = "Qt_6_8")]
    pub const QT_6_8: Self = Self::Qt6_7;
    #[doc(alias = "Qt_6_9")]
    pub const QT_6_9: Self = Self::Qt6_7;
    #[doc(alias = "Qt_6_12")]
    pub const QT_6_12: Self = Self::Qt6_11;
}

impl DataStreamVersion {
    /// Returns Qt's number of this version.
    pub fn number(self) -> i32 {
        self as i32
    }

    /// Returns the version with Qt's number; `None` for a number that has no version here.
    pub fn from_number(number: i32) -> Option<Self> {
        const ALL: [DataStreamVersion; 18] = [
            DataStreamVersion::Qt4_0,
            DataStreamVersion::Qt4_2,
            DataStreamVersion::Qt4_3,
            DataStreamVersion::Qt4_4,
            DataStreamVersion::Qt4_5,
            DataStreamVersion::Qt4_6,
            DataStreamVersion::Qt5_0,
            DataStreamVersion::Qt5_1,
            DataStreamVersion::Qt5_2,
            DataStreamVersion::Qt5_4,
            DataStreamVersion::Qt5_6,
            DataStreamVersion::Qt5_12,
            DataStreamVersion::Qt5_13,
            DataStreamVersion::Qt6_0,
            DataStreamVersion::Qt6_6,
            DataStreamVersion::Qt6_7,
            DataStreamVersion::Qt6_10,
            DataStreamVersion::Qt6_11,
        ];
        ALL.into_iter().find(|version| version.number() == number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_of_qt_4_0_and_later_has_its_version() {
        for number in 7..=24 {
            assert_eq!(DataStreamVersion::from_number(number).unwrap().number(), number);
        }
        for number in [-1, 0, 6, 25, i32::MAX] {
            assert_eq!(DataStreamVersion::from_number(number), None);
        }
    }
}
