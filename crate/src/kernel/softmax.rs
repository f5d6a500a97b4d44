//! The exponentials of a softmax.

use super::activation::Exp2;
use super::lanes::Lanes;

/// Replaces `row` by `2^(x − greatest)` and returns the sum of that: a softmax of base 2 before its division.
///
/// Where a value is missing there must be negative infinity; it becomes 2⁻¹²⁶, which no sum shows. If the greatest is
/// infinite, the sum is NaN; NaN in `row` gives any result.
#[inline(always)]
pub(super) fn exponentials<V: Lanes>(row: &mut [[f32; 8]], exp2: &Exp2<V>) -> f32 {
    let halves = |x: &[f32; 8]| [0, 1].map(|half| V::load(&x.as_chunks().0[half]));
    // Two chains each: the latency of one would be longer than the rest of the work.
    let mut greatest = [V::splat(f32::NEG_INFINITY); 2];
    for x in row.iter() {
        let [a, b] = halves(x);
        greatest = [greatest[0].max(a), greatest[1].max(b)];
    }
    let greatest = greatest[0].max(greatest[1]).greatest();
    let shift = V::splat(greatest);
    let mut sums = [V::splat(0.0); 2];
    for x in row {
        let e = halves(x).map(|x| exp2.of(x.sub(shift)));
        for ((e, sum), x) in e.iter().zip(&mut sums).zip(x.as_chunks_mut().0) {
            *sum = sum.add(*e);
            e.store(x);
        }
    }
    sums[0].add(sums[1]).sum() + 0.0 * greatest
}
