//! Four f32 lanes, the vocabulary in which the float parts of the kernels are written.
//!
//! Both implementations perform the same IEEE operations in the same order, so a function generic over [`Lanes`] returns
//! the same bits from either. There is no fused multiply-add for that reason.

use super::tile::Tile;

/// Added to an f32 of magnitude up to 2²² it rounds it to the nearest integer, halves to even, and leaves that integer
/// in the low bits of the representation (two's complement in the low 22 bits).
///
/// One addition replaces `nearest` and the saturating conversion, which V8 expands to several instructions on x86.
pub const ROUNDER: f32 = 12_582_912.0; // 1.5 · 2²³

/// Four f32 values that are computed with together.
pub trait Lanes: Copy {
    /// Tiles of 16-bit integers by the same instructions.
    type Words: Tile;

    /// All lanes equal to `x`.
    fn splat(x: f32) -> Self;
    /// Reads four values.
    fn load(from: &[f32; 4]) -> Self;
    /// Writes four values.
    fn store(self, to: &mut [f32; 4]);
    /// `self + b`.
    fn add(self, b: Self) -> Self;
    /// `self − b`.
    fn sub(self, b: Self) -> Self;
    /// `self · b`.
    fn mul(self, b: Self) -> Self;
    /// `self / b`.
    fn div(self, b: Self) -> Self;
    /// `|self|`.
    fn abs(self) -> Self;
    /// The lesser of both. Of a NaN and a number, or of two zeros, either may be returned: with relaxed SIMD enabled LLVM
    /// compiles this to the relaxed instruction, also in functions that do not ask for it. Do not let it matter.
    fn min(self, b: Self) -> Self;
    /// The greater of both; what holds for [`min`](Lanes::min) holds here.
    fn max(self, b: Self) -> Self;
    /// The greater of `self`, which has no sign, and `|b|`. A NaN is greater than any number.
    fn max_magnitude(self, b: Self) -> Self;
    /// Lanes 2, 3, 0, 1.
    fn swap_halves(self) -> Self;
    /// Lanes 1, 0, 3, 2.
    fn swap_neighbours(self) -> Self;
    /// Lane 0.
    fn first(self) -> f32;
    /// `2ⁿ` where `self` is `n + ROUNDER`, −126 ≤ n ≤ 127, and `one` is 1.0.
    fn exp2_of_rounded(self, one: Self) -> Self;
    /// Four integers as f32, rounded to nearest.
    fn from_i32(sums: &[i32; 4]) -> Self;
    /// `acc − factor · sums` in wrapping i32, then as f32.
    fn from_corrected(acc: &[i32; 4], factor: i32, sums: &[i32; 4]) -> Self;
    /// Sixteen integers `q + ROUNDER`, 0 ≤ q ≤ 127, as bytes: word `j` holds the lanes of `q[j]`. `rounder` is
    /// [`ROUNDER`].
    fn pack_bytes(q: [Self; 4], rounder: Self) -> [u32; 4];
    /// Eight integers `q + ROUNDER`, q within i16, as 16-bit pairs: word `j` holds lanes `2j` and `2j + 1` of the eight.
    /// `rounder` is [`ROUNDER`].
    fn pack_words(q: [Self; 2], rounder: Self) -> [u32; 4];
    /// Four pairs of integers `q + ROUNDER`, q within i16: word `j` holds lane `j` of `low` and of `high`.
    fn pair_words(low: Self, high: Self) -> [u32; 4];

    /// The lanes in order.
    #[inline(always)]
    fn to_array(self) -> [f32; 4] {
        let mut lanes = [0.0; 4];
        self.store(&mut lanes);
        lanes
    }

    /// The lanes combined by `f`: 0 with 2 and 1 with 3, then both results.
    #[inline(always)]
    fn reduce(self, f: impl Fn(Self, Self) -> Self) -> f32 {
        let halves = f(self, self.swap_halves());
        f(halves, halves.swap_neighbours()).first()
    }

    /// The sum of the lanes.
    #[inline(always)]
    fn sum(self) -> f32 {
        self.reduce(Self::add)
    }

    /// The least lane.
    #[inline(always)]
    fn least(self) -> f32 {
        self.reduce(Self::min)
    }

    /// The greatest lane.
    #[inline(always)]
    fn greatest(self) -> f32 {
        self.reduce(Self::max)
    }

    /// Reads up to four values; the missing lanes are `fill`.
    #[inline(always)]
    fn load_partial(from: &[f32], fill: f32) -> Self {
        let mut lanes = [fill; 4];
        lanes[..from.len()].copy_from_slice(from);
        Self::load(&lanes)
    }

    /// Writes the first `to.len()` lanes.
    #[inline(always)]
    fn store_partial(self, to: &mut [f32]) {
        to.copy_from_slice(&self.to_array()[..to.len()]);
    }
}

/// `x` in every lane, as a value the compiler knows nothing about, to be made outside a loop that uses it.
///
/// LLVM moves a constant to its use, and V8 then builds it there every time: three instructions on x86, all for the same
/// port, for each of the eight constants of an exponential. Kept in registers, they made softmax a quarter faster.
#[inline(always)]
pub(super) fn opaque<V: Lanes>(x: f32) -> V {
    V::splat(std::hint::black_box(x))
}

/// The implementation for the machine compiled for.
#[cfg(target_arch = "wasm32")]
pub type Native = super::simd128::Vector;
/// The implementation for the machine compiled for.
#[cfg(not(target_arch = "wasm32"))]
pub type Native = super::portable::Vector;

/// Replaces every value of `x` by `f` of it, four at a time. A tail is computed in lanes filled with zeros.
#[inline(always)]
pub(super) fn map_in_place<V: Lanes>(x: &mut [f32], f: impl Fn(V) -> V) {
    let (whole, tail) = x.as_chunks_mut::<4>();
    for lanes in whole {
        f(V::load(lanes)).store(lanes);
    }
    if !tail.is_empty() {
        f(V::load_partial(tail, 0.0)).store_partial(tail);
    }
}
