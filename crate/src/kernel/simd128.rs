//! The kernels in WebAssembly SIMD (`simd128`), which every browser since 2023 has.

use core::arch::wasm32::*;

use super::lanes::{Lanes, ROUNDER};
use super::tile::{Tile, COLUMNS};

/// Four lanes in a `v128`.
#[derive(Clone, Copy)]
pub struct Vector(v128);

/// Reads four words.
#[inline(always)]
pub(super) fn load<T>(from: &[T; 4]) -> v128 {
    const { assert!(size_of::<T>() == 4) };
    // SAFETY: `from` is 16 readable bytes, and `v128.load` needs no alignment.
    unsafe { v128_load(from.as_ptr().cast()) }
}

/// Writes four words.
#[inline(always)]
pub(super) fn store<T: Copy>(v: v128, to: &mut [T; 4]) {
    const { assert!(size_of::<T>() == 4) };
    // SAFETY: `to` is 16 writable bytes, `v128.store` needs no alignment, and the callers' words (u32, i32, f32) take
    // any bit pattern.
    unsafe { v128_store(to.as_mut_ptr().cast(), v) }
}

impl Lanes for Vector {
    type Words = Words;
    type Floats = Floats;

    #[inline(always)]
    fn splat(x: f32) -> Self {
        Self(f32x4_splat(x))
    }
    #[inline(always)]
    fn load(from: &[f32; 4]) -> Self {
        Self(load(from))
    }
    #[inline(always)]
    fn store(self, to: &mut [f32; 4]) {
        store(self.0, to);
    }
    #[inline(always)]
    fn add(self, b: Self) -> Self {
        Self(f32x4_add(self.0, b.0))
    }
    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        Self(f32x4_sub(self.0, b.0))
    }
    #[inline(always)]
    fn mul(self, b: Self) -> Self {
        Self(f32x4_mul(self.0, b.0))
    }
    #[inline(always)]
    fn div(self, b: Self) -> Self {
        Self(f32x4_div(self.0, b.0))
    }
    #[inline(always)]
    fn min(self, b: Self) -> Self {
        Self(f32x4_pmin(self.0, b.0))
    }
    #[inline(always)]
    fn max(self, b: Self) -> Self {
        Self(f32x4_pmax(self.0, b.0))
    }
    #[inline(always)]
    fn swap_halves(self) -> Self {
        Self(i32x4_shuffle::<2, 3, 0, 1>(self.0, self.0))
    }
    #[inline(always)]
    fn swap_neighbours(self) -> Self {
        Self(i32x4_shuffle::<1, 0, 3, 2>(self.0, self.0))
    }
    #[inline(always)]
    fn first(self) -> f32 {
        f32x4_extract_lane::<0>(self.0)
    }
    #[inline(always)]
    fn exp2_of_rounded(self) -> Self {
        Self(i32x4_add(i32x4_shl(self.0, 23), f32x4_splat(1.0)))
    }
    #[inline(always)]
    fn from_i32(acc: &[i32; 4], factor: i32, sums: &[i32; 4]) -> Self {
        let corrected = i32x4_sub(load(acc), i32x4_mul(i32x4_splat(factor), load(sums)));
        Self(f32x4_convert_i32x4(corrected))
    }
    #[inline(always)]
    fn pack_levels_as_bytes(q: [Self; 4]) -> [u32; 4] {
        let bytes = u8x16_narrow_i16x8(narrow(q[0], q[1]), narrow(q[2], q[3]));
        words(u8x16_min(bytes, u8x16_splat(127)))
    }
    #[inline(always)]
    fn pack_levels_as_words(q: [Self; 2]) -> [u32; 4] {
        words(i16x8_min(i16x8_max(narrow(q[0], q[1]), i16x8_splat(0)), i16x8_splat(127)))
    }
    #[inline(always)]
    fn pack_words(q: [Self; 2]) -> [u32; 4] {
        words(narrow(q[0], q[1]))
    }
    #[inline(always)]
    fn pair_words(low: Self, high: Self) -> [u32; 4] {
        words(v128_or(v128_and(low.0, u32x4_splat(0xFFFF)), i32x4_shl(high.0, 16)))
    }
}

