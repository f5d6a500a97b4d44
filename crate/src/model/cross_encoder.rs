//! The cross-encoder: reads a query and a passage together and says how well the passage answers.
//!
//! References: transformers' `BertForSequenceClassification` (pooler = dense + tanh over `[CLS]`, then classifier) and
//! `ElectraForSequenceClassification` (dense + GELU, then projection); Nogueira & Cho 2019, arXiv:1901.04085.

use std::io::{Read, Seek};
use std::sync::Arc;

use candle_core::{Module, Tensor};
use candle_nn::Linear;

use super::calibrate::{self, Calibration};
use super::config::{Architecture, Config};
use super::encoder::{linear, Batch, Encoder, Precision, Rows};
use super::weights::{Weights, POOLING_RANK};
use super::words::Words;
use crate::text::tokenizer::Tokenizer;
use crate::{Error, Result};

/// Longest pair; only the passage is cut to keep to it.
const MAX_TOKENS: usize = 512;

/// Tokens computed at a time, as for the bi-encoder.
const BATCH_TOKENS: usize = 512;

/// A loaded cross-encoder.
pub struct CrossEncoder {
    encoder: Encoder,
    dense: Linear,
    output: Linear,
    words: Words,
    fingerprint: String,
}

impl CrossEncoder {
    /// Loads a cross-encoder with one logit. The arguments are those of [`BiEncoder::load`](super::BiEncoder::load).
    ///
    /// # Errors
    /// [`Error::InvalidModel`] if the file has no classification head or one of several classes.
    pub fn load<R: Read + Seek>(
        mut weights: Weights<R>,
        tokenizer: Option<Tokenizer>,
        precision: Precision,
        shared: Option<&Words>,
    ) -> Result<Self> {
        weights.expect_pooling(POOLING_RANK, "cross-encoder")?;
        if !weights.has("cls.output.weight") {
            return Err(Error::InvalidModel(
                "expected a cross-encoder with a classification head (classifier, or cls.output in a GGUF file); \
                 found none: this looks like a bi-encoder"
                    .into(),
            ));
        }
        let words = Words::load(&mut weights, tokenizer, shared)?;
        let encoder = Encoder::load(&mut weights, precision, Arc::clone(words.table()))?;
        let hidden = encoder.config().hidden;
        let dense = linear(&mut weights, "cls", hidden, hidden)?;
        let output = linear(&mut weights, "cls.output", 1, hidden)?;
        Ok(Self { encoder, dense, output, words, fingerprint: weights.fingerprint() })
    }

    /// Scores each passage for the query: one raw logit a passage, higher is better, in the order given.
    ///
    /// # Errors
    /// [`Error::InvalidTokenizer`] if a text cannot be tokenized.
    pub fn score<T: AsRef<str>>(&self, query: &str, passages: &[T]) -> Result<Vec<f32>> {
        let limit = self.max_tokens();
        let query = self.tokenizer().encode_query(query, limit)?;
        let encode = |passage: &T| self.tokenizer().encode_pair(&query, passage.as_ref(), limit);
        let encodings = passages.iter().map(encode).collect::<Result<Vec<_>>>()?;
        let mut logits = Vec::with_capacity(passages.len());
        for batch in Batch::split(&encodings, BATCH_TOKENS) {
            logits.extend(self.head(&self.encoder.forward(&batch, Rows::First)?)?);
        }
        Ok(logits)
    }

    /// Measures activations over (query, passage) pairs, for the packer. The model must be loaded in f32.
    ///
    /// # Errors
    /// As [`calibrate::calibrate`].
    pub fn calibrate(&self, pairs: &[(&str, &str)], with_products: bool) -> Result<Calibration> {
        let limit = self.max_tokens();
        let encode = |(query, passage): &(&str, &str)| {
            self.tokenizer().encode_pair(&self.tokenizer().encode_query(query, limit)?, passage, limit)
        };
        calibrate::calibrate(&self.encoder, &pairs.iter().map(encode).collect::<Result<Vec<_>>>()?, with_products)
    }

    /// The logits of `[CLS]` states `[pairs, hidden]`. One row at a time: a matrix product picks its order of summation
    /// by the number of rows, and a logit must not depend on what it was computed beside.
    fn head(&self, first: &Tensor) -> Result<Vec<f32>> {
        let logit = |pair: usize| {
            let dense = self.dense.forward(&first.narrow(0, pair, 1)?)?;
            let pooled = match self.config().architecture {
                Architecture::Bert => dense.tanh()?,
                Architecture::Electra => dense.gelu_erf()?,
            };
            Ok(self.output.forward(&pooled)?.flatten_all()?.to_vec1::<f32>()?[0])
        };
        (0..first.dim(0)?).map(logit).collect()
    }

    /// Longest pair in tokens, special tokens included.
    pub fn max_tokens(&self) -> usize {
        MAX_TOKENS.min(self.config().positions)
    }

    /// The tokenizer.
    pub fn tokenizer(&self) -> &Tokenizer {
        self.words.tokenizer()
    }

    /// The sizes of the network.
    pub fn config(&self) -> &Config {
        self.encoder.config()
    }

    /// The words, for the bi-encoder to share.
    pub fn words(&self) -> &Words {
        &self.words
    }

    /// See [`Weights::fingerprint`].
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}
