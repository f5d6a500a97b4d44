//! Activations from f32 to unsigned 7-bit integers, one scale and zero point per row.
//!
//! `x ≈ scale · (q − zero_point)` with q and the zero point in 0..=127, the range that the relaxed dot product reads the
//! same on every CPU. The range of a row always includes 0, so 0 is exact. The error of a value is at most `scale / 2`,
//! and `scale = (greatest − least) / 127`.

use super::lanes::{Lanes, ROUNDER};
use super::tile::WordLayout;

/// The greatest quantized activation.
pub const LEVELS: f32 = 127.0;

/// How a row was quantized.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RowScale {
    /// The step between two levels.
    pub scale: f32,
    /// The level of 0.0.
    pub zero_point: i32,
}

/// Quantizes `x · multiplier` into every `rows`-th word of `words`, from word `row` on: the interleaved layout of
/// [`tile`](super::tile).
///
/// `words` holds `rows` words for every group of the padded length; padding is quantized like 0.0. Rounding is to
/// nearest, halves to even. A row whose range is below 127 · 1.2e-38 is taken as zeros. A row that holds a NaN or an
/// infinity gets the scale NaN, so that every result computed from it is NaN.
///
/// # Panics
/// If `multiplier` is shorter than `x`, or `words` than the row.
pub fn quantize_row<V: Lanes>(
    layout: WordLayout,
    x: &[f32],
    multiplier: &[f32],
    words: &mut [u32],
    rows: usize,
    row: usize,
) -> RowScale {
    let multiplier = &multiplier[..x.len()];
    let (least, greatest, poison) = range::<V>(x, multiplier);
    // Divided before subtracting, so that the widest finite row does not overflow.
    let scale = greatest / LEVELS - least / LEVELS + poison;
    let inverse = if scale >= f32::MIN_POSITIVE { 1.0 / scale } else { 0.0 };
    let zero_point = (-least * inverse).round_ties_even().min(LEVELS);
    let scale = if scale < f32::MIN_POSITIVE { 0.0 } else { scale };

    let inverse = V::splat(inverse);
    let (low, high) = (V::splat(ROUNDER), V::splat(ROUNDER + LEVELS));
    let zero = V::splat(ROUNDER + zero_point);
    let level = |x: &[f32; 4], m: &[f32; 4]| {
        let q = V::load(x).mul(V::load(m)).mul(inverse).add(zero);
        low.max(q.min(high))
    };
    match layout {
        WordLayout::Bytes => interleave(x, multiplier, words, rows, row, |x: &[f32; 16], m| {
            let ((x, _), (m, _)) = (x.as_chunks(), m.as_chunks());
            V::pack_bytes(std::array::from_fn(|i| level(&x[i], &m[i])))
        }),
        WordLayout::Words => interleave(x, multiplier, words, rows, row, |x: &[f32; 8], m| {
            let ((x, _), (m, _)) = (x.as_chunks(), m.as_chunks());
            V::pack_words(std::array::from_fn(|i| level(&x[i], &m[i])))
        }),
    }
    RowScale { scale, zero_point: zero_point as i32 }
}

/// The least and greatest of `x · multiplier` and 0, and a third value that is 0, or NaN if a product is not finite.
fn range<V: Lanes>(x: &[f32], multiplier: &[f32]) -> (f32, f32, f32) {
    // Four independent chains: the latency of one would be as long as the rest of the quantization.
    let zero = V::splat(0.0);
    let (mut least, mut greatest, mut poison) = ([zero; 4], [zero; 4], [zero; 4]);
    let mut step = |x: &[f32; 16], m: &[f32; 16]| {
        for (i, (x, m)) in x.as_chunks().0.iter().zip(m.as_chunks().0).enumerate() {
            let v = V::load(x).mul(V::load(m));
            least[i] = least[i].min(v);
            greatest[i] = greatest[i].max(v);
            poison[i] = poison[i].add(v.mul(zero));
        }
    };
    in_chunks(x, multiplier, &mut step);
    let fold = |v: [V; 4], f: fn(V, V) -> V| f(f(v[0], v[1]), f(v[2], v[3]));
    (fold(least, V::min).least(), fold(greatest, V::max).greatest(), fold(poison, V::add).sum())
}

/// Writes the words that `pack` makes of each `N` values, `rows` apart.
#[inline(always)]
fn interleave<const N: usize>(
    x: &[f32],
    multiplier: &[f32],
    words: &mut [u32],
    rows: usize,
    row: usize,
    pack: impl Fn(&[f32; N], &[f32; N]) -> [u32; 4],
) {
    let mut groups = words.chunks_exact_mut(rows);
    in_chunks(x, multiplier, &mut |x, m| {
        for word in pack(x, m) {
            if let Some(group) = groups.next() {
                group[row] = word;
            }
        }
    });
    // Padding meets weights of 0, so its value is free; it only must not be left over from another row's use.
    for group in groups {
        group[row] = 0;
    }
}

/// Calls `f` on each `N` values of both; the last ones are filled up with zeros.
#[inline(always)]
fn in_chunks<const N: usize>(x: &[f32], multiplier: &[f32], f: &mut impl FnMut(&[f32; N], &[f32; N])) {
    let ((x, x_tail), (m, m_tail)) = (x.as_chunks::<N>(), multiplier.as_chunks::<N>());
    for (x, m) in x.iter().zip(m) {
        f(x, m);
    }
    if !x_tail.is_empty() {
        let (mut x, mut m) = ([0.0; N], [0.0; N]);
        x[..x_tail.len()].copy_from_slice(x_tail);
        m[..m_tail.len()].copy_from_slice(m_tail);
        f(&x, &m);
    }
}
