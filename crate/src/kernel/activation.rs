//! Powers of two and GELU over lanes, with stated error bounds.
//!
//! Each is a struct that holds its constants, to be made outside the loop that applies it (see
//! [`opaque`](super::lanes)).

use super::lanes::{map_in_place, opaque, Lanes, Native, ROUNDER};

/// `2ˣ` for x < 127, with a relative error below 3e-6. Below −126 it returns 2⁻¹²⁶ ≈ 1.2e-38. NaN gives any result.
///
/// `2ˣ = 2ⁿ · 2ʳ` with |r| ≤ ½; `2ʳ` by a minimax polynomial of degree 4 (its own error: 2.8e-6), which is enough for the
/// 16 bits that attention keeps of it.
#[derive(Clone, Copy)]
pub struct Exp2<V> {
    least: V,
    rounder: V,
    /// From the constant term on.
    polynomial: [V; 5],
}

impl<V: Lanes> Exp2<V> {
    /// Loads the constants.
    #[allow(clippy::new_without_default, reason = "not a neutral value")]
    #[inline(always)]
    pub fn new() -> Self {
        let polynomial = [1.0, 0.693_124_2, 0.240_241, 5.590_658e-2, 9.582_838e-3];
        Self { least: opaque(-126.0), rounder: opaque(ROUNDER), polynomial: polynomial.map(opaque) }
    }

    /// `2ˣ` of each lane.
    #[inline(always)]
    pub fn of(&self, x: V) -> V {
        let x = x.max(self.least);
        let rounded = x.add(self.rounder);
        let r = x.sub(rounded.sub(self.rounder));
        // Estrin's order: half as deep as Horner's. Depth is what these functions wait for: GELU took a third less time.
        let [a, b, c, d, e] = self.polynomial;
        let square = r.mul(r);
        let power = a.add(b.mul(r)).add(square.mul(c.add(d.mul(r)).add(square.mul(e))));
        power.mul(rounded.exp2_of_rounded(a))
    }
}

/// `x · Φ(x) = x/2 · (1 + erf(x/√2))`, the exact GELU of BERT, with an absolute error below 1e-6 for x ≤ 4 and a
/// relative one below 1.5e-7 above. NaN stays NaN; an infinity gives NaN.
///
/// Computed as `(x + u − u · 2Φ(−u)) / 2` with u = |x|: the last term never exceeds 0.34, so its rounding errors stay small
/// however large x is. `2Φ(−u) = p(u)⁻¹⁶`, where p is a polynomial of degree 6 fitted to minimise the greatest error of
/// `u · Φ(−u)` (2.2e-7); the form is that of Abramowitz and Stegun 7.1.28.
#[derive(Clone, Copy)]
pub struct Gelu<V> {
    /// From the constant term on.
    polynomial: [V; 7],
    one: V,
    half: V,
}

impl<V: Lanes> Gelu<V> {
    /// Loads the constants.
    #[allow(clippy::new_without_default, reason = "not a neutral value")]
    #[inline(always)]
    pub fn new() -> Self {
        let polynomial =
            [1.000_001_1, 4.985_663_7e-2, 2.117_616_7e-2, 3.227_612e-3, 7.212_888e-5, 3.796_818_8e-5, 6.691_749_6e-6];
        Self { polynomial: polynomial.map(opaque), one: opaque(1.0), half: opaque(0.5) }
    }

    /// The GELU of each lane.
    #[inline(always)]
    pub fn of(&self, x: V) -> V {
        let u = x.abs();
        let [a, b, c, d, e, f, g] = self.polynomial;
        let square = u.mul(u);
        let low = a.add(b.mul(u)).add(square.mul(c.add(d.mul(u))));
        let high = e.add(f.mul(u)).add(square.mul(g));
        let inverse = self.one.div(low.add(square.mul(square).mul(high)));
        let squared = inverse.mul(inverse);
        let fourth = squared.mul(squared);
        let eighth = fourth.mul(fourth);
        x.add(u).sub(u.mul(eighth.mul(eighth))).mul(self.half)
    }
}

/// The GELU of every value.
pub fn gelu_in_place(x: &mut [f32]) {
    let gelu = Gelu::<Native>::new();
    map_in_place(x, |v| gelu.of(v));
}
