//! The transformer layers on the packed int8 kernels: query, key and value in one product, one arena for every buffer.
//!
//! The result of a row depends on that row's sequence alone, so neither the batch it came in nor the number of workers
//! changes a bit of it.

use std::cell::RefCell;

use candle_core::{CpuStorage, CustomOp1, Layout, Shape, Tensor};
use candle_nn::{LayerNorm, Linear};

use super::super::config::Config;
use super::float::{Input, Layer};
use super::Rows;
use crate::kernel::attention::Heads;
use crate::kernel::{add_layer_norm, attention, attention_first_row, feed_forward, Arena, PackedLinear, WeightBits};
use crate::Result;

/// The layers of a model and the buffers they run in.
pub(super) struct Int8Layers {
    layers: Vec<PackedLayer>,
    heads: Heads,
    intermediate: usize,
    /// Kept warm between calls; a forward pass never runs inside another.
    arena: RefCell<Arena>,
}

/// One run of the layers over a batch, as candle calls it.
struct Pass<'a> {
    layers: &'a Int8Layers,
    lengths: &'a [usize],
    rows: Rows,
}

impl CustomOp1 for Pass<'_> {
    fn name(&self) -> &'static str {
        "int8-transformer"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> candle_core::Result<(CpuStorage, Shape)> {
        let width = self.layers.heads.width();
        let tokens: usize = self.lengths.iter().sum();
        let (Some((start, end)), true) = (layout.contiguous_offsets(), layout.dims() == [tokens, width]) else {
            candle_core::bail!("expected a contiguous [{tokens}, {width}] tensor, found {layout:?}");
        };
        let arena = &mut *self.layers.arena.borrow_mut();
        self.layers.run(&storage.as_slice::<f32>()?[start..end], self.lengths, self.rows, arena);
        let rows = arena.hidden.len() / width;
        Ok((CpuStorage::F32(arena.hidden.clone()), Shape::from((rows, width))))
    }
}

/// One transformer layer.
pub(super) struct PackedLayer {
    /// Query, key and value projections side by side: `[3 · hidden, hidden]`.
    qkv: PackedLinear,
    attention_output: PackedLinear,
    attention_norm: Norm,
    up: PackedLinear,
    down: PackedLinear,
    output_norm: Norm,
}

struct Norm {
    gain: Vec<f32>,
    bias: Vec<f32>,
    epsilon: f32,
}

impl Norm {
    fn new(norm: &LayerNorm, epsilon: f64) -> Result<Self> {
        let bias = match norm.bias() {
            Some(bias) => bias.to_vec1()?,
            None => vec![0.0; norm.weight().elem_count()],
        };
        Ok(Self { gain: norm.weight().to_vec1()?, bias, epsilon: epsilon as f32 })
    }

    /// `x = norm(x + residual)` for every row.
    fn add(&self, x: &mut [f32], residual: &[f32]) {
        add_layer_norm(x, residual, &self.gain, &self.bias, self.epsilon);
    }
}

/// Packs the linear layers that read the same input side by side.
fn pack(parts: &[&Linear], equalizer: Option<&[f32]>) -> Result<PackedLinear> {
    let weights: Vec<&Tensor> = parts.iter().map(|part| part.weight()).collect();
    let (outputs, inputs) = weights
        .iter()
        .try_fold((0, 0), |(outputs, _), weight| weight.dims2().map(|(rows, columns)| (outputs + rows, columns)))?;
    let weight = Tensor::cat(&weights, 0)?.flatten_all()?.to_vec1::<f32>()?;
    let mut bias = Vec::with_capacity(outputs);
    for part in parts {
        if let Some(values) = part.bias() {
            bias.extend(values.to_vec1::<f32>()?);
        }
    }
    PackedLinear::pack(&weight, outputs, inputs, &bias, equalizer, WeightBits::Eight)
}

