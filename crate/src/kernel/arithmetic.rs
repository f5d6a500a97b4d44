//! The two number systems of attention: how rows and columns become the words of a tile, and sums become f32 again.

use super::lanes::{Lanes, ROUNDER};
use super::tile::{Tile, COLUMNS};

/// A way to represent the operands of a matrix product.
pub(super) trait Arithmetic {
    /// What a product is summed in.
    type Sum: Copy;
    /// Values in a word.
    const GROUP: usize;

    /// The greatest magnitude for which a product over `depth` values is exact.
    fn limit(depth: usize) -> f32;
    /// What to multiply `row` by to fill the range up to `limit`, and the inverse, to undo it.
    fn fit<V: Lanes>(row: &[f32], limit: f32) -> (f32, f32);
    /// Writes `row · factor` to word `place` of each group of `words`; groups past the row become 0.
    fn pack<V: Lanes, const S: usize>(row: &[f32], factor: f32, words: &mut [[u32; S]], place: usize);
    /// [`pack`](Self::pack) for the exponentials of a softmax, all in 0..=1, whose sum is `sum`. Returns what one of them
    /// must be divided by to be a probability, in units of the result.
    fn pack_probabilities<V: Lanes, const S: usize>(
        row: &[[f32; 8]],
        sum: f32,
        words: &mut [[u32; S]],
        place: usize,
    ) -> f32;
    /// Writes four columns of `count` values; `part(i)` holds value `i` of each. Returns the inverse of their factors.
    fn pack_columns<'a, V: Lanes>(
        count: usize,
        part: impl Fn(usize) -> V,
        words: impl Iterator<Item = &'a mut [u32; 4]>,
    ) -> V;
    /// One tile.
    fn tile<V: Lanes, const R: usize>(columns: &[u32], rows: &[u32]) -> [[Self::Sum; COLUMNS]; R];
    /// Four sums as f32.
    fn to_lanes<V: Lanes>(sums: &[Self::Sum; 4]) -> V;
}

/// f32 as it is: every factor is 1.
pub(super) struct Float;

impl Arithmetic for Float {
    type Sum = f32;
    const GROUP: usize = 1;

    fn limit(_depth: usize) -> f32 {
        f32::MAX
    }
    #[inline(always)]
    fn fit<V: Lanes>(_row: &[f32], _limit: f32) -> (f32, f32) {
        (1.0, 1.0)
    }
    #[inline(always)]
    fn pack<V: Lanes, const S: usize>(row: &[f32], _factor: f32, words: &mut [[u32; S]], place: usize) {
        for (x, group) in row.iter().zip(words) {
            group[place] = x.to_bits();
        }
    }
    #[inline(always)]
    fn pack_probabilities<V: Lanes, const S: usize>(
        row: &[[f32; 8]],
        sum: f32,
        words: &mut [[u32; S]],
        place: usize,
    ) -> f32 {
        Self::pack::<V, S>(row.as_flattened(), 1.0, words, place);
        sum
    }
    #[inline(always)]
    fn pack_columns<'a, V: Lanes>(
        count: usize,
        part: impl Fn(usize) -> V,
        words: impl Iterator<Item = &'a mut [u32; 4]>,
    ) -> V {
        for (i, words) in (0..count).zip(words) {
            *words = part(i).to_array().map(f32::to_bits);
        }
        V::splat(1.0)
    }
    #[inline(always)]
    fn tile<V: Lanes, const R: usize>(columns: &[u32], rows: &[u32]) -> [[f32; COLUMNS]; R] {
        V::Floats::compute(columns, rows)
    }
    #[inline(always)]
    fn to_lanes<V: Lanes>(sums: &[f32; 4]) -> V {
        V::load(sums)
    }
}

/// Symmetric 16-bit integers, as many bits of them as keep every sum within i32.
pub(super) struct Integer;

/// The greatest 16-bit integer.
const MAX: f32 = 32_767.0;

impl Integer {
    /// Factor and inverse for a greatest magnitude; a NaN in `poison` makes the inverse NaN.
    #[inline(always)]
    fn factor(greatest: f32, poison: f32, limit: f32) -> (f32, f32) {
        if greatest < f32::MIN_POSITIVE {
            return (0.0, poison);
        }
        (limit / greatest, greatest / limit + poison)
    }

    /// The eight values times `factor`, rounded, each plus [`ROUNDER`].
    #[inline(always)]
    fn round<V: Lanes>(x: &[f32; 8], factor: V) -> [V; 2] {
        std::array::from_fn(|half| V::load(&x.as_chunks().0[half]).mul(factor).add(V::splat(ROUNDER)))
    }
}

