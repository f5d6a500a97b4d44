//! A linear layer with int8 weights: `y = x · Wᵀ + b`.
//!
//! Weights are symmetric int8 with one scale per output column, packed once into panels of 8 columns. Activations are
//! quantized row by row to 7 bits as they come ([`quantize`](super::quantize)). With `x ≈ s · (q − z)` and
//! `w ≈ t · p`, a row and a column give
//!
//! ```text
//! y = s · t · (Σ q·p − z · Σ p) + b
//! ```
//!
//! where both sums are exact integers; `Σ p` is computed when packing.
//!
//! # Which operand gives up a bit
//! The relaxed dot product reads one operand as 0..=127. Fake-quantized in PyTorch with equalized outliers, least / mean
//! cosine of all-MiniLM-L6-v2 over 160 help-center passages, and Spearman of docsift-rerank-l6 with f32 over 20 queries:
//!
//! | weights | activations | cosine | Spearman |
//! |---|---|---|---|
//! | 8 bits | 8 bits | 0.9993 / 0.9995 | 0.9984 |
//! | **8 bits** | **7 bits** | 0.9982 / 0.9989 | 0.9966 |
//! | 7 bits | 8 bits | | 0.9959 |
//! | 7 bits | 7 bits | 0.9951 / 0.9978 | 0.9954 |
//!
//! So activations give it up. 7-bit weights would allow [`RelaxedDotPair`](Instructions), faster by a fifth on x86 without
//! AVX-VNNI, and slower than `RelaxedDotAdd` with it: not worth the bi-encoder's loss.
//!
//! # Outliers
//! A few columns of a transformer's activations are far larger than the rest and would set the scale of every row. With
//! an equalizer `e`, activations are divided by it and weights multiplied (SmoothQuant, Xiao et al. 2023,
//! arXiv:2211.10438): the product is the same and the range is shared between both operands.
//!
//! # Blocking
//! [`BLOCK_ROWS`] rows are quantized at a time (96 KiB at an inner dimension of 1536: second-level cache). Each panel
//! (12 KiB at 1536: first-level cache) then meets all rows of the block before the next is touched.

use crate::{Error, Result};

use super::block::{Block, Panel};
use super::instructions::{Instructions, WeightBits, WordLayout};
use super::lanes::Native;
use super::quantize::{quantize_rows, RowScale};
use super::tile::{COLUMNS, ROWS};

/// Rows quantized and multiplied at a time.
pub const BLOCK_ROWS: usize = 64;

/// The inner dimension is padded to a multiple of this: two groups of four, which
/// [`RelaxedDotPair`](Instructions) takes at once.
const DEPTH_STEP: usize = 8;

/// The largest inner dimension for which a sum of 127 · 127 products stays within i32, zero point correction included.
const MAX_DEPTH: usize = 65_536;

/// The weights, scales and bias of one linear layer, packed for the tiles.
#[derive(Clone, Debug)]
pub struct PackedLinear {
    inputs: usize,
    outputs: usize,
    layout: WordLayout,
    bits: WeightBits,
    /// Panel after panel: for each group of the inner dimension, one word for each of 8 columns.
    panels: Vec<u32>,
    /// Words of one panel.
    panel_words: usize,
    /// One value of each per column, padded with zeros to whole panels.
    scales: Vec<f32>,
    sums: Vec<i32>,
    bias: Vec<f32>,
    /// What activations are multiplied by before they are quantized: 1 / equalizer.
    multiplier: Vec<f32>,
}

/// Buffers of a linear layer, reused from call to call.
#[derive(Clone, Debug, Default)]
pub struct LinearScratch {
    activations: Vec<u32>,
    rows: Vec<RowScale>,
}

impl LinearScratch {
    /// Bytes held.
    pub fn bytes(&self) -> usize {
        4 * self.activations.capacity() + size_of::<RowScale>() * self.rows.capacity()
    }
}

impl PackedLinear {
    /// Quantizes and packs `weight` (`[outputs, inputs]`, row-major) for the instructions in use.
    ///
    /// An empty `bias` stands for zeros. With an `equalizer` (one positive factor per input), column `i` of the weights
    /// is multiplied by `equalizer[i]` before it is quantized, and activations are divided by it when the layer runs.
    ///
    /// # Errors
    /// `InvalidModel` if a length does not match the dimensions, a dimension is 0 or too large, a weight or bias is not
    /// finite, or an equalizer is not positive.
    pub fn pack(
        weight: &[f32],
        outputs: usize,
        inputs: usize,
        bias: &[f32],
        equalizer: Option<&[f32]>,
        bits: WeightBits,
    ) -> Result<Self> {
        Self::pack_as(Instructions::active(bits).layout(), weight, outputs, inputs, bias, equalizer, bits)
    }

