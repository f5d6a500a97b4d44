//! The transformer layers in 32-bit floats, by candle's own operations: the yardstick for the int8 layers, and the way
//! to run models whose answers must match PyTorch's to four digits.

use std::io::{Read, Seek};

use candle_core::{Module, Tensor};
use candle_nn::{LayerNorm, Linear};

use super::super::config::Config;
use super::super::weights::Weights;
use crate::Result;

/// One transformer layer.
pub(super) struct Layer {
    pub(super) query: Linear,
    pub(super) key: Linear,
    pub(super) value: Linear,
    pub(super) attention_output: Linear,
    pub(super) attention_norm: LayerNorm,
    pub(super) up: Linear,
    pub(super) down: Linear,
    pub(super) output_norm: LayerNorm,
}

/// Reads a linear layer: weight `[outputs, inputs]`, bias `[outputs]`.
pub(in crate::model) fn linear<R: Read + Seek>(
    weights: &mut Weights<R>,
    name: &str,
    outputs: usize,
    inputs: usize,
) -> Result<Linear> {
    let weight = weights.dense(&format!("{name}.weight"), &[outputs, inputs])?;
    let bias = weights.dense(&format!("{name}.bias"), &[outputs])?;
    Ok(Linear::new(weight, Some(bias)))
}

pub(super) fn layer_norm<R: Read + Seek>(weights: &mut Weights<R>, name: &str, width: usize) -> Result<LayerNorm> {
    let weight = weights.dense(&format!("{name}.weight"), &[width])?;
    let bias = weights.dense(&format!("{name}.bias"), &[width])?;
    Ok(LayerNorm::new(weight, bias, weights.config().layer_norm_eps))
}

impl Layer {
    pub(super) fn load<R: Read + Seek>(weights: &mut Weights<R>, config: &Config, index: usize) -> Result<Self> {
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

    /// `[tokens, hidden]` to the same.
    pub(super) fn forward(&self, hidden: &Tensor, lengths: &[usize], config: &Config) -> Result<Tensor> {
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
