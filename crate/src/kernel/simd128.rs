//! The kernels in WebAssembly SIMD (`simd128`), which every browser since 2023 has.

use core::arch::wasm32::*;

use super::lanes::Lanes;
use super::scan::Dots;
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
    fn max_magnitude(self, b: Self) -> Self {
        // Floats without a sign are ordered like the integers of the same bits.
        Self(i32x4_max(self.0, f32x4_abs(b.0)))
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
    fn abs(self) -> Self {
        Self(f32x4_abs(self.0))
    }
    #[inline(always)]
    fn exp2_of_rounded(self, one: Self) -> Self {
        Self(i32x4_add(i32x4_shl(self.0, 23), one.0))
    }
    #[inline(always)]
    fn from_i32(sums: &[i32; 4]) -> Self {
        Self(f32x4_convert_i32x4(load(sums)))
    }
    #[inline(always)]
    fn from_corrected(acc: &[i32; 4], factor: i32, sums: &[i32; 4]) -> Self {
        let corrected = i32x4_sub(load(acc), i32x4_mul(i32x4_splat(factor), load(sums)));
        Self(f32x4_convert_i32x4(corrected))
    }
    #[inline(always)]
    fn pack_bytes(q: [Self; 4], rounder: Self) -> [u32; 4] {
        let [a, b, c, d] = q.map(|v| i32x4_sub(v.0, rounder.0));
        words(u8x16_narrow_i16x8(i16x8_narrow_i32x4(a, b), i16x8_narrow_i32x4(c, d)))
    }
    #[inline(always)]
    fn pack_words(q: [Self; 2], rounder: Self) -> [u32; 4] {
        // Subtracting leaves LLVM no range to see. Masking would: it then turns the narrowing into byte shuffles, which
        // made quantization a third slower.
        let [a, b] = q.map(|v| i32x4_sub(v.0, rounder.0));
        words(i16x8_narrow_i32x4(a, b))
    }
    #[inline(always)]
    fn pair_words(low: Self, high: Self) -> [u32; 4] {
        words(v128_or(v128_and(low.0, u32x4_splat(0xFFFF)), i32x4_shl(high.0, 16)))
    }
}

#[inline(always)]
fn words(v: v128) -> [u32; 4] {
    [u32x4_extract_lane::<0>(v), u32x4_extract_lane::<1>(v), u32x4_extract_lane::<2>(v), u32x4_extract_lane::<3>(v)]
}

/// Runs `step(weights, activation, sum)` over all groups of a tile and stores the sums, where `weights` are the words of
/// four columns and `activation` is one row's word in every lane.
///
/// A macro, not a function over a closure: a function that uses relaxed SIMD can only be inlined into one that enables
/// it too. The sums live in registers and are stored once; returned as an array, they would be zeroed in memory first,
/// by `memory.fill`, which is a call.
macro_rules! tile_loop {
    ($rows:ident, $weights:ident, $activations:ident, $sums:ident, $step:expr) => {{
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
        store_sums(acc, $sums);
    }};
}
#[cfg(feature = "relaxed-simd")]
pub(super) use tile_loop;

/// Stores the sums of a tile.
#[inline(always)]
pub(super) fn store_sums<const R: usize>(acc: [[v128; 2]; R], sums: &mut [[i32; COLUMNS]; R]) {
    for (acc, sums) in acc.into_iter().zip(sums) {
        for (acc, sums) in acc.into_iter().zip(sums.as_chunks_mut().0) {
            store(acc, sums);
        }
    }
}

/// Signed 16-bit values in pairs: `i32x4.dot_i16x8`, then an addition.
pub struct Words;

impl Tile for Words {
    #[inline(always)]
    fn compute<const R: usize>(weights: &[u32], activations: &[u32], sums: &mut [[i32; COLUMNS]; R]) {
        let step = |w, x, acc| i32x4_add(acc, i32x4_dot_i16x8(w, x));
        tile_loop!(R, weights, activations, sums, step)
    }
}

/// Rows of signed bytes, widened to 16 bits, times a query of 16 bits: `i32x4.dot_i16x8`, then an addition.
pub struct Rows;

impl Dots for Rows {
    #[inline(always)]
    fn dots<const R: usize>(query: &[i16], rows: [&[i8]; R]) -> [i32; R] {
        let (whole, tail) = query.as_chunks::<16>();
        assert!(rows.iter().all(|row| row.len() == query.len()));
        let mut acc = [i32x4_splat(0); R];
        for (block, q) in whole.iter().enumerate() {
            // SAFETY: `q` is 32 readable bytes, and block `block` of each row is 16: a row is as long as the query, of
            // which there are at least `block + 1` blocks. `v128.load` needs no alignment.
            unsafe {
                let low = v128_load(q.as_ptr().cast());
                let high = v128_load(q.as_ptr().add(8).cast());
                for (acc, row) in acc.iter_mut().zip(&rows) {
                    let x = v128_load(row.as_ptr().add(16 * block).cast());
                    let sums = i32x4_add(
                        i32x4_dot_i16x8(low, i16x8_extend_low_i8x16(x)),
                        i32x4_dot_i16x8(high, i16x8_extend_high_i8x16(x)),
                    );
                    *acc = i32x4_add(*acc, sums);
                }
            }
        }
        let start = query.len() - tail.len();
        std::array::from_fn(|r| {
            let sums = words(acc[r]).into_iter().fold(0i32, |sum, word| sum.wrapping_add(word as i32));
            tail.iter().zip(&rows[r][start..]).fold(sums, |sum, (&q, &x)| sum + i32::from(q) * i32::from(x))
        })
    }
}