    /// [`pack`](Self::pack) for a given layout: for comparing the implementations.
    ///
    /// # Errors
    /// Those of [`pack`](Self::pack).
    pub fn pack_as(
        layout: WordLayout,
        weight: &[f32],
        outputs: usize,
        inputs: usize,
        bias: &[f32],
        equalizer: Option<&[f32]>,
        bits: WeightBits,
    ) -> Result<Self> {
        let mut packed = Self::empty(layout, weight.len(), outputs, inputs, bias, equalizer, bits)?;
        let limit = f32::from(bits.limit());
        let mut row = vec![0i8; inputs];
        for (column, weight) in weight.chunks_exact(inputs).enumerate() {
            let scaled = |i: usize| weight[i] * equalizer.map_or(1.0, |e| e[i]);
            let greatest = (0..inputs).map(|i| scaled(i).abs()).fold(0.0, f32::max);
            if !greatest.is_finite() || weight.iter().any(|w| w.is_nan()) {
                return Err(Error::InvalidModel(format!("row {column} of a weight matrix is not finite")));
            }
            let scale = greatest / limit;
            let inverse = if scale >= f32::MIN_POSITIVE { 1.0 / scale } else { 0.0 };
            for (i, q) in row.iter_mut().enumerate() {
                *q = (scaled(i) * inverse).round_ties_even().clamp(-limit, limit) as i8;
            }
            packed.set_column(column, &row, scale);
        }
        Ok(packed)
    }

    /// Checks the dimensions and allocates panels of zeros.
    fn empty(
        layout: WordLayout,
        weights: usize,
        outputs: usize,
        inputs: usize,
        bias: &[f32],
        equalizer: Option<&[f32]>,
        bits: WeightBits,
    ) -> Result<Self> {
        if inputs == 0 || outputs == 0 || inputs > MAX_DEPTH {
            return Err(Error::InvalidModel(format!(
                "found a linear layer of {outputs} outputs and {inputs} inputs, expected 1 to {MAX_DEPTH} inputs"
            )));
        }
        expect_length("weights", weights, outputs * inputs)?;
        if !bias.is_empty() {
            expect_length("bias", bias.len(), outputs)?;
        }
        if let Some(value) = bias.iter().find(|value| !value.is_finite()) {
            return Err(Error::InvalidModel(format!("found a bias of {value}, expected a finite number")));
        }
        let mut multiplier = vec![1.0; inputs];
        if let Some(equalizer) = equalizer {
            expect_length("equalizer", equalizer.len(), inputs)?;
            for (multiplier, factor) in multiplier.iter_mut().zip(equalizer) {
                *multiplier = 1.0 / factor;
                if !(factor.is_finite() && multiplier.is_finite() && *factor > 0.0) {
                    return Err(Error::InvalidModel(format!("found an equalizer of {factor}, expected a number > 0")));
                }
            }
        }
        let columns = outputs.next_multiple_of(COLUMNS);
        let panel_words = layout.words(inputs.next_multiple_of(DEPTH_STEP)) * COLUMNS;
        let mut padded_bias = vec![0.0; columns];
        padded_bias[..bias.len()].copy_from_slice(bias);
        Ok(Self {
            inputs,
            outputs,
            layout,
            bits,
            panels: vec![0; panel_words * (columns / COLUMNS)],
            panel_words,
            scales: vec![0.0; columns],
            sums: vec![0; columns],
            bias: padded_bias,
            multiplier,
        })
    }

    fn set_column(&mut self, column: usize, weights: &[i8], scale: f32) {
        let panel = &mut self.panels[column / COLUMNS * self.panel_words..][..self.panel_words];
        let words = panel.iter_mut().skip(column % COLUMNS).step_by(COLUMNS);
        match self.layout {
            WordLayout::Bytes => words.zip(weights.chunks(4)).for_each(|(word, weights)| {
                *word = (0..).zip(weights).fold(0, |word, (i, w)| word | u32::from(*w as u8) << (8 * i));
            }),
            WordLayout::Words => words.zip(weights.chunks(2)).for_each(|(word, weights)| {
                *word = (0..).zip(weights).fold(0, |word, (i, w)| word | u32::from(i16::from(*w) as u16) << (16 * i));
            }),
        }
        self.scales[column] = scale;
        self.sums[column] = weights.iter().map(|w| i32::from(*w)).sum();
    }

