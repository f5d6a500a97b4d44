//! The loops around the tile: a block of quantized rows times the panels of a layer, and the way back to f32.

use super::lanes::{Lanes, Native};
use super::linear::PackedLinear;
use super::quantize::RowScale;
use super::tile::{Tile, Work, COLUMNS, ROWS};

/// Eight columns of a layer.
pub(super) struct Panel<'a> {
    pub(super) weights: &'a [u32],
    pub(super) scales: &'a [f32; COLUMNS],
    pub(super) sums: &'a [i32; COLUMNS],
    pub(super) bias: &'a [f32; COLUMNS],
}

/// Quantized rows, the columns they are to be multiplied by, and where the results go.
pub(super) struct Block<'a> {
    pub(super) layer: &'a PackedLinear,
    /// The first column, which starts a panel.
    pub(super) first: usize,
    pub(super) columns: usize,
    /// The rows in tiles of four, interleaved; the last tile may have fewer.
    pub(super) words: &'a [u32],
    pub(super) rows: &'a [RowScale],
    /// `[rows, columns]`.
    pub(super) out: &'a mut [f32],
}

impl Work for Block<'_> {
    /// Each panel meets all rows before the next is touched: it stays in first-level cache.
    #[inline(always)]
    fn run<T: Tile>(self) {
        let row_words = self.words.len() / self.rows.len();
        let whole = self.rows.len() / ROWS * ROWS;
        let (words, last_words) = self.words.split_at(whole * row_words);
        let (rows, last_rows) = self.rows.as_chunks::<ROWS>();
        let (out, last_out) = self.out.split_at_mut(whole * self.columns);
        for column in (0..self.columns).step_by(COLUMNS) {
            let panel = self.layer.panel(self.first + column);
            let tiles = words.chunks_exact(ROWS * row_words).zip(out.chunks_exact_mut(ROWS * self.columns));
            for ((words, out), rows) in tiles.zip(rows) {
                panel.multiply::<T, ROWS>(words, rows, out, column);
            }
            match last_rows {
                [] => {}
                [a] => panel.multiply::<T, 1>(last_words, &[*a], last_out, column),
                [a, b] => panel.multiply::<T, 2>(last_words, &[*a, *b], last_out, column),
                [a, b, c, ..] => panel.multiply::<T, 3>(last_words, &[*a, *b, *c], last_out, column),
            }
        }
    }
}

impl Panel<'_> {
    /// One tile. `out` is `[R, columns of the layer]`, the panel's begin at `column`.
    #[inline(always)]
    fn multiply<T: Tile, const R: usize>(&self, words: &[u32], rows: &[RowScale; R], out: &mut [f32], column: usize) {
        let mut tile = [[0; COLUMNS]; R];
        T::compute(self.weights, words, &mut tile);
        let columns = out.len() / R;
        for ((acc, row), out) in tile.iter().zip(rows).zip(out.chunks_exact_mut(columns)) {
            // A copy of a length that is not constant is a call in V8, and costs as much as the rest of this loop: whole
            // panels are stored directly.
            match out[column..].first_chunk_mut() {
                Some(out) => self.dequantize::<Native>(acc, row, out),
                None => {
                    let mut result = [0.0; COLUMNS];
                    self.dequantize::<Native>(acc, row, &mut result);
                    out[column..].copy_from_slice(&result[..columns - column]);
                }
            }
        }
    }

    /// `(acc − zero point · sum) · (row scale · column scale) + bias`, in this order.
    #[inline(always)]
    fn dequantize<V: Lanes>(&self, acc: &[i32; COLUMNS], row: &RowScale, out: &mut [f32; COLUMNS]) {
        let halves = acc.as_chunks().0.iter().zip(self.sums.as_chunks().0);
        let columns = self.scales.as_chunks().0.iter().zip(self.bias.as_chunks().0);
        for (((acc, sums), (scales, bias)), out) in halves.zip(columns).zip(out.as_chunks_mut().0) {
            let factor = V::splat(row.scale).mul(V::load(scales));
            V::from_corrected(acc, row.zero_point, sums).mul(factor).add(V::load(bias)).store(out);
        }
    }
}
