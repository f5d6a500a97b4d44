//! Softmax attention over a ragged batch: `softmax(q · kᵀ / √d) · v` per sequence and head, nothing padded.
//!
//! Sequences lie one after the other in the rows of q, k and v. Per head, the keys are packed into panels of 8 (that is
//! kᵀ) and the values into panels of 8 dimensions; then four queries at a time go through the tile of
//! [`tile`](super::tile), the softmax, and the tile again. Keys, values and the four rows of scores of a 128-token
//! sequence take 20 KiB: first-level cache.
//!
//! Queries, keys, values and probabilities are 16-bit integers with exact sums ([`int16`](super::int16)); the softmax is
//! f32. With f32 products a sequence of 128 tokens took half as long again. The rounding (2⁻¹³ of the largest query or key,
//! 2⁻¹⁵ of the largest value) is far below that of the 8-bit linear layers around it.
//!
//! In Chromium 156 on a Xeon with AVX-VNNI, 12 heads of 32 dimensions: 0.67 ms for 128 tokens, of which the products are
//! 0.31, softmax and rounding its results 0.2, and the rest packing.

use super::activation::Exp2;
use super::int16;
use super::lanes::{Lanes, Native};
use super::softmax::exponentials;
use super::tile::{Tile, COLUMNS, ROWS};

/// The shape of an attention layer.
#[derive(Clone, Copy, Debug)]
pub struct Heads {
    /// How many heads.
    pub count: usize,
    /// Dimensions of each.
    pub dim: usize,
}

impl Heads {
    /// Values in a row of queries, keys, values or results.
    pub fn width(self) -> usize {
        self.count * self.dim
    }
}

/// Rows of a matrix that may lie within a wider one.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// From the first value of the first row on.
    pub values: &'a [f32],
    /// From one row to the next.
    pub stride: usize,
}

impl<'a> Rows<'a> {
    fn part(self, row: usize, first: usize, count: usize) -> &'a [f32] {
        &self.values[row * self.stride + first..][..count]
    }
}

/// Buffers of attention, reused from call to call.
#[derive(Clone, Debug, Default)]
pub struct AttentionScratch {
    /// Four rows of queries or of probabilities, interleaved.
    rows: Vec<u32>,
    keys: Vec<u32>,
    values: Vec<u32>,
    key_scales: Vec<f32>,
    value_scales: Vec<f32>,
    scores: Vec<f32>,
}

impl AttentionScratch {
    /// Bytes held.
    pub fn bytes(&self) -> usize {
        let words = [&self.rows, &self.keys, &self.values].map(Vec::capacity);
        let floats = [&self.key_scales, &self.value_scales, &self.scores].map(Vec::capacity);
        4 * words.iter().chain(&floats).sum::<usize>()
    }
}

/// Attention of every row: `qkv` is `[tokens, 3 · width]` (queries, keys and values side by side, as one matrix product
/// makes them), `out` is `[tokens, width]`; `lengths` are the tokens of each sequence.
///
/// # Panics
/// If the lengths do not add up to the rows of `qkv` and `out`.
pub fn attention(qkv: &[f32], lengths: &[usize], heads: Heads, scratch: &mut AttentionScratch, out: &mut [f32]) {
    let width = heads.width();
    let tokens: usize = lengths.iter().sum();
    assert!(qkv.len() == tokens * 3 * width && out.len() == tokens * width, "shape mismatch");
    let part = |index: usize| Rows { values: qkv.get(index * width..).unwrap_or(&[]), stride: 3 * width };
    let (q, k, v) = (part(0), part(1), part(2));
    run(q, k, v, lengths, |tokens| tokens, heads, scratch, out);
}

/// Attention of the first row of each sequence alone: `q` is `[sequences, width]`, `kv` is `[tokens, 2 · width]` (keys and
/// values side by side), `out` is `[sequences, width]`.
///
/// The results are those of [`attention`] for the same rows, to the bit.
///
/// # Panics
/// If the lengths do not match the rows of `q`, `kv` and `out`, or one is 0.
pub fn attention_first_row(
    q: &[f32],
    kv: &[f32],
    lengths: &[usize],
    heads: Heads,
    scratch: &mut AttentionScratch,
    out: &mut [f32],
) {
    let width = heads.width();
    let tokens: usize = lengths.iter().sum();
    assert!(kv.len() == tokens * 2 * width && !lengths.contains(&0), "shape mismatch");
    assert!(q.len() == lengths.len() * width && out.len() == q.len(), "shape mismatch");
    let part = |index: usize| Rows { values: kv.get(index * width..).unwrap_or(&[]), stride: 2 * width };
    let q = Rows { values: q, stride: width };
    run(q, part(0), part(1), lengths, |_| 1, heads, scratch, out);
}

