//! Layer normalisation over rows, with the residual addition fused in.

use super::lanes::{Lanes, Native};

/// `out = (x − mean) / √(variance + epsilon) · gain + bias` for every row of `x`, in place.
///
/// Mean and (biased) variance are computed in two passes, as PyTorch does; rows are as long as `gain`.
///
/// # Panics
/// If `gain` and `bias` differ in length, or `x` is not whole rows.
pub fn layer_norm(x: &mut [f32], gain: &[f32], bias: &[f32], epsilon: f32) {
    check(x.len(), gain, bias);
    for row in x.chunks_exact_mut(gain.len()) {
        normalize::<Native>(row, gain, bias, epsilon);
    }
}

/// `x = layer_norm(x + residual)` for every row, in place.
///
/// # Panics
/// If `x` and `residual` differ in length, and as [`layer_norm`] does.
pub fn add_layer_norm(x: &mut [f32], residual: &[f32], gain: &[f32], bias: &[f32], epsilon: f32) {
    check(x.len(), gain, bias);
    assert_eq!(x.len(), residual.len(), "a residual for every value");
    for (row, residual) in x.chunks_exact_mut(gain.len()).zip(residual.chunks_exact(gain.len())) {
        let (whole, tail) = row.as_chunks_mut::<4>();
        let (residual, residual_tail) = residual.as_chunks::<4>();
        for (x, r) in whole.iter_mut().zip(residual) {
            Native::load(x).add(Native::load(r)).store(x);
        }
        for (x, r) in tail.iter_mut().zip(residual_tail) {
            *x += r;
        }
        normalize::<Native>(row, gain, bias, epsilon);
    }
}

fn check(values: usize, gain: &[f32], bias: &[f32]) {
    assert!(!gain.is_empty() && gain.len() == bias.len() && values.is_multiple_of(gain.len()), "shape mismatch");
}

fn normalize<V: Lanes>(row: &mut [f32], gain: &[f32], bias: &[f32], epsilon: f32) {
    let count = row.len() as f32;
    let mean = sum_of::<V>(row, 0.0, |x| x) / count;
    let shift = V::splat(mean);
    // Missing lanes of the tail hold the mean, so that they add nothing.
    let variance = sum_of::<V>(row, mean, |x| {
        let d = x.sub(shift);
        d.mul(d)
    }) / count;
    let factor = V::splat(1.0 / (variance + epsilon).sqrt());
    let (whole, tail) = row.as_chunks_mut::<4>();
    let ((gain, gain_tail), (bias, bias_tail)) = (gain.as_chunks::<4>(), bias.as_chunks::<4>());
    for ((x, gain), bias) in whole.iter_mut().zip(gain).zip(bias) {
        V::load(x).sub(shift).mul(factor).mul(V::load(gain)).add(V::load(bias)).store(x);
    }
    let (gain, bias) = (V::load_partial(gain_tail, 0.0), V::load_partial(bias_tail, 0.0));
    V::load_partial(tail, 0.0).sub(shift).mul(factor).mul(gain).add(bias).store_partial(tail);
}

/// `Σ f(x)` in four chains of four lanes; the order depends on the length alone.
#[inline(always)]
fn sum_of<V: Lanes>(row: &[f32], fill: f32, f: impl Fn(V) -> V) -> f32 {
    let (blocks, rest) = row.as_chunks::<16>();
    let mut sums = [V::splat(0.0); 4];
    for block in blocks {
        for (sum, lanes) in sums.iter_mut().zip(block.as_chunks().0) {
            *sum = sum.add(f(V::load(lanes)));
        }
    }
    for (sum, lanes) in sums.iter_mut().zip(rest.chunks(4)) {
        *sum = sum.add(f(V::load_partial(lanes, fill)));
    }
    sums[0].add(sums[1]).add(sums[2].add(sums[3])).sum()
}
