//! The word table: in which types it may be stored.

use std::str::FromStr;

use candle_core::quantized::GgmlDType;

use crate::{Error, Result};

/// The types that a word table is read in: rows of any length, or blocks of 32 values, which the widths of small BERTs
/// divide into, as they do not into the 256 of the K-quants.
const READABLE: [GgmlDType; 8] = [
    GgmlDType::F32,
    GgmlDType::F16,
    GgmlDType::BF16,
    GgmlDType::Q8_0,
    GgmlDType::Q5_1,
    GgmlDType::Q5_0,
    GgmlDType::Q4_1,
    GgmlDType::Q4_0,
];

/// How many bits the packer gives a value of the word table, scales included and rounded down.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum WordBits {
    /// Q8_0, 8.5 bits.
    #[default]
    Eight,
    /// Q5_1, 6 bits.
    Six,
    /// Q5_0, 5.5 bits.
    Five,
    /// Q4_0, 4.5 bits.
    Four,
}

impl WordBits {
    /// The GGML type.
    pub(super) fn dtype(self) -> GgmlDType {
        match self {
            Self::Eight => GgmlDType::Q8_0,
            Self::Six => GgmlDType::Q5_1,
            Self::Five => GgmlDType::Q5_0,
            Self::Four => GgmlDType::Q4_0,
        }
    }
}

impl FromStr for WordBits {
    type Err = Error;

    fn from_str(bits: &str) -> Result<Self> {
        match bits {
            "8" => Ok(Self::Eight),
            "6" => Ok(Self::Six),
            "5" => Ok(Self::Five),
            "4" => Ok(Self::Four),
            other => Err(Error::InvalidInput(format!(
                "word bits: expected 8, 6, 5 or 4 for a word's values, found \"{other}\""
            ))),
        }
    }
}

/// Refuses a word table of a type whose rows are not read one by one.
pub(super) fn check_type(found: GgmlDType) -> Result<()> {
    if READABLE.contains(&found) {
        return Ok(());
    }
    Err(Error::InvalidModel(format!(
        "tensor token_embd.weight: expected one of {READABLE:?}, found {found:?}; pack the model anew"
    )))
}