#[allow(clippy::too_many_arguments)]
fn run(
    q: Rows,
    k: Rows,
    v: Rows,
    lengths: &[usize],
    queries: impl Fn(usize) -> usize,
    heads: Heads,
    scratch: &mut AttentionScratch,
    out: &mut [f32],
) {
    let (mut first_query, mut first_key) = (0, 0);
    for &keys in lengths.iter().filter(|keys| **keys > 0) {
        let span = Span { first_query, queries: queries(keys), first_key, keys };
        for head in 0..heads.count {
            let head = Head { span, offset: head * heads.dim, dim: heads.dim, width: heads.width() };
            head.attend::<Native>(q, k, v, scratch, out);
        }
        first_query += span.queries;
        first_key += keys;
    }
}

/// One sequence within the batch.
#[derive(Clone, Copy)]
struct Span {
    first_query: usize,
    queries: usize,
    first_key: usize,
    keys: usize,
}

/// One head of one sequence.
struct Head {
    span: Span,
    /// Where the head begins within a row.
    offset: usize,
    dim: usize,
    width: usize,
}

impl Head {
    fn attend<V: Lanes>(&self, q: Rows, k: Rows, v: Rows, scratch: &mut AttentionScratch, out: &mut [f32]) {
        let poison = self.pack_keys::<V>(k, scratch);
        self.pack_values::<V>(v, scratch);
        let exp2 = Exp2::new();
        for first in (0..self.span.queries).step_by(ROWS) {
            match self.span.queries - first {
                1 => self.attend_rows::<V, 1>(first, q, &exp2, poison, scratch, out),
                2 => self.attend_rows::<V, 2>(first, q, &exp2, poison, scratch, out),
                3 => self.attend_rows::<V, 3>(first, q, &exp2, poison, scratch, out),
                _ => self.attend_rows::<V, ROWS>(first, q, &exp2, poison, scratch, out),
            }
        }
    }

    /// Words of a row of queries or of keys.
    fn depth(&self) -> usize {
        self.dim.div_ceil(int16::GROUP)
    }

    /// Words of a row of probabilities, or of a column of values. Keys are padded to whole panels.
    fn padded_keys(&self) -> usize {
        self.span.keys.next_multiple_of(COLUMNS) / int16::GROUP
    }

    /// Panels of 8 keys over the dimensions of the head. Returns 0, or NaN if a key is not finite.
    fn pack_keys<V: Lanes>(&self, k: Rows, scratch: &mut AttentionScratch) -> f32 {
        let depth = self.depth();
        let panels = self.span.keys.div_ceil(COLUMNS);
        fill(&mut scratch.keys, panels * depth * COLUMNS, 0);
        fill(&mut scratch.key_scales, panels * COLUMNS, 0.0);
        let (limit, words) = (int16::limit(self.dim), scratch.keys.as_chunks_mut::<COLUMNS>().0);
        let mut poison = 0.0;
        for key in 0..self.span.keys {
            let row = k.part(self.span.first_key + key, self.offset, self.dim);
            let panel = &mut words[key / COLUMNS * depth..][..depth];
            let scale = int16::pack_row::<V, COLUMNS>(row, limit, panel, key % COLUMNS);
            scratch.key_scales[key] = scale;
            poison += 0.0 * scale;
        }
        poison
    }

    /// Panels of 8 dimensions over the keys.
    fn pack_values<V: Lanes>(&self, v: Rows, scratch: &mut AttentionScratch) {
        let panel_words = self.padded_keys() * COLUMNS;
        let panels = self.dim.div_ceil(COLUMNS);
        fill(&mut scratch.values, panels * panel_words, 0);
        fill(&mut scratch.value_scales, panels * COLUMNS, 0.0);
        for lane in (0..self.dim).step_by(4) {
            let width = 4.min(self.dim - lane);
            let part = |key: usize| {
                let row = v.part(self.span.first_key + key, self.offset + lane, width);
                <&[f32; 4]>::try_from(row).map_or_else(|_| V::load_partial(row, 0.0), V::load)
            };
            let panel = &mut scratch.values[lane / COLUMNS * panel_words..][..panel_words];
            let scales = int16::pack_columns(self.span.keys, part, &mut panel[lane % COLUMNS..]);
            scales.store(&mut scratch.value_scales.as_chunks_mut().0[lane / 4]);
        }
    }

