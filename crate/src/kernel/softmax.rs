//! Softmax of one row.

use super::activation::exp;
use super::lanes::{map_in_place, Lanes, Native};

/// Replaces `row` by `exp(x − max)` and returns the sum of that: the softmax before its division.
///
/// An empty row gives 0. A NaN anywhere gives NaN.
pub(super) fn exponentials<V: Lanes>(row: &mut [f32]) -> f32 {
    let (whole, tail) = row.as_chunks_mut::<4>();
    let lowest = V::splat(f32::NEG_INFINITY);
    let greatest = whole.iter().fold(lowest, |m, x| m.max(V::load(x)));
    let greatest = greatest.max(V::load_partial(tail, f32::NEG_INFINITY)).greatest();
    let shift = V::splat(greatest);
    let mut sum = V::splat(0.0);
    for lanes in whole {
        let e = exp(V::load(lanes).sub(shift));
        e.store(lanes);
        sum = sum.add(e);
    }
    let mut sum = sum.sum();
    if !tail.is_empty() {
        let e = exp(V::load_partial(tail, greatest).sub(shift)).to_array();
        tail.copy_from_slice(&e[..tail.len()]);
        sum += tail.iter().sum::<f32>();
    }
    sum
}

/// Softmax of `row`, in place; errors are those of [`exp`] and of summing in f32.
pub fn softmax(row: &mut [f32]) {
    let inverse = Native::splat(1.0 / exponentials::<Native>(row));
    map_in_place::<Native>(row, |x| x.mul(inverse));
}
