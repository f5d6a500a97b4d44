//! The feed-forward part of a transformer block: linear, GELU, linear.

use super::activation::gelu_in_place;
use super::linear::{LinearScratch, PackedLinear, BLOCK_ROWS};

/// `out = down(gelu(up(x)))`: `x` is `[rows, up.inputs()]`, `out` is `[rows, down.outputs()]`.
///
/// Done 64 rows at a time, so that the wide intermediate (384 KiB at 1,536) stays in second-level cache and never has to
/// be held for the whole batch.
///
/// # Panics
/// If the layers do not fit together, or `x` and `out` do not fit them.
pub fn feed_forward(
    up: &PackedLinear,
    down: &PackedLinear,
    x: &[f32],
    out: &mut [f32],
    intermediate: &mut Vec<f32>,
    scratch: &mut LinearScratch,
) {
    assert_eq!(up.outputs(), down.inputs(), "layers that fit together");
    assert!(
        x.len().is_multiple_of(up.inputs()) && x.len() / up.inputs() * down.outputs() == out.len(),
        "shape mismatch"
    );
    for (x, out) in x.chunks(BLOCK_ROWS * up.inputs()).zip(out.chunks_mut(BLOCK_ROWS * down.outputs())) {
        intermediate.resize(x.len() / up.inputs() * up.outputs(), 0.0);
        up.forward(x, intermediate, scratch);
        gelu_in_place(intermediate);
        down.forward(intermediate, out, scratch);
    }
}