    /// Rows `first .. first + R` of the sequence's queries.
    fn attend_rows<V: Lanes, const R: usize>(
        &self,
        first: usize,
        q: Rows,
        exp2: &Exp2<V>,
        poison: f32,
        scratch: &mut AttentionScratch,
        out: &mut [f32],
    ) {
        let keys = self.span.keys;
        let columns = keys.next_multiple_of(COLUMNS);
        let (depth, padded_keys) = (self.depth(), self.padded_keys());
        grow(&mut scratch.rows, depth.max(padded_keys) * R);
        grow(&mut scratch.scores, R * columns);
        // Base 2 all the way: 2^(x · log₂ e) saves a multiplication for every score.
        let base = std::f32::consts::LOG2_E / (self.dim as f32).sqrt();
        let limit = int16::limit(self.dim);

        let words = scratch.rows[..depth * R].as_chunks_mut::<R>().0;
        let row_scales: [f32; R] = std::array::from_fn(|r| {
            let row = q.part(self.span.first_query + first + r, self.offset, self.dim);
            base * int16::pack_row::<V, R>(row, limit, words, r)
        });
        let scores = &mut scratch.scores[..R * columns];
        let panels = scratch.keys.chunks_exact(depth * COLUMNS).zip(scratch.key_scales.as_chunks::<COLUMNS>().0);
        let mut tile = [[0; COLUMNS]; R];
        for (panel, (words, scales)) in panels.enumerate() {
            V::Words::compute(words, &scratch.rows[..depth * R], &mut tile);
            for ((sums, row), scale) in tile.iter().zip(scores.chunks_exact_mut(columns)).zip(row_scales) {
                scaled::<V>(sums, scale, scales, &mut row.as_chunks_mut().0[panel]);
            }
        }

        let words = scratch.rows[..padded_keys * R].as_chunks_mut::<R>().0;
        let mut rows = scores.chunks_exact_mut(columns).zip(row_scales);
        let row_scales: [f32; R] = std::array::from_fn(|r| {
            let Some((row, scale)) = rows.next() else { return 0.0 };
            row[keys..].fill(f32::NEG_INFINITY);
            let row = row.as_chunks_mut().0;
            let sum = exponentials(row, exp2) + 0.0 * scale + poison;
            1.0 / int16::pack_probabilities::<V, R>(row, sum, words, r)
        });
        let panels = scratch.values.chunks_exact(padded_keys * COLUMNS);
        for (panel, (words, scales)) in panels.zip(scratch.value_scales.as_chunks::<COLUMNS>().0).enumerate() {
            V::Words::compute(words, &scratch.rows[..padded_keys * R], &mut tile);
            for (r, (sums, scale)) in tile.iter().zip(row_scales).enumerate() {
                let row = &mut out[(self.span.first_query + first + r) * self.width + self.offset..][..self.dim];
                let (whole, tail) = row.as_chunks_mut::<COLUMNS>();
                if let Some(out) = whole.get_mut(panel) {
                    scaled::<V>(sums, scale, scales, out);
                } else {
                    let mut last = [0.0; COLUMNS];
                    scaled::<V>(sums, scale, scales, &mut last);
                    tail.copy_from_slice(&last[..tail.len()]);
                }
            }
        }
    }
}

/// `out = sums · (scale · scales)`: one row of a tile back in f32.
#[inline(always)]
fn scaled<V: Lanes>(sums: &[i32; COLUMNS], scale: f32, scales: &[f32; COLUMNS], out: &mut [f32; COLUMNS]) {
    for ((sums, scales), out) in sums.as_chunks().0.iter().zip(scales.as_chunks().0).zip(out.as_chunks_mut().0) {
        V::from_i32(sums).mul(V::splat(scale).mul(V::load(scales))).store(out);
    }
}

/// Sets the length and fills with `value`.
fn fill<T: Copy>(buffer: &mut Vec<T>, length: usize, value: T) {
    buffer.clear();
    buffer.resize(length, value);
}

/// Makes the length at least `length`.
fn grow<T: Copy + Default>(buffer: &mut Vec<T>, length: usize) {
    if buffer.len() < length {
        buffer.resize(length, T::default());
    }
}
