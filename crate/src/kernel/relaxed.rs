//! The 8-bit tiles in relaxed SIMD.
//!
//! The relaxed dot products are deterministic only while their second operand stays within 0..=127 (x86 reads it as
//! unsigned, ARM as signed) and while the sum of two products fits 16 bits. Activations are quantized to 0..=127 for
//! that, so they come second, and |weight| ≤ 127 bounds a pair by 2 · 127 · 127 = 32,258.
//!
//! Chromium 156, one thread, 10⁹ multiply-accumulates per second; the tile alone, then `[512 × 384] · [384 × 1536]` and
//! `[512 × 1536] · [1536 × 384]` from f32 to f32:
//!
//! | form | tile, Ice Lake (no AVX-VNNI) | tile, Xeon with AVX-VNNI | layer 384 → 1536 | layer 1536 → 384 |
//! |---|---|---|---|---|
//! | [`Dot`] | 43.9 | 53 | 48.6 | 47.9 |
//! | [`DotAdd`] | 26.5 | 88 | 78.7 | 75.4 |
//! | [`DotPair`] | 53.8 | 65 | 58.5 | 56.9 |
//! | `simd128::Words` | 31 | 41 | 38.4 | 37.0 |

use core::arch::wasm32::*;

use super::simd128::{store_sums, tile_loop};
use super::tile::{Tile, Work, COLUMNS};

/// Runs `work` as code that may use relaxed SIMD.
///
/// The tiles below and everything in between are inlined here, and only here become instructions: LLVM inlines an
/// intrinsic into functions alone that enable its feature, and the tiles, being generic, cannot.
#[target_feature(enable = "relaxed-simd")]
pub(super) fn run<T: Tile>(work: impl Work) {
    work.run::<T>();
}

/// Ones that the compiler takes for any value, so that they stay in a register: a constant would be moved into the loop,
/// where V8 builds it anew each time, with three instructions.
#[inline(always)]
fn ones() -> v128 {
    i16x8_splat(std::hint::black_box(1))
}

/// `i16x8.relaxed_dot_i8x16_i7x16`, widened by `i32x4.dot_i16x8` with ones, then an addition.
pub(super) struct Dot;

impl Tile for Dot {
    #[inline(always)]
    fn compute<const R: usize>(weights: &[u32], activations: &[u32], sums: &mut [[i32; COLUMNS]; R]) {
        let ones = ones();
        let step = |w, x, acc| i32x4_add(acc, i32x4_dot_i16x8(i16x8_relaxed_dot_i8x16_i7x16(w, x), ones));
        tile_loop!(R, weights, activations, sums, step)
    }
}

/// `i32x4.relaxed_dot_i8x16_i7x16_add`: one instruction where the CPU has one (AVX-VNNI, ARM dot product).
pub(super) struct DotAdd;

impl Tile for DotAdd {
    #[inline(always)]
    fn compute<const R: usize>(weights: &[u32], activations: &[u32], sums: &mut [[i32; COLUMNS]; R]) {
        let step = |w, x, acc| i32x4_relaxed_dot_i8x16_i7x16_add(w, x, acc);
        tile_loop!(R, weights, activations, sums, step)
    }
}

/// Two groups at a time, added while still in 16 bits: right only for |weight| ≤ 63, where 4 · 63 · 127 = 32,004 fits.
pub(super) struct DotPair;

impl Tile for DotPair {
    #[inline(always)]
    fn compute<const R: usize>(weights: &[u32], activations: &[u32], sums: &mut [[i32; COLUMNS]; R]) {
        let pairs = weights.len() / (2 * COLUMNS);
        assert!(weights.len() == pairs * 2 * COLUMNS && activations.len() == pairs * 2 * R);
        let ones = ones();
        let mut acc = [[i32x4_splat(0); 2]; R];
        let mut w = weights.as_ptr();
        let mut a = activations.as_ptr();
        // SAFETY: the assertion above says that `pairs` steps of 2 · COLUMNS words and of 2 · R words are within the slices.
        unsafe {
            let end = w.add(pairs * 2 * COLUMNS);
            while w != end {
                let first = [v128_load(w.cast()), v128_load(w.add(4).cast())];
                let second = [v128_load(w.add(8).cast()), v128_load(w.add(12).cast())];
                for (r, acc) in acc.iter_mut().enumerate() {
                    let x = v128_load32_splat(a.add(r));
                    let y = v128_load32_splat(a.add(R + r));
                    for half in 0..2 {
                        let pair = i16x8_add(
                            i16x8_relaxed_dot_i8x16_i7x16(first[half], x),
                            i16x8_relaxed_dot_i8x16_i7x16(second[half], y),
                        );
                        acc[half] = i32x4_add(acc[half], i32x4_dot_i16x8(pair, ones));
                    }
                }
                w = w.add(2 * COLUMNS);
                a = a.add(2 * R);
            }
        }
        store_sums(acc, sums);
    }
}
