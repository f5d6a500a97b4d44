//! Exponential and GELU over lanes, with stated error bounds.

use super::lanes::{map_in_place, Lanes, Native, ROUNDER};

/// `eˣ` for x ≤ 88, with a relative error below 2.5e-7. Below −87 it returns e⁻⁸⁷ ≈ 1.6e-38. NaN stays NaN.
///
/// `x = n · ln 2 + r`, `eˣ = 2ⁿ · eʳ`; `eʳ` by a minimax polynomial of degree 5 on |r| ≤ ln 2 / 2 (its own error:
/// 1.05e-7). ln 2 is split in two so that `n · LN2_HIGH` is exact (Cody and Waite).
#[inline(always)]
pub fn exp<V: Lanes>(x: V) -> V {
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    const TAYLOR: [f32; 4] = [8.312_520_6e-3, 4.189_015_6e-2, 0.166_671_14, 0.499_992_3];
    let x = x.max(V::splat(-87.0));
    let rounded = x.mul(V::splat(std::f32::consts::LOG2_E)).add(V::splat(ROUNDER));
    let n = rounded.sub(V::splat(ROUNDER));
    let r = x.sub(n.mul(V::splat(LN2_HIGH))).sub(n.mul(V::splat(LN2_LOW)));
    let mut p = V::splat(TAYLOR[0]);
    for coefficient in &TAYLOR[1..] {
        p = p.mul(r).add(V::splat(*coefficient));
    }
    let p = p.mul(r.mul(r)).add(r).add(V::splat(1.0));
    p.mul(rounded.exp2_of_rounded())
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
