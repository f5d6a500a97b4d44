//! Input embeddings: word + position + token type, then layer norm.

use half::f16;

use crate::{Error, Result};

use super::layer_norm::layer_norm;

/// Values in a Q8_0 block: an f16 scale, then 32 int8, little endian (ggml's layout).
const BLOCK: usize = 32;
const BLOCK_BYTES: usize = 2 + BLOCK;

/// A table with one row per token id.
///
/// The word embeddings are half the parameters of a MiniLM; as Q8_0 they stay at 8.5 bits a value and only the rows used
/// are widened.
#[derive(Clone, Debug)]
pub enum EmbeddingTable {
    /// f32 rows.
    F32(Vec<f32>),
    /// Rows of raw Q8_0 blocks.
    Q8_0(Vec<u8>),
}

impl EmbeddingTable {
    /// How many rows of `width` values it holds.
    ///
    /// # Errors
    /// `InvalidModel` if it is not whole rows.
    pub fn rows(&self, width: usize) -> Result<usize> {
        let (length, row) = match self {
            Self::F32(values) => (values.len(), width),
            Self::Q8_0(bytes) if width.is_multiple_of(BLOCK) => (bytes.len(), width / BLOCK * BLOCK_BYTES),
            Self::Q8_0(_) => {
                let message = format!("found Q8_0 embeddings of width {width}, expected a multiple of {BLOCK}");
                return Err(Error::InvalidModel(message));
            }
        };
        if row == 0 || !length.is_multiple_of(row) {
            return Err(Error::InvalidModel(format!("found embeddings of {length} elements, expected rows of {row}")));
        }
        Ok(length / row)
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        match self {
            Self::F32(values) => 4 * values.len(),
            Self::Q8_0(bytes) => bytes.len(),
        }
    }

    /// Writes row `index` to `out`, whose length is the width.
    fn read(&self, index: usize, out: &mut [f32]) {
        match self {
            Self::F32(values) => out.copy_from_slice(&values[index * out.len()..][..out.len()]),
            Self::Q8_0(bytes) => {
                let row = out.len() / BLOCK * BLOCK_BYTES;
                let blocks = bytes[index * row..][..row].chunks_exact(BLOCK_BYTES);
                for (block, out) in blocks.zip(out.chunks_exact_mut(BLOCK)) {
                    let scale = f16::from_le_bytes([block[0], block[1]]).to_f32();
                    for (out, q) in out.iter_mut().zip(&block[2..]) {
                        *out = scale * f32::from(*q as i8);
                    }
                }
            }
        }
    }
}

/// The embedding layer of a BERT.
#[derive(Clone, Debug)]
pub struct Embeddings {
    word: EmbeddingTable,
    position: Vec<f32>,
    token_type: Vec<f32>,
    gain: Vec<f32>,
    bias: Vec<f32>,
    epsilon: f32,
    vocabulary: usize,
}

impl Embeddings {
    /// The tables (`position` and `token_type` as f32 rows) and the layer norm; the width is the length of `gain`.
    ///
    /// # Errors
    /// `InvalidModel` if a table is not whole rows of that width.
    pub fn new(
        word: EmbeddingTable,
        position: Vec<f32>,
        token_type: Vec<f32>,
        gain: Vec<f32>,
        bias: Vec<f32>,
        epsilon: f32,
    ) -> Result<Self> {
        let width = gain.len();
        let vocabulary = word.rows(width)?;
        if width == 0
            || bias.len() != width
            || !position.len().is_multiple_of(width)
            || !token_type.len().is_multiple_of(width)
        {
            return Err(Error::InvalidModel(format!(
                "found embedding tables of {} (position), {} (token type) and {} (bias) values, expected rows of {width}",
                position.len(),
                token_type.len(),
                bias.len()
            )));
        }
        Ok(Self { word, position, token_type, gain, bias, epsilon, vocabulary })
    }

    /// Values in a row.
    pub fn width(&self) -> usize {
        self.gain.len()
    }

    /// Token ids there are.
    pub fn vocabulary(&self) -> usize {
        self.vocabulary
    }

    /// Tokens a sequence may have.
    pub fn positions(&self) -> usize {
        self.position.len() / self.width()
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.word.bytes() + 4 * (self.position.len() + self.token_type.len() + 2 * self.width())
    }

    /// Embeds one sequence: `ids` and `types` of its tokens, `out` is `[tokens, width]`.
    ///
    /// # Errors
    /// `InvalidInput` if an id, a type or the length is beyond the tables.
    ///
    /// # Panics
    /// If `types` or `out` does not match `ids` in length.
    pub fn embed(&self, ids: &[u32], types: &[u32], out: &mut [f32]) -> Result<()> {
        let width = self.width();
        assert!(types.len() == ids.len() && out.len() == ids.len() * width, "shape mismatch");
        if ids.len() > self.positions() {
            let (found, expected) = (ids.len(), self.positions());
            return Err(Error::InvalidInput(format!(
                "found {found} tokens, expected at most {expected}: shorten the text"
            )));
        }
        let positions = self.position.chunks_exact(width);
        for (((id, kind), position), out) in ids.iter().zip(types).zip(positions).zip(out.chunks_exact_mut(width)) {
            let beyond = |what, found: u32, count| {
                Error::InvalidInput(format!(
                    "found {what} {found}, expected less than {count}: tokenizer and model differ"
                ))
            };
            if *id as usize >= self.vocabulary {
                return Err(beyond("token id", *id, self.vocabulary));
            }
            let kind = (*kind as usize)
                .checked_mul(width)
                .and_then(|first| self.token_type.get(first..)?.get(..width))
                .ok_or_else(|| beyond("token type", *kind, self.token_type.len() / width))?;
            self.word.read(*id as usize, out);
            for ((out, kind), position) in out.iter_mut().zip(kind).zip(position) {
                *out = *out + kind + position;
            }
        }
        layer_norm(out, &self.gain, &self.bias, self.epsilon);
        Ok(())
    }
}
