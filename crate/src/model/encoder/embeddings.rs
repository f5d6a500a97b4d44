//! The input embeddings: word + position + segment, then layer norm. ELECTRA's small models project them to the hidden
//! width.

use std::io::{Read, Seek};
use std::sync::Arc;

use candle_core::quantized::QTensor;
use candle_core::{Device, Module, Tensor};
use candle_nn::{LayerNorm, Linear};

use super::super::config::Config;
use super::super::weights::Weights;
use super::batch::Batch;
use super::float::{layer_norm, linear};
use crate::Result;

/// The embedding tables. The word table, half the parameters of a MiniLM, stays as it is stored; only the rows used are
/// widened to f32.
pub(super) struct Embeddings {
    words: Arc<QTensor>,
    positions: Tensor,
    types: Tensor,
    norm: LayerNorm,
    project: Option<Linear>,
}

impl Embeddings {
    pub(super) fn load<R: Read + Seek>(weights: &mut Weights<R>, config: &Config, words: Arc<QTensor>) -> Result<Self> {
        let width = config.embedding;
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

    /// `[tokens, hidden]`.
    pub(super) fn forward(&self, batch: &Batch) -> Result<Tensor> {
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