    /// Length of a row of activations.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Length of a row of results.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        4 * (self.panels.len() + 3 * self.scales.len() + self.multiplier.len())
    }

    /// Computes `rows` rows: `x` is `[rows, inputs]`, `out` is `[rows, outputs]`.
    ///
    /// A row of `x` that holds a NaN or an infinity becomes a row of NaN; other rows are not touched by it.
    ///
    /// # Panics
    /// If `x` or `out` is not of that length.
    pub fn forward(&self, x: &[f32], out: &mut [f32], scratch: &mut LinearScratch) {
        self.forward_columns(0, self.outputs, x, out, scratch);
    }

    /// Computes only outputs `first .. first + columns`: `out` is `[rows, columns]`.
    ///
    /// For a layer that holds query, key and value projections side by side, of which not all are wanted.
    ///
    /// # Panics
    /// If `first` is not a multiple of 8, the columns are not all there, or `x` or `out` is not of that length.
    pub fn forward_columns(
        &self,
        first: usize,
        columns: usize,
        x: &[f32],
        out: &mut [f32],
        scratch: &mut LinearScratch,
    ) {
        self.forward_with(Instructions::active(self.bits), first, columns, x, out, scratch);
    }

    /// [`forward_columns`](Self::forward_columns) with given instructions: for comparing the implementations.
    ///
    /// # Panics
    /// Those of [`forward_columns`](Self::forward_columns), and if the instructions need another layout or bit width.
    pub fn forward_with(
        &self,
        instructions: Instructions,
        first: usize,
        columns: usize,
        x: &[f32],
        out: &mut [f32],
        scratch: &mut LinearScratch,
    ) {
        assert!(
            first.is_multiple_of(COLUMNS) && columns > 0 && first + columns <= self.outputs,
            "columns out of range"
        );
        assert!(x.len().is_multiple_of(self.inputs) && x.len() / self.inputs * columns == out.len(), "shape mismatch");
        assert!(instructions.layout() == self.layout, "weights are packed for other instructions");
        assert!(instructions.takes_eight_bits() || self.bits == WeightBits::Seven, "weights use eight bits");
        for (x, out) in x.chunks(BLOCK_ROWS * self.inputs).zip(out.chunks_mut(BLOCK_ROWS * columns)) {
            let rows = self.quantize(x, scratch);
            let words = &scratch.activations[..rows * self.panel_words / COLUMNS];
            instructions.run(Block { layer: self, first, columns, words, rows: &scratch.rows, out });
        }
    }

    /// Quantizes up to [`BLOCK_ROWS`] rows into the scratch buffers. Returns how many.
    fn quantize(&self, x: &[f32], scratch: &mut LinearScratch) -> usize {
        let row_words = self.panel_words / COLUMNS;
        let rows = x.len() / self.inputs;
        // Only ever longer: every word that is read was written for this block.
        if scratch.activations.len() < rows * row_words {
            scratch.activations.resize(rows * row_words, 0);
        }
        scratch.rows.clear();
        let tiles = x.chunks(ROWS * self.inputs).zip(scratch.activations.chunks_mut(ROWS * row_words));
        for (x, words) in tiles {
            match x.len() / self.inputs {
                1 => self.quantize_tile::<1>(x, words, &mut scratch.rows),
                2 => self.quantize_tile::<2>(x, words, &mut scratch.rows),
                3 => self.quantize_tile::<3>(x, words, &mut scratch.rows),
                _ => self.quantize_tile::<ROWS>(x, words, &mut scratch.rows),
            }
        }
        rows
    }

    fn quantize_tile<const R: usize>(&self, x: &[f32], words: &mut [u32], rows: &mut Vec<RowScale>) {
        let words = &mut words[..R * self.panel_words / COLUMNS];
        rows.extend(quantize_rows::<Native, R>(self.layout, x, &self.multiplier, words));
    }

    /// Columns `column .. column + 8`, which start a panel.
    pub(super) fn panel(&self, column: usize) -> Panel<'_> {
        let panel = column / COLUMNS;
        Panel {
            weights: &self.panels[panel * self.panel_words..][..self.panel_words],
            scales: &self.scales.as_chunks().0[panel],
            sums: &self.sums.as_chunks().0[panel],
            bias: &self.bias.as_chunks().0[panel],
        }
    }
}

fn expect_length(what: &str, found: usize, expected: usize) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(Error::InvalidModel(format!("found {found} {what} for a linear layer, expected {expected}")))
}
