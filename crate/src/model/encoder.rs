//! The transformer trunk over a ragged batch: sequences of any lengths, concatenated without padding.
//!
//! Linear layers work row by row, so the whole batch is one `[tokens, hidden]` matrix; only attention sees where one
//! sequence ends. Reference: `BertModel` and `ElectraModel` of transformers (erf-GELU, post-layer-norm).

use std::io::{Read, Seek};
use std::sync::Arc;

use candle_core::quantized::QTensor;
use candle_core::{Device, Module, Tensor};
use candle_nn::{LayerNorm, Linear};

use super::config::Config;
use super::weights::Weights;
use crate::text::tokenizer::Encoding;
use crate::{Error, Result};

/// How the linear layers are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// 32-bit floats, by candle.
    F32,
}

/// Sequences laid end to end.
#[derive(Debug, Default, Clone)]
pub struct Batch {
    ids: Vec<u32>,
    type_ids: Vec<u32>,
    positions: Vec<u32>,
    lengths: Vec<usize>,
}

impl Batch {
    /// Appends one sequence.
    pub fn push(&mut self, encoding: &Encoding) {
        self.ids.extend(&encoding.ids);
        self.type_ids.extend(&encoding.type_ids);
        self.positions.extend(0..encoding.ids.len() as u32);
        self.lengths.push(encoding.ids.len());
    }

    /// Tokens of each sequence.
    pub fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    /// Tokens in all.
    pub fn tokens(&self) -> usize {
        self.ids.len()
    }

    /// Splits encodings into batches of at most `max_tokens` (or of one longer sequence), in order.
    pub fn split(encodings: &[Encoding], max_tokens: usize) -> Vec<Batch> {
        let mut batches: Vec<Batch> = Vec::new();
        for encoding in encodings {
            match batches.last_mut() {
                Some(batch) if batch.tokens() + encoding.ids.len() <= max_tokens => batch.push(encoding),
                _ => {
                    let mut batch = Batch::default();
                    batch.push(encoding);
                    batches.push(batch);
                }
            }
        }
        batches
    }
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
    layers: Vec<Layer>,
}

struct Embeddings {
    words: Arc<QTensor>,
    positions: Tensor,
    types: Tensor,
    norm: LayerNorm,
    project: Option<Linear>,
}

struct Layer {
    query: Linear,
    key: Linear,
    value: Linear,
    attention_output: Linear,
    attention_norm: LayerNorm,
    up: Linear,
    down: Linear,
    output_norm: LayerNorm,
}

/// Reads a linear layer: weight `[outputs, inputs]`, bias `[outputs]`.
pub(super) fn linear<R: Read + Seek>(
    weights: &mut Weights<R>,
    name: &str,
    outputs: usize,
    inputs: usize,
) -> Result<Linear> {
    let weight = weights.dense(&format!("{name}.weight"), &[outputs, inputs])?;
    let bias = weights.dense(&format!("{name}.bias"), &[outputs])?;
    Ok(Linear::new(weight, Some(bias)))
}

fn layer_norm<R: Read + Seek>(weights: &mut Weights<R>, name: &str, width: usize) -> Result<LayerNorm> {
    let weight = weights.dense(&format!("{name}.weight"), &[width])?;
    let bias = weights.dense(&format!("{name}.bias"), &[width])?;
    Ok(LayerNorm::new(weight, bias, weights.config().layer_norm_eps))
}

impl Encoder {
    /// Reads the trunk, tensor by tensor. Where `shared` is a word-embedding table with the same bytes as this
    /// model's, it is kept in place of a second copy.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] if a tensor is missing or of another shape than the config says.
    pub fn load<R: Read + Seek>(
        weights: &mut Weights<R>,
        _precision: Precision,
        shared: Option<&Arc<QTensor>>,
    ) -> Result<Self> {
        let config = weights.config().clone();
        let embeddings = Embeddings::load(weights, &config, shared)?;
        let layers = (0..config.layers).map(|index| Layer::load(weights, &config, index)).collect::<Result<_>>()?;
        Ok(Self { config, embeddings, layers })
    }

    /// The sizes of the network.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The word-embedding table, for another model to share.
    pub fn words(&self) -> &Arc<QTensor> {
        &self.embeddings.words
    }

