//! Powers of two and GELU over lanes, with stated error bounds.

use super::lanes::{map_in_place, Lanes, Native, ROUNDER};

/// `2ˣ` for x < 127, with a relative error below 2e-7. Below −126 it returns 2⁻¹²⁶ ≈ 1.2e-38. NaN stays NaN.
///
/// `2ˣ = 2ⁿ · 2ʳ` with |r| ≤ ½; `2ʳ` by a minimax polynomial of degree 5 (its own error: 9.2e-8).
#[inline(always)]
pub fn exp2<V: Lanes>(x: V) -> V {
    const P: [f32; 5] = [1.326_469_9e-3, 9.671_533e-3, 5.550_734e-2, 0.240_222_42, 0.693_147];
    let x = x.max(V::splat(-126.0));
    let rounded = x.add(V::splat(ROUNDER));
    let r = x.sub(rounded.sub(V::splat(ROUNDER)));
    let mut p = V::splat(P[0]);
    for coefficient in &P[1..] {
        p = p.mul(r).add(V::splat(*coefficient));
    }
    p.mul(r).add(V::splat(1.0)).mul(rounded.exp2_of_rounded())
}

/// `x · Φ(x) = x/2 · (1 + erf(x/√2))`, the exact GELU of BERT, with an absolute error below 6e-7 for x ≤ 4 and a
/// relative one below 1.5e-7 above. NaN stays NaN.
///
/// Computed as `max(x, 0) − u · Φ(−u)` with u = |x|: the second term never exceeds 0.17, so its rounding errors stay
/// small however large x is. `Φ(−u) = p(u)⁻¹⁶`, where p is a polynomial of degree 6 fitted to minimise the greatest error
/// of `u · Φ(−u)` (2.2e-7); the form is that of Abramowitz and Stegun 7.1.28.
#[inline(always)]
pub fn gelu<V: Lanes>(x: V) -> V {
    const P: [f32; 7] =
        [6.988_018_4e-6, 3.964_918_5e-5, 7.532_23e-5, 3.370_510_6e-3, 2.211_371_6e-2, 5.206_398e-2, 1.044_274_8];
    let zero = V::splat(0.0);
    // Beyond 12 the term is 0 in f32; without the bound an infinity would meet that 0.
    let u = x.max(zero.sub(x)).min(V::splat(12.0));
    let mut p = V::splat(P[0]);
    for coefficient in &P[1..] {
        p = p.mul(u).add(V::splat(*coefficient));
    }
    let inverse = V::splat(1.0).div(p);
    let squared = inverse.mul(inverse);
    let fourth = squared.mul(squared);
    let eighth = fourth.mul(fourth);
    x.max(zero).sub(u.mul(eighth.mul(eighth)))
}

/// [`gelu`] of every value.
pub fn gelu_in_place(x: &mut [f32]) {
    map_in_place::<Native>(x, gelu);
}
