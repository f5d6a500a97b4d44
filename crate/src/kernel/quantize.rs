//! Activations from f32 to unsigned 7-bit integers, one scale and zero point per row.
//!
//! `x ≈ scale · (q − zero_point)` with q and the zero point in 0..=127, the range that the relaxed dot product reads the
//! same on every CPU. The range of a row always includes 0, so 0 is exact. The error of a value is at most `scale / 2`,
//! and `scale = (greatest − least) / 126.9999`.

use super::instructions::WordLayout;
use super::lanes::{opaque, Lanes, ROUNDER};

/// The range of a row in steps: a little less than 127, so that the greatest value is below 127.5 levels also when the
/// zero point was rounded up, and nothing needs to be clamped.
pub const LEVELS: f32 = 126.9999;

/// How a row was quantized.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RowScale {
    /// The step between two levels.
    pub scale: f32,
    /// The level of 0.0.
    pub zero_point: i32,
}

/// Quantizes `R` rows of `x · multiplier` into `words`, interleaved as [`tile`](super::tile) reads them: for each group
/// of the padded length, one word per row.
///
/// Rounding is to nearest, halves to even; padding becomes 0. A row whose range is below 127 · 1.2e-38 is taken as zeros.
/// A row that holds a NaN or an infinity gets the scale NaN, so that every result computed from it is NaN.
///
/// # Panics
/// If `x` is not `R` rows of the length of `multiplier`, or `words` is shorter than they need.
pub fn quantize_rows<V: Lanes, const R: usize>(
    layout: WordLayout,
    x: &[f32],
    multiplier: &[f32],
    words: &mut [u32],
) -> [RowScale; R] {
    let length = multiplier.len();
    assert!(x.len() == R * length && words.len() >= R * layout.words(length), "shape mismatch");
    let words = words.as_chunks_mut::<R>().0;
    std::array::from_fn(|row| {
        let x = &x[row * length..][..length];
        match layout {
            WordLayout::Bytes => quantize_row::<V, R, 16, 4>(x, multiplier, words, row, V::pack_bytes),
            WordLayout::Words => quantize_row::<V, R, 8, 2>(x, multiplier, words, row, V::pack_words),
        }
    })
}

/// Quantizes one row; `pack` makes four words of `N` levels, which are in lanes of four.
#[inline(always)]
fn quantize_row<V: Lanes, const R: usize, const N: usize, const L: usize>(
    x: &[f32],
    multiplier: &[f32],
    words: &mut [[u32; R]],
    row: usize,
    pack: impl Fn([V; L], V) -> [u32; 4],
) -> RowScale {
    let (least, greatest, poison) = range::<V>(x, multiplier);
    // Divided before subtracting, so that the widest finite row does not overflow.
    let scale = greatest / LEVELS - least / LEVELS + poison;
    let inverse = if scale >= f32::MIN_POSITIVE { 1.0 / scale } else { 0.0 };
    let zero_point = (-least * inverse).round_ties_even();
    let scale = if scale < f32::MIN_POSITIVE { 0.0 } else { scale };

    let (inverse, zero, rounder) = (V::splat(inverse), V::splat(ROUNDER + zero_point), opaque(ROUNDER));
    let levels = |x: &[f32; N], m: &[f32; N]| {
        let (x, m) = (x.as_chunks().0, m.as_chunks().0);
        pack(std::array::from_fn(|i| V::load(&x[i]).mul(V::load(&m[i])).mul(inverse).add(zero)), rounder)
    };
    let (blocks, rest) = words.as_chunks_mut::<4>();
    let ((x, x_tail), (m, m_tail)) = (x.as_chunks::<N>(), multiplier.as_chunks::<N>());
    for ((x, m), block) in x.iter().zip(m).zip(&mut *blocks) {
        for (word, group) in levels(x, m).into_iter().zip(block) {
            group[row] = word;
        }
    }
    // The tail, then padding: it meets weights of 0, so its value is free, but it must not depend on earlier use.
    let mut last = if x_tail.is_empty() { [0; 4] } else { levels(&filled(x_tail), &filled(m_tail)) }.into_iter();
    for group in blocks[x.len()..].iter_mut().flatten().chain(rest) {
        group[row] = last.next().unwrap_or(0);
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
    let ((x, x_tail), (m, m_tail)) = (x.as_chunks(), multiplier.as_chunks());
    for (x, m) in x.iter().zip(m) {
        step(x, m);
    }
    if !x_tail.is_empty() {
        step(&filled(x_tail), &filled(m_tail));
    }
    let fold = |v: [V; 4], f: fn(V, V) -> V| f(f(v[0], v[1]), f(v[2], v[3]));
    (fold(least, V::min).least(), fold(greatest, V::max).greatest(), fold(poison, V::add).sum())
}

/// `values`, then zeros.
fn filled<const N: usize>(values: &[f32]) -> [f32; N] {
    let mut all = [0.0; N];
    all[..values.len()].copy_from_slice(values);
    all
}