    /// Runs the network over a batch: `[tokens, hidden]`, or `[sequences, hidden]` for [`Rows::First`].
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for an id or a length beyond what the model knows.
    pub fn forward(&self, batch: &Batch, rows: Rows) -> Result<Tensor> {
        self.check(batch)?;
        let mut hidden = self.embeddings.forward(batch)?;
        for layer in &self.layers {
            hidden = layer.forward(&hidden, batch.lengths(), &self.config)?;
        }
        match rows {
            Rows::All => Ok(hidden),
            Rows::First => {
                let starts = batch.lengths().iter().scan(0u32, |next, length| {
                    let start = *next;
                    *next += *length as u32;
                    Some(start)
                });
                let starts: Vec<u32> = starts.collect();
                Ok(hidden.index_select(&Tensor::new(starts, &Device::Cpu)?, 0)?)
            }
        }
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
        if let Some(length) = batch.lengths.iter().find(|length| **length > self.config.positions) {
            return Err(Error::InvalidInput(format!(
                "expected at most {} tokens in a sequence, found {length}",
                self.config.positions
            )));
        }
        Ok(())
    }
}

impl Embeddings {
    fn load<R: Read + Seek>(weights: &mut Weights<R>, config: &Config, shared: Option<&Arc<QTensor>>) -> Result<Self> {
        let width = config.embedding;
        let words = weights.stored("token_embd.weight", &[config.vocabulary, width])?;
        let words = match shared {
            Some(shared) if same(shared, &words)? => Arc::clone(shared),
            _ => Arc::new(words),
        };
        let project = (width != config.hidden)
            .then(|| linear(weights, "token_embd_project", config.hidden, width))
            .transpose()?;
        Ok(Self {
            words,
            positions: weights.dense("position_embd.weight", &[config.positions, width])?,
            types: weights.dense("token_types.weight", &[config.token_types, width])?,
            norm: layer_norm(weights, "token_embd_norm", width)?,
            project,
        })
    }

    fn forward(&self, batch: &Batch) -> Result<Tensor> {
        let rows = |ids: &[u32]| Tensor::new(ids, &Device::Cpu);
        let words = self.words.embedding(&rows(&batch.ids)?)?;
        let positions = self.positions.index_select(&rows(&batch.positions)?, 0)?;
        let types = self.types.index_select(&rows(&batch.type_ids)?, 0)?;
        let normed = self.norm.forward(&((words + types)? + positions)?)?;
        Ok(match &self.project {
            Some(project) => project.forward(&normed)?,
            None => normed,
        })
    }
}

fn same(a: &QTensor, b: &QTensor) -> Result<bool> {
    Ok(a.shape() == b.shape() && a.dtype() == b.dtype() && a.data()? == b.data()?)
}

impl Layer {
    fn load<R: Read + Seek>(weights: &mut Weights<R>, config: &Config, index: usize) -> Result<Self> {
        let (hidden, wide) = (config.hidden, config.intermediate);
        let name = |part: &str| format!("blk.{index}.{part}");
        Ok(Self {
            query: linear(weights, &name("attn_q"), hidden, hidden)?,
            key: linear(weights, &name("attn_k"), hidden, hidden)?,
            value: linear(weights, &name("attn_v"), hidden, hidden)?,
            attention_output: linear(weights, &name("attn_output"), hidden, hidden)?,
            attention_norm: layer_norm(weights, &name("attn_output_norm"), hidden)?,
            up: linear(weights, &name("ffn_up"), wide, hidden)?,
            down: linear(weights, &name("ffn_down"), hidden, wide)?,
            output_norm: layer_norm(weights, &name("layer_output_norm"), hidden)?,
        })
    }

    fn forward(&self, hidden: &Tensor, lengths: &[usize], config: &Config) -> Result<Tensor> {
        let query = self.query.forward(hidden)?;
        let key = self.key.forward(hidden)?;
        let value = self.value.forward(hidden)?;
        let mut contexts = Vec::with_capacity(lengths.len());
        let mut start = 0;
        for &length in lengths {
            let heads = |tensor: &Tensor| -> candle_core::Result<Tensor> {
                let part = tensor.narrow(0, start, length)?;
                part.reshape((length, config.heads, config.head_dim()))?.transpose(0, 1)?.contiguous()
            };
            let scale = 1.0 / (config.head_dim() as f64).sqrt();
            let scores = (heads(&query)?.matmul(&heads(&key)?.t()?)? * scale)?;
            let mixed = candle_nn::ops::softmax_last_dim(&scores)?.matmul(&heads(&value)?)?;
            contexts.push(mixed.transpose(0, 1)?.contiguous()?.reshape((length, config.hidden))?);
            start += length;
        }
        let context = self.attention_output.forward(&Tensor::cat(&contexts, 0)?)?;
        let attended = self.attention_norm.forward(&(context + hidden)?)?;
        let widened = self.up.forward(&attended)?.gelu_erf()?;
        Ok(self.output_norm.forward(&(self.down.forward(&widened)? + attended)?)?)
    }
}