impl Arithmetic for Integer {
    type Sum = i32;
    const GROUP: usize = 2;

    /// `depth · limit² ≤ 2³¹ − 1`: 8,191 at 32.
    fn limit(depth: usize) -> f32 {
        ((i32::MAX as f32) * 0.999_999 / depth as f32).sqrt().floor().min(MAX)
    }
    #[inline(always)]
    fn fit<V: Lanes>(row: &[f32], limit: f32) -> (f32, f32) {
        let zero = V::splat(0.0);
        let (mut greatest, mut least, mut poison) = (zero, zero, zero);
        let mut step = |v: V| {
            greatest = greatest.max(v);
            least = least.min(v);
            poison = poison.add(v.mul(zero));
        };
        let (whole, tail) = row.as_chunks::<4>();
        whole.iter().for_each(|lanes| step(V::load(lanes)));
        if !tail.is_empty() {
            step(V::load_partial(tail, 0.0));
        }
        Self::factor(greatest.max(zero.sub(least)).greatest(), poison.sum(), limit)
    }
    #[inline(always)]
    fn pack<V: Lanes, const S: usize>(row: &[f32], factor: f32, words: &mut [[u32; S]], place: usize) {
        let factor = V::splat(factor);
        let ((whole, tail), (blocks, rest)) = (row.as_chunks::<8>(), words.as_chunks_mut::<4>());
        for (x, block) in whole.iter().zip(&mut *blocks) {
            for (word, group) in V::pack_words(Self::round(x, factor)).into_iter().zip(block) {
                group[place] = word;
            }
        }
        let mut x = [0.0; 8];
        x[..tail.len()].copy_from_slice(tail);
        let mut last = V::pack_words(Self::round(&x, factor)).into_iter();
        for group in blocks[whole.len()..].iter_mut().flatten().chain(rest) {
            group[place] = last.next().unwrap_or(0);
        }
    }
    /// Values reach 32,767, so for a sum within i32 the probabilities may add up to 65,537; each may be rounded up by a
    /// half. Their exact sum is what they are normalised by: among 512 equal ones, the error of rounding each to 127
    /// would otherwise add up.
    #[inline(always)]
    fn pack_probabilities<V: Lanes, const S: usize>(
        row: &[[f32; 8]],
        sum: f32,
        words: &mut [[u32; S]],
        place: usize,
    ) -> f32 {
        let factor = V::splat(MAX.min((65_530.0 - 4.0 * row.len() as f32) / sum));
        let mut totals = [V::splat(0.0); 2];
        for (x, block) in row.iter().zip(words.as_chunks_mut::<4>().0) {
            let rounded = Self::round(x, factor);
            for (total, q) in totals.iter_mut().zip(rounded) {
                *total = total.add(q.sub(V::splat(ROUNDER)));
            }
            for (word, group) in V::pack_words(rounded).into_iter().zip(block) {
                group[place] = word;
            }
        }
        // All integers below 2²⁴: exact in any order. A NaN among the exponentials must not be lost to rounding.
        totals[0].add(totals[1]).sum() + 0.0 * sum
    }
    #[inline(always)]
    fn pack_columns<'a, V: Lanes>(
        count: usize,
        part: impl Fn(usize) -> V,
        words: impl Iterator<Item = &'a mut [u32; 4]>,
    ) -> V {
        let zero = V::splat(0.0);
        let (mut greatest, mut least, mut poison) = (zero, zero, zero);
        for i in 0..count {
            let v = part(i);
            greatest = greatest.max(v);
            least = least.min(v);
            poison = poison.add(v.mul(zero));
        }
        let (greatest, poison) = (greatest.max(zero.sub(least)).to_array(), poison.to_array());
        let fitted: [_; 4] = std::array::from_fn(|i| Self::factor(greatest[i], poison[i], MAX));
        let (factor, rounder) = (V::load(&fitted.map(|f| f.0)), V::splat(ROUNDER));
        let round = |v: V| v.mul(factor).add(rounder);
        for (i, words) in (0..count).step_by(2).zip(words) {
            let second = if i + 1 < count { part(i + 1) } else { zero };
            *words = V::pair_words(round(part(i)), round(second));
        }
        V::load(&fitted.map(|f| f.1))
    }
    #[inline(always)]
    fn tile<V: Lanes, const R: usize>(columns: &[u32], rows: &[u32]) -> [[i32; COLUMNS]; R] {
        V::Words::compute(columns, rows)
    }
    #[inline(always)]
    fn to_lanes<V: Lanes>(sums: &[i32; 4]) -> V {
        V::from_i32(sums, 0, &[0; 4])
    }
}
