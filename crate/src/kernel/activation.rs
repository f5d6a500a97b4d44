//! Powers of two and GELU over lanes, with stated error bounds.
//!
//! Each is a struct that holds its constants, to be made outside the loop that applies it (see
//! [`opaque`](super::lanes)).

use super::lanes::{map_in_place, opaque, Lanes, Native, ROUNDER};

/// `2ˣ` for x < 127, with a relative error below 2e-7. Below −126 it returns 2⁻¹²⁶ ≈ 1.2e-38. NaN gives any result.
///
/// `2ˣ = 2ⁿ · 2ʳ` with |r| ≤ ½; `2ʳ` by a minimax polynomial of degree 5 (its own error: 9.2e-8).
#[derive(Clone, Copy)]
pub struct Exp2<V> {
    least: V,
    rounder: V,
    polynomial: [V; 5],
    one: V,
}

impl<V: Lanes> Exp2<V> {
    /// Loads the constants.
    #[allow(clippy::new_without_default, reason = "not a neutral value")]
    #[inline(always)]
    pub fn new() -> Self {
        let polynomial = [1.326_469_9e-3, 9.671_533e-3, 5.550_734e-2, 0.240_222_42, 0.693_147];
        Self { least: opaque(-126.0), rounder: opaque(ROUNDER), polynomial: polynomial.map(opaque), one: opaque(1.0) }
    }

    /// `2ˣ` of each lane.
    #[inline(always)]
    pub fn of(&self, x: V) -> V {
        let x = x.max(self.least);
        let rounded = x.add(self.rounder);
        let r = x.sub(rounded.sub(self.rounder));
        let [first, rest @ ..] = self.polynomial;
        let p = rest.into_iter().fold(first, |p, coefficient| p.mul(r).add(coefficient));
        p.mul(r).add(self.one).mul(rounded.exp2_of_rounded(self.one))
    }
}

/// `x · Φ(x) = x/2 · (1 + erf(x/√2))`, the exact GELU of BERT, with an absolute error below 7e-7 for x ≤ 4 and a
/// relative one below 1.5e-7 above. NaN stays NaN; −∞ gives NaN, as in PyTorch.
///
/// Computed as `(x + u − u · 2Φ(−u)) / 2` with u = |x|: the last term never exceeds 0.34, so its rounding errors stay small
/// however large x is. `2Φ(−u) = p(u)⁻¹⁶`, where p is a polynomial of degree 6 fitted to minimise the greatest error of
/// `u · Φ(−u)` (2.2e-7); the form is that of Abramowitz and Stegun 7.1.28.
#[derive(Clone, Copy)]
pub struct Gelu<V> {
    polynomial: [V; 7],
    bound: V,
    one: V,
    half: V,
}

impl<V: Lanes> Gelu<V> {
    /// Loads the constants.
    #[allow(clippy::new_without_default, reason = "not a neutral value")]
    #[inline(always)]
    pub fn new() -> Self {
        let polynomial =
            [6.691_749_6e-6, 3.796_818_8e-5, 7.212_888e-5, 3.227_612e-3, 2.117_616_7e-2, 4.985_663_7e-2, 1.000_001_1];
        // Beyond 12 the last term is 0 in f32; without the bound an infinity would meet that 0.
        Self { polynomial: polynomial.map(opaque), bound: opaque(12.0), one: opaque(1.0), half: opaque(0.5) }
    }

    /// The GELU of each lane.
    #[inline(always)]
    pub fn of(&self, x: V) -> V {
        let magnitude = x.abs();
        let u = magnitude.min(self.bound);
        let [first, rest @ ..] = self.polynomial;
        let p = rest.into_iter().fold(first, |p, coefficient| p.mul(u).add(coefficient));
        let inverse = self.one.div(p);
        let squared = inverse.mul(inverse);
        let fourth = squared.mul(squared);
        let eighth = fourth.mul(fourth);
        x.add(magnitude).sub(u.mul(eighth.mul(eighth))).mul(self.half)
    }
}

/// The GELU of every value.
pub fn gelu_in_place(x: &mut [f32]) {
    let gelu = Gelu::<Native>::new();
    map_in_place(x, |v| gelu.of(v));
}