/// The integers of eight lanes of `q + ROUNDER`, saturated to 16 bits.
///
/// The offset is subtracted, not masked off: LLVM turns the narrowing of masked values into byte shuffles, which made
/// quantization a third slower.
#[inline(always)]
fn narrow(a: Vector, b: Vector) -> v128 {
    let offset = f32x4_splat(ROUNDER);
    i16x8_narrow_i32x4(i32x4_sub(a.0, offset), i32x4_sub(b.0, offset))
}

#[inline(always)]
fn words(v: v128) -> [u32; 4] {
    [u32x4_extract_lane::<0>(v), u32x4_extract_lane::<1>(v), u32x4_extract_lane::<2>(v), u32x4_extract_lane::<3>(v)]
}

/// Runs `step(weights, activation, sum)` over all groups of a tile, where `weights` are the words of four columns and
/// `activation` is one row's word in every lane.
///
/// A macro, not a function over a closure: a function that uses relaxed SIMD can only be inlined into one that enables
/// it too.
macro_rules! tile_loop {
    ($rows:ident, $weights:ident, $activations:ident, $step:expr) => {{
        let groups = $weights.len() / COLUMNS;
        assert!($weights.len() == groups * COLUMNS && $activations.len() == groups * $rows);
        let mut acc = [[i32x4_splat(0); 2]; $rows];
        let mut w = $weights.as_ptr();
        let mut a = $activations.as_ptr();
        // SAFETY: the assertion above says that `groups` steps of COLUMNS words and of R words are within the slices.
        unsafe {
            let end = w.add(groups * COLUMNS);
            while w != end {
                let w0 = v128_load(w.cast());
                let w1 = v128_load(w.add(4).cast());
                for r in 0..$rows {
                    let x = v128_load32_splat(a.add(r));
                    acc[r][0] = $step(w0, x, acc[r][0]);
                    acc[r][1] = $step(w1, x, acc[r][1]);
                }
                w = w.add(COLUMNS);
                a = a.add($rows);
            }
        }
        acc
    }};
}
#[cfg(feature = "relaxed-simd")]
pub(super) use tile_loop;

/// The sums of a tile as arrays.
#[inline(always)]
pub(super) fn unpack<T: Copy + Default, const R: usize>(acc: [[v128; 2]; R]) -> [[T; COLUMNS]; R] {
    let mut sums = [[T::default(); COLUMNS]; R];
    for (acc, sums) in acc.into_iter().zip(&mut sums) {
        for (acc, sums) in acc.into_iter().zip(sums.as_chunks_mut().0) {
            store(acc, sums);
        }
    }
    sums
}

/// Signed 16-bit values in pairs: `i32x4.dot_i16x8`, then an addition.
pub struct Words;

impl Tile for Words {
    type Sum = i32;
    const GROUP: usize = 2;

    #[inline(always)]
    fn compute<const R: usize>(weights: &[u32], activations: &[u32]) -> [[i32; COLUMNS]; R] {
        let step = |w, x, acc| i32x4_add(acc, i32x4_dot_i16x8(w, x));
        unpack(tile_loop!(R, weights, activations, step))
    }
}

/// One f32 a word: a multiplication, then an addition.
pub struct Floats;

impl Tile for Floats {
    type Sum = f32;
    const GROUP: usize = 1;

    #[inline(always)]
    fn compute<const R: usize>(weights: &[u32], activations: &[u32]) -> [[f32; COLUMNS]; R] {
        let step = |w, x, acc| f32x4_add(acc, f32x4_mul(w, x));
        unpack(tile_loop!(R, weights, activations, step))
    }
}
