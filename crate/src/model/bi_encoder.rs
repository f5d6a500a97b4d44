//! The bi-encoder: a text becomes one vector of unit length, so that a dot product is a cosine.
//!
//! Reference: sentence-transformers' `Transformer` → `Pooling(mean)` → `Normalize` (Reimers & Gurevych 2019,
//! arXiv:1908.10084).

use std::io::{Read, Seek};
use std::sync::Arc;

use super::calibrate::{self, Calibration};
use super::config::Config;
use super::encoder::{Batch, Encoder, Precision, Rows};
use super::weights::{Weights, POOLING_MEAN};
use super::words::Words;
use crate::text::tokenizer::Tokenizer;
use crate::Result;

/// sentence-transformers cuts all-MiniLM-L6-v2's input here; text beyond it does not take part.
const MAX_TOKENS: usize = 256;

/// Tokens computed at a time: enough rows to amortise streaming the weights, few enough to stay in cache.
const BATCH_TOKENS: usize = 512;

/// A loaded bi-encoder.
pub struct BiEncoder {
    encoder: Encoder,
    words: Words,
    fingerprint: String,
}

impl BiEncoder {
    /// Loads a bi-encoder. See [`Words::load`] for `tokenizer` and `shared`.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] or [`Error::InvalidTokenizer`] saying what does not fit.
    pub fn load<R: Read + Seek>(
        mut weights: Weights<R>,
        tokenizer: Option<Tokenizer>,
        precision: Precision,
        shared: Option<&Words>,
    ) -> Result<Self> {
        weights.expect_pooling(POOLING_MEAN, "bi-encoder")?;
        let words = Words::load(&mut weights, tokenizer, shared)?;
        let encoder = Encoder::load(&mut weights, precision, Arc::clone(words.table()))?;
        Ok(Self { encoder, words, fingerprint: weights.fingerprint() })
    }

    /// Embeds texts: row-major `[texts, dims]`, each row of unit length. An empty text is embedded as `[CLS] [SEP]`.
    ///
    /// # Errors
    /// [`Error::InvalidTokenizer`] if a text cannot be tokenized.
    pub fn embed<T: AsRef<str>>(&self, texts: &[T]) -> Result<Vec<f32>> {
        let limit = self.max_tokens();
        let encode = |text: &T| self.tokenizer().encode(text.as_ref(), limit);
        let encodings = texts.iter().map(encode).collect::<Result<Vec<_>>>()?;
        let mut vectors = Vec::with_capacity(texts.len() * self.dims());
        for batch in Batch::split(&encodings, BATCH_TOKENS) {
            let hidden = self.encoder.forward(&batch, Rows::All)?.flatten_all()?.to_vec1::<f32>()?;
            pool(&hidden, batch.lengths(), self.dims(), &mut vectors);
        }
        Ok(vectors)
    }

    /// Measures activations over `texts`, for the packer. The model must be loaded in f32.
    ///
    /// # Errors
    /// As [`calibrate::calibrate`].
    pub fn calibrate(&self, texts: &[&str], with_products: bool) -> Result<Calibration> {
        let encode = |text: &&str| self.tokenizer().encode(text, self.max_tokens());
        calibrate::calibrate(&self.encoder, &texts.iter().map(encode).collect::<Result<Vec<_>>>()?, with_products)
    }

    /// Width of a vector.
    pub fn dims(&self) -> usize {
        self.encoder.config().hidden
    }

    /// Longest input in tokens, special tokens included.
    pub fn max_tokens(&self) -> usize {
        MAX_TOKENS.min(self.encoder.config().positions)
    }

    /// The tokenizer.
    pub fn tokenizer(&self) -> &Tokenizer {
        self.words.tokenizer()
    }

    /// The sizes of the network.
    pub fn config(&self) -> &Config {
        self.encoder.config()
    }

    /// The words, for the cross-encoder to share.
    pub fn words(&self) -> &Words {
        &self.words
    }

    /// See [`Weights::fingerprint`].
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

/// Mean over the rows of each sequence, then unit length.
fn pool(hidden: &[f32], lengths: &[usize], dims: usize, vectors: &mut Vec<f32>) {
    let mut rows = hidden.chunks_exact(dims);
    for &length in lengths {
        let mut sum = vec![0f32; dims];
        for row in rows.by_ref().take(length) {
            sum.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
        }
        // Scaling to unit length makes the division by the length superfluous.
        let norm = sum.iter().map(|value| value * value).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        vectors.extend(sum.iter().map(|value| value / norm));
    }
}