impl PackedLayer {
    /// Packs a layer; the f32 form can be dropped afterwards. `equalizer` gives the factors of an input, if there are
    /// any: see [`crate::kernel::linear`].
    pub(super) fn pack(layer: &Layer, epsilon: f64, equalizer: impl Fn(Input) -> Option<Vec<f32>>) -> Result<Self> {
        let pack = |input| pack(&layer.readers(input), equalizer(input).as_deref());
        Ok(Self {
            qkv: pack(Input::Attention)?,
            attention_output: pack(Input::AttentionOutput)?,
            attention_norm: Norm::new(&layer.attention_norm, epsilon)?,
            up: pack(Input::Up)?,
            down: pack(Input::Down)?,
            output_norm: Norm::new(&layer.output_norm, epsilon)?,
        })
    }
}

impl Int8Layers {
    /// `layers` are at least one: see [`Config`].
    pub(super) fn new(layers: Vec<PackedLayer>, config: &Config) -> Self {
        let heads = Heads { count: config.heads, dim: config.head_dim() };
        Self { layers, heads, intermediate: config.intermediate, arena: RefCell::default() }
    }

    /// `[tokens, hidden]` embeddings to `[tokens, hidden]`, or to `[sequences, hidden]` for [`Rows::First`].
    pub(super) fn forward(&self, embedded: &Tensor, lengths: &[usize], rows: Rows) -> Result<Tensor> {
        Ok(embedded.apply_op1_no_bwd(&Pass { layers: self, lengths, rows })?)
    }

    /// The states wanted, in `arena.hidden`.
    fn run(&self, embedded: &[f32], lengths: &[usize], rows: Rows, arena: &mut Arena) {
        let width = self.heads.width();
        arena.reserve(embedded.len() / width, width, self.intermediate);
        arena.hidden.copy_from_slice(embedded);
        let last = self.layers.len() - 1;
        for layer in &self.layers[..last] {
            self.layer(layer, lengths, arena);
        }
        match rows {
            Rows::All => self.layer(&self.layers[last], lengths, arena),
            Rows::First => self.last_layer_first_rows(&self.layers[last], lengths, arena),
        }
    }

    fn layer(&self, layer: &PackedLayer, lengths: &[usize], arena: &mut Arena) {
        let Arena { hidden, update, qkv, context, attention: scratch, linear, .. } = arena;
        layer.qkv.forward(hidden, qkv, linear);
        attention(qkv, lengths, self.heads, scratch, context);
        layer.attention_output.forward(context, update, linear);
        layer.attention_norm.add(update, hidden);
        std::mem::swap(hidden, update);
        Self::feed_forward(layer, arena);
    }

    /// The part of a layer after attention; `arena.hidden` in and out.
    fn feed_forward(layer: &PackedLayer, arena: &mut Arena) {
        let Arena { hidden, update, intermediate, linear, .. } = arena;
        feed_forward(&layer.up, &layer.down, hidden, update, intermediate, linear);
        layer.output_norm.add(update, hidden);
        std::mem::swap(hidden, update);
    }

    /// Only the first row of each sequence is wanted of the last layer: past its keys and values nothing else is
    /// computed. Exact: the rows are those of [`Int8Layers::layer`], to the bit.
    fn last_layer_first_rows(&self, layer: &PackedLayer, lengths: &[usize], arena: &mut Arena) {
        let width = self.heads.width();
        let sequences = lengths.len();
        let tokens: usize = lengths.iter().sum();
        let Arena { hidden, update, qkv, context, attention: scratch, linear, .. } = arena;
        layer.qkv.forward_columns(width, 2 * width, hidden, &mut qkv[..tokens * 2 * width], linear);
        let mut start = 0;
        for (sequence, length) in lengths.iter().enumerate() {
            hidden.copy_within(start * width..(start + 1) * width, sequence * width);
            start += length;
        }
        for buffer in [&mut *hidden, update, context] {
            buffer.truncate(sequences * width);
        }
        let (key_value, query) = qkv.split_at_mut(tokens * 2 * width);
        let query = &mut query[..sequences * width];
        layer.qkv.forward_columns(0, width, hidden, query, linear);
        attention_first_row(query, key_value, lengths, self.heads, scratch, context);
        layer.attention_output.forward(context, update, linear);
        layer.attention_norm.add(update, hidden);
        std::mem::swap(hidden, update);
        Self::feed_forward(layer, arena);
    }
}
