//! The transformer layers in 32-bit floats, by candle's own operations: the yardstick for the int8 layers, and the way
//! to run models whose answers must match PyTorch's to four digits.

use std::io::{Read, Seek};

use candle_core::{Module, Tensor};
use candle_nn::{LayerNorm, Linear};

use super::super::config::Config;
use super::super::weights::Weights;
use crate::Result;

/// The inputs of a layer's matrix products: what the int8 layers quantize.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::model) enum Input {
    /// Of the query, key and value projections.
    Attention,
    /// Of the projection after attention.
    AttentionOutput,
    /// Of the widening layer.
    Up,
    /// Of the narrowing layer.
    Down,
}

impl Input {
    /// All four, in the order they are met.
    pub(in crate::model) const ALL: [Input; 4] = [Input::Attention, Input::AttentionOutput, Input::Up, Input::Down];

    /// llama.cpp's name of the layer that reads it.
    pub(in crate::model) fn name(self) -> &'static str {
        match self {
            Input::Attention => "attn_qkv",
            Input::AttentionOutput => "attn_output",
            Input::Up => "ffn_up",
            Input::Down => "ffn_down",
        }
    }

    /// llama.cpp's names of the linear layers that read it.
    pub(in crate::model) fn readers(self) -> &'static [&'static str] {
        match self {
            Input::Attention => &["attn_q", "attn_k", "attn_v"],
            Input::AttentionOutput => &["attn_output"],
            Input::Up => &["ffn_up"],
            Input::Down => &["ffn_down"],
        }
    }
}

/// Shown every input of a layer's matrix products.
pub(in crate::model) type Tap<'a> = &'a mut dyn FnMut(Input, &Tensor) -> Result<()>;

/// One transformer layer.
pub(in crate::model) struct Layer {
    query: Linear,
    key: Linear,
    value: Linear,
    attention_output: Linear,
    pub(super) attention_norm: LayerNorm,
    up: Linear,
    down: Linear,
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

    /// The linear layers that read an input.
    pub(in crate::model) fn readers(&self, input: Input) -> Vec<&Linear> {
        match input {
            Input::Attention => vec![&self.query, &self.key, &self.value],
            Input::AttentionOutput => vec![&self.attention_output],
            Input::Up => vec![&self.up],
            Input::Down => vec![&self.down],
        }
    }

    /// `[tokens, hidden]` to the same.
    pub(super) fn forward(&self, hidden: &Tensor, lengths: &[usize], config: &Config, tap: Tap) -> Result<Tensor> {
        tap(Input::Attention, hidden)?;
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
        let context = Tensor::cat(&contexts, 0)?;
        tap(Input::AttentionOutput, &context)?;
        let context = self.attention_output.forward(&context)?;
        let attended = self.attention_norm.forward(&(context + hidden)?)?;
        tap(Input::Up, &attended)?;
        let widened = self.up.forward(&attended)?.gelu_erf()?;
        tap(Input::Down, &widened)?;
        Ok(self.output_norm.forward(&(self.down.forward(&widened)? + attended)?)?)
    }
}
