//! The kernels in plain Rust: what every other implementation is compared with, and what native builds run.
//!
//! The loops are shaped so that LLVM turns them into whatever SIMD the machine has.

use super::lanes::Lanes;
use super::scan::Dots;
use super::tile::{Tile, COLUMNS};

/// Four lanes in an array.
#[derive(Clone, Copy)]
pub struct Vector([f32; 4]);

impl Vector {
    #[inline(always)]
    fn zip(self, b: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        Self(std::array::from_fn(|i| f(self.0[i], b.0[i])))
    }
}

impl Lanes for Vector {
    type Words = Words;

    #[inline(always)]
    fn splat(x: f32) -> Self {
        Self([x; 4])
    }
    #[inline(always)]
    fn load(from: &[f32; 4]) -> Self {
        Self(*from)
    }
    #[inline(always)]
    fn store(self, to: &mut [f32; 4]) {
        *to = self.0;
    }
    #[inline(always)]
    fn add(self, b: Self) -> Self {
        self.zip(b, |a, b| a + b)
    }
    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        self.zip(b, |a, b| a - b)
    }
    #[inline(always)]
    fn mul(self, b: Self) -> Self {
        self.zip(b, |a, b| a * b)
    }
    #[inline(always)]
    fn div(self, b: Self) -> Self {
        self.zip(b, |a, b| a / b)
    }
    #[inline(always)]
    fn min(self, b: Self) -> Self {
        self.zip(b, |a, b| if b < a { b } else { a })
    }
    #[inline(always)]
    fn max(self, b: Self) -> Self {
        self.zip(b, |a, b| if a < b { b } else { a })
    }
    #[inline(always)]
    fn max_magnitude(self, b: Self) -> Self {
        self.zip(b, |a, b| f32::from_bits(a.to_bits().max(b.abs().to_bits())))
    }
    #[inline(always)]
    fn swap_halves(self) -> Self {
        let [a, b, c, d] = self.0;
        Self([c, d, a, b])
    }
    #[inline(always)]
    fn swap_neighbours(self) -> Self {
        let [a, b, c, d] = self.0;
        Self([b, a, d, c])
    }
    #[inline(always)]
    fn first(self) -> f32 {
        self.0[0]
    }
    #[inline(always)]
    fn abs(self) -> Self {
        Self(self.0.map(f32::abs))
    }
    #[inline(always)]
    fn exp2_of_rounded(self, one: Self) -> Self {
        let scale = |n: f32, one: f32| f32::from_bits((n.to_bits() << 23).wrapping_add(one.to_bits()));
        self.zip(one, scale)
    }
    #[inline(always)]
    fn from_i32(sums: &[i32; 4]) -> Self {
        Self(sums.map(|sum| sum as f32))
    }
    #[inline(always)]
    fn from_corrected(acc: &[i32; 4], factor: i32, sums: &[i32; 4]) -> Self {
        Self(std::array::from_fn(|i| acc[i].wrapping_sub(factor.wrapping_mul(sums[i])) as f32))
    }
    #[inline(always)]
    fn pack_bytes(q: [Self; 4], _rounder: Self) -> [u32; 4] {
        q.map(|v| u32::from_le_bytes(v.0.map(|x| x.to_bits() as u8)))
    }
    #[inline(always)]
    fn pack_words(q: [Self; 2], _rounder: Self) -> [u32; 4] {
        let [[a, b, c, d], [e, f, g, h]] = q.map(|v| v.0.map(|x| x.to_bits() & 0xFFFF));
        [a | b << 16, c | d << 16, e | f << 16, g | h << 16]
    }
    #[inline(always)]
    fn pair_words(low: Self, high: Self) -> [u32; 4] {
        std::array::from_fn(|i| low.0[i].to_bits() & 0xFFFF | high.0[i].to_bits() << 16)
    }
}

/// Signed bytes times unsigned bytes below 128, in fours.
pub struct Bytes;

impl Tile for Bytes {
    #[inline(always)]
    fn compute<const R: usize>(weights: &[u32], activations: &[u32], sums: &mut [[i32; COLUMNS]; R]) {
        let mut acc = [[0i32; COLUMNS]; R];
        for (w, a) in groups::<R>(weights, activations) {
            let w = w.map(|word| word.to_le_bytes().map(|byte| i32::from(byte as i8)));
            for (acc, a) in acc.iter_mut().zip(a) {
                let a = a.to_le_bytes().map(i32::from);
                for (acc, w) in acc.iter_mut().zip(&w) {
                    *acc += w[0] * a[0] + w[1] * a[1] + w[2] * a[2] + w[3] * a[3];
                }
            }
        }
        *sums = acc;
    }
}

/// Signed 16-bit values in pairs.
pub struct Words;

impl Tile for Words {
    #[inline(always)]
    fn compute<const R: usize>(weights: &[u32], activations: &[u32], sums: &mut [[i32; COLUMNS]; R]) {
        let halves = |word: u32| (i32::from(word as i16), i32::from((word >> 16) as i16));
        let mut acc = [[0i32; COLUMNS]; R];
        for (w, a) in groups::<R>(weights, activations) {
            let w = w.map(halves);
            for (acc, a) in acc.iter_mut().zip(a) {
                let a = halves(*a);
                for (acc, w) in acc.iter_mut().zip(&w) {
                    *acc = acc.wrapping_add((w.0 * a.0).wrapping_add(w.1 * a.1));
                }
            }
        }
        *sums = acc;
    }
}

/// The words of each group: one per column, and one per row.
#[inline(always)]
fn groups<'a, const R: usize>(
    weights: &'a [u32],
    activations: &'a [u32],
) -> impl Iterator<Item = (&'a [u32; COLUMNS], &'a [u32; R])> {
    weights.as_chunks::<COLUMNS>().0.iter().zip(activations.as_chunks::<R>().0)
}

/// Rows of signed bytes times a query of 16 bits.
pub struct Rows;

impl Dots for Rows {
    #[inline(always)]
    fn dots<const R: usize>(query: &[i16], rows: [&[i8]; R]) -> [i32; R] {
        rows.map(|row| query.iter().zip(row).map(|(&q, &x)| i32::from(q) * i32::from(x)).sum())
    }
}
