//! The operands of attention as 16-bit integers, two to a word.
//!
//! As many bits are used as keep every sum of a product within i32, so the sums are exact and the same whatever computes
//! them.

use super::lanes::{opaque, Lanes, ROUNDER};
use super::tile::COLUMNS;

/// Values in a word.
pub(super) const GROUP: usize = 2;

/// The greatest 16-bit integer.
const MAX: f32 = 32_767.0;

/// The greatest magnitude for which a product over `depth` values stays within i32: `depth · limit² ≤ 2³¹ − 1`. At a head
/// dimension of 32 that is 8,191.
pub(super) fn limit(depth: usize) -> f32 {
    ((i32::MAX as f32) * 0.999_999 / depth as f32).sqrt().floor().min(MAX)
}

/// What to multiply values by whose greatest magnitude is `greatest` so that they fill the range up to `limit`, and the
/// inverse, which is NaN if `greatest` is not finite.
#[inline(always)]
fn factor(greatest: f32, limit: f32) -> (f32, f32) {
    if greatest < f32::MIN_POSITIVE {
        return (0.0, 0.0);
    }
    (limit / greatest, greatest / limit + 0.0 * greatest)
}

/// What turns values into rounded integers, in registers.
#[derive(Clone, Copy)]
struct Rounding<V> {
    factor: V,
    rounder: V,
}

impl<V: Lanes> Rounding<V> {
    #[inline(always)]
    fn new(factor: V) -> Self {
        Self { factor, rounder: opaque(ROUNDER) }
    }

    /// `v · factor`, rounded, plus [`ROUNDER`].
    #[inline(always)]
    fn round(self, v: V) -> V {
        v.mul(self.factor).add(self.rounder)
    }

    #[inline(always)]
    fn round_eight(self, x: &[f32; 8]) -> [V; 2] {
        [0, 1].map(|half| self.round(V::load(&x.as_chunks().0[half])))
    }
}

/// Packs `row`, scaled so that it fills the range up to `limit`, into word `place` of each group of `words`; groups past
/// the row become 0. Returns what an integer must be multiplied by to undo the scaling: NaN if a value is not finite.
#[inline(always)]
pub(super) fn pack_row<V: Lanes, const S: usize>(row: &[f32], limit: f32, words: &mut [[u32; S]], place: usize) -> f32 {
    let (whole, tail) = row.as_chunks::<8>();
    let mut last = [0.0; 8];
    last[..tail.len()].copy_from_slice(tail);
    let mut greatest = [V::splat(0.0); 2];
    for x in whole.iter().chain(Some(&last).filter(|_| !tail.is_empty())) {
        for (greatest, x) in greatest.iter_mut().zip(x.as_chunks().0) {
            *greatest = greatest.max_magnitude(V::load(x));
        }
    }
    let (factor, scale) = factor(greatest[0].max_magnitude(greatest[1]).reduce(V::max_magnitude), limit);

    let rounding = Rounding::new(V::splat(factor));
    let (blocks, rest) = words.as_chunks_mut::<4>();
    for (x, block) in whole.iter().zip(&mut *blocks) {
        for (word, group) in V::pack_words(rounding.round_eight(x), rounding.rounder).into_iter().zip(block) {
            group[place] = word;
        }
    }
    let mut last = V::pack_words(rounding.round_eight(&last), rounding.rounder).into_iter();
    for group in blocks[whole.len()..].iter_mut().flatten().chain(rest) {
        group[place] = last.next().unwrap_or(0);
    }
    scale
}

/// Packs the exponentials of a softmax (all in 0..=1, adding up to `sum`) like [`pack_row`]. Returns the exact sum of the
/// integers, which is what each must be divided by to be a probability; NaN if `sum` is.
///
/// Values reach 32,767, so for a sum within i32 the probabilities may add up to 65,537; each may be rounded up by a half.
/// They are normalised by their own sum because among 512 equal ones the error of rounding each to 127 would add up.
#[inline(always)]
pub(super) fn pack_probabilities<V: Lanes, const S: usize>(
    row: &[[f32; 8]],
    sum: f32,
    words: &mut [[u32; S]],
    place: usize,
) -> f32 {
    let rounding = Rounding::new(V::splat(MAX.min((65_530.0 - 4.0 * row.len() as f32) / sum)));
    let mut totals = [V::splat(0.0); 2];
    for (x, block) in row.iter().zip(words.as_chunks_mut::<4>().0) {
        let rounded = rounding.round_eight(x);
        for (total, q) in totals.iter_mut().zip(rounded) {
            *total = total.add(q.sub(rounding.rounder));
        }
        for (word, group) in V::pack_words(rounded, rounding.rounder).into_iter().zip(block) {
            group[place] = word;
        }
    }
    // All integers below 2²⁴: exact in any order.
    totals[0].add(totals[1]).sum() + 0.0 * sum
}

/// Packs four columns of `count` values; `part(i)` holds value `i` of each. `words` is a panel from the first of the four
/// columns on. Returns the inverse of their factors, as [`pack_row`] does.
#[inline(always)]
pub(super) fn pack_columns<V: Lanes>(count: usize, part: impl Fn(usize) -> V, words: &mut [u32]) -> V {
    let greatest = (0..count).fold(V::splat(0.0), |greatest, i| greatest.max_magnitude(part(i)));
    let fitted = greatest.to_array().map(|greatest| factor(greatest, MAX));
    let rounding = Rounding::new(V::load(&fitted.map(|f| f.0)));
    for (i, words) in (0..count).step_by(GROUP).zip(words.chunks_mut(COLUMNS)) {
        let second = if i + 1 < count { part(i + 1) } else { V::splat(0.0) };
        let pairs = V::pair_words(rounding.round(part(i)), rounding.round(second));
        words[..4].copy_from_slice(&pairs);
    }
    V::load(&fitted.map(|f| f.1))
}
