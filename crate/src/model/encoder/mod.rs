//! The transformer trunk over a ragged batch.
//!
//! Linear layers work row by row, so the whole batch is one `[tokens, hidden]` matrix; only attention sees where one
//! sequence ends. Reference: `BertModel` and `ElectraModel` of transformers (erf-GELU, post-layer-norm).

mod batch;
mod embeddings;
mod float;
mod int8;

use std::io::{Read, Seek};
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

use candle_core::quantized::QTensor;
use candle_core::{Device, Tensor};

use super::config::Config;
use super::weights::Weights;
use crate::kernel::tile::COLUMNS;
use crate::{Error, Result};
use embeddings::Embeddings;
use int8::{Int8Layers, PackedLayer};

pub use batch::Batch;
pub(super) use float::{linear, Input, Layer};

static TOKENS_COMPUTED: AtomicU64 = AtomicU64::new(0);

/// How many tokens have gone through the networks of this program, special tokens included.
pub fn tokens_computed() -> u64 {
    TOKENS_COMPUTED.load(Ordering::Relaxed)
}

/// How the transformer layers are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// 32-bit floats, by candle.
    F32,
    /// 8-bit weights and 7-bit activations, by the packed kernels. A model whose width they cannot hold (not a multiple
    /// of 8) is computed in f32 all the same.
    Int8,
}

impl FromStr for Precision {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "f32" => Ok(Self::F32),
            "int8" => Ok(Self::Int8),
            other => {
                Err(Error::InvalidInput(format!("expected a precision of \"int8\" or \"f32\", found \"{other}\"")))
            }
        }
    }
}

/// Under which key of a GGUF file's metadata the equalizer of an input is kept.
pub(super) fn equalizer_key(layer: usize, input: Input) -> String {
    format!("docsift.equalizer.blk.{layer}.{}", input.name())
}

/// Which rows of the last layer are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    /// Every token.
    All,
    /// The first token of each sequence.
    First,
}

/// Embeddings and transformer layers.
pub struct Encoder {
    config: Config,
    embeddings: Embeddings,
    layers: Layers,
}

enum Layers {
    Float(Vec<Layer>),
    Int8(Box<Int8Layers>),
}

impl Encoder {
    /// Reads the trunk, tensor by tensor; `words` is its word table, of the config's shape.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] if a tensor is missing or of another shape than the config says.
    pub fn load<R: Read + Seek>(weights: &mut Weights<R>, precision: Precision, words: Arc<QTensor>) -> Result<Self> {
        let config = weights.config().clone();
        let embeddings = Embeddings::load(weights, &config, words)?;
        // The packed query, key and value projections are told apart at whole panels of columns.
        let precision = if config.hidden.is_multiple_of(COLUMNS) { precision } else { Precision::F32 };
        let layers = match precision {
            Precision::F32 => {
                let load = |index| Layer::load(weights, &config, index);
                Layers::Float((0..config.layers).map(load).collect::<Result<_>>()?)
            }
            Precision::Int8 => {
                // Layer by layer: at most one is in memory in both forms.
                let pack = |index| {
                    let layer = Layer::load(weights, &config, index)?;
                    let equalizer = |input| weights.floats(&equalizer_key(index, input));
                    PackedLayer::pack(&layer, config.layer_norm_eps, equalizer)
                };
                let packed = (0..config.layers).map(pack).collect::<Result<_>>()?;
                Layers::Int8(Box::new(Int8Layers::new(packed, &config)))
            }
        };
        Ok(Self { config, embeddings, layers })
    }

    /// The sizes of the network.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Runs the network over a batch: `[tokens, hidden]`, or `[sequences, hidden]` for [`Rows::First`].
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for an id or a length beyond what the model knows.
    pub fn forward(&self, batch: &Batch, rows: Rows) -> Result<Tensor> {
        self.check(batch)?;
        TOKENS_COMPUTED.fetch_add(batch.tokens() as u64, Ordering::Relaxed);
        let mut hidden = self.embeddings.forward(batch)?;
        let layers = match &self.layers {
            Layers::Int8(layers) => return layers.forward(&hidden, batch.lengths(), rows),
            Layers::Float(layers) => layers,
        };
        for layer in layers {
            hidden = layer.forward(&hidden, batch.lengths(), &self.config, &mut |_, _| Ok(()))?;
        }
        match rows {
            Rows::All => Ok(hidden),
            Rows::First => Ok(hidden.index_select(&Tensor::new(batch.starts(), &Device::Cpu)?, 0)?),
        }
    }

    /// Runs the f32 layers over a batch and shows `tap` every input of a matrix product, with its layer.
    pub(super) fn observe(
        &self,
        batch: &Batch,
        tap: &mut dyn FnMut(usize, &Layer, Input, &Tensor) -> Result<()>,
    ) -> Result<()> {
        self.check(batch)?;
        let Layers::Float(layers) = &self.layers else {
            return Err(Error::Internal("only the f32 layers can be observed".into()));
        };
        let mut hidden = self.embeddings.forward(batch)?;
        for (index, layer) in layers.iter().enumerate() {
            let tap = &mut |input: Input, values: &Tensor| tap(index, layer, input, values);
            hidden = layer.forward(&hidden, batch.lengths(), &self.config, tap)?;
        }
        Ok(())
    }

    fn check(&self, batch: &Batch) -> Result<()> {
        let over = |values: &[u32], limit: usize| values.iter().copied().find(|value| *value as usize >= limit);
        if let Some(id) = over(&batch.ids, self.config.vocabulary) {
            return Err(Error::InvalidInput(format!(
                "expected token ids below {}, found {id}; do the tokenizer and the model belong together?",
                self.config.vocabulary
            )));
        }
        if let Some(id) = over(&batch.type_ids, self.config.token_types) {
            return Err(Error::InvalidInput(format!(
                "expected segment ids below {}, found {id}; this model cannot read pairs",
                self.config.token_types
            )));
        }
        if let Some(length) = batch.lengths().iter().find(|length| **length > self.config.positions) {
            return Err(Error::InvalidInput(format!(
                "expected at most {} tokens in a sequence, found {length}",
                self.config.positions
            )));
        }
        Ok(())
    }
}
