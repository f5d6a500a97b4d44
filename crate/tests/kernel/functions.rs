//! GELU, powers of two and layer norm against their definitions in f64, and the portable lanes against the
//! machine's.

use super::noise::{bits, Noise};
use docsift::kernel::activation::{Exp2, Gelu};
use docsift::kernel::lanes::{Lanes, Native};
use docsift::kernel::{add_layer_norm, layer_norm, portable};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// erf by its series and its continued fraction, to f64 precision.
fn erf(x: f64) -> f64 {
    if x.abs() < 3.0 {
        let (mut term, mut sum, mut n) = (x, x, 0.0);
        while term.abs() > 1e-18 {
            n += 1.0;
            term *= -x * x / n;
            sum += term / (2.0 * n + 1.0);
        }
        return sum * 2.0 / std::f64::consts::PI.sqrt();
    }
    let fraction = (1..=60).rev().fold(x.abs(), |f, k| x.abs() + f64::from(k) / 2.0 / f);
    x.signum() * (1.0 - (-x * x).exp() / (std::f64::consts::PI.sqrt() * fraction))
}

fn apply(f: impl Fn(Native) -> Native, x: f32) -> f32 {
    f(Native::splat(x)).first()
}

fn gelu<V: Lanes>(x: V) -> V {
    Gelu::new().of(x)
}

fn exp2<V: Lanes>(x: V) -> V {
    Exp2::new().of(x)
}

#[test]
fn gelu_is_within_its_bound() {
    let mut worst = (0.0, 0.0f32);
    for i in -300_000..=300_000 {
        let x = i as f32 * 4e-5;
        let exact = 0.5 * f64::from(x) * (1.0 + erf(f64::from(x) / std::f64::consts::SQRT_2));
        let error = (f64::from(apply(gelu, x)) - exact).abs() / exact.abs().max(4.0) * 4.0;
        if error > worst.0 {
            worst = (error, x);
        }
    }
    assert!(worst.0 < 1e-6, "{worst:?}");
    assert_eq!(apply(gelu, 1.0e30), 1.0e30);
    assert!(apply(gelu, f32::INFINITY).is_nan());
    assert!(apply(gelu, -1.0e30).abs() < 1e-20);
    assert!(apply(gelu, f32::NEG_INFINITY).is_nan());
    assert!(apply(gelu, f32::NAN).is_nan());
}

#[test]
fn exp2_is_within_its_bound() {
    let mut worst = (0.0, 0.0f32);
    for i in -503_999..508_000 {
        let x = i as f32 * 2.5e-4;
        let error = (f64::from(apply(exp2, x)) / f64::from(x).exp2() - 1.0).abs();
        if error > worst.0 {
            worst = (error, x);
        }
    }
    assert!(worst.0 < 3e-6, "{worst:?}");
    assert_eq!(apply(exp2, 0.0), 1.0);
    assert_eq!(apply(exp2, f32::NEG_INFINITY), f32::MIN_POSITIVE);
}

#[test]
fn layer_norm_matches_its_definition() {
    for width in (1..40).chain([96, 128, 312, 384]) {
        let mut noise = Noise(width as u64);
        let (x, residual) = (noise.fill(3 * width, 5.0), noise.fill(3 * width, 5.0));
        let (gain, bias) = (noise.fill(width, 2.0), noise.fill(width, 1.0));
        let epsilon = 1e-3;
        let check = |found: &[f32], x: &[f64]| {
            let mean = x.iter().sum::<f64>() / width as f64;
            let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / width as f64;
            for (((found, x), gain), bias) in found.iter().zip(x).zip(&gain).zip(&bias) {
                let scaled = (x - mean) / (variance + f64::from(epsilon)).sqrt();
                let exact = scaled * f64::from(*gain) + f64::from(*bias);
                assert!((f64::from(*found) - exact).abs() < 1e-5, "width {width}: {found} for {exact}");
            }
        };
        let (mut alone, mut added) = (x.clone(), x.clone());
        layer_norm(&mut alone, &gain, &bias, epsilon);
        add_layer_norm(&mut added, &residual, &gain, &bias, epsilon);
        for (row, (x, residual)) in x.chunks(width).zip(residual.chunks(width)).enumerate() {
            let plain: Vec<f64> = x.iter().map(|x| f64::from(*x)).collect();
            check(&alone[row * width..][..width], &plain);
            let sum: Vec<f64> = x.iter().zip(residual).map(|(x, r)| f64::from(*x) + f64::from(*r)).collect();
            check(&added[row * width..][..width], &sum);
        }
    }
}

/// The operations and functions over the portable lanes and over the machine's, on the same values.
#[test]
fn lanes_agree_to_the_bit() {
    let mut noise = Noise(41);
    let mut values =
        vec![0.0, -0.0, 1.0e-40, -1.0e-40, 126.9, -126.5, 1.0e30, -1.0e30, f32::INFINITY, f32::NEG_INFINITY];
    values.extend(noise.fill(10_006, 127.0));
    for lanes in values.as_chunks::<4>().0 {
        let other = [noise.next(), noise.next(), noise.next(), noise.next()];
        let (a, b) = (portable::Vector::load(lanes), portable::Vector::load(&other));
        let (c, d) = (Native::load(lanes), Native::load(&other));
        let same = |what: &str, portable: portable::Vector, native: Native| {
            assert_eq!(bits(&portable.to_array()), bits(&native.to_array()), "{what} of {lanes:?} and {other:?}");
        };
        same("sum", a.add(b), c.add(d));
        same("difference", a.sub(b), c.sub(d));
        same("product", a.mul(b), c.mul(d));
        same("quotient", a.div(b), c.div(d));
        // `other` holds no zero and no NaN, for which either operand may be returned.
        same("least", a.min(b), c.min(d));
        same("greatest", a.max(b), c.max(d));
        same("gelu", gelu(a), gelu(c));
        if lanes.iter().all(|x| *x < 127.0) {
            same("power", exp2(a), exp2(c));
        }
        same("magnitude", a.abs(), c.abs());
        let (acc, sums) = (other.map(|x| (x * 1e9) as i32), [1, -2, 3, i32::MAX]);
        same("integers", Lanes::from_corrected(&acc, 127, &sums), Lanes::from_corrected(&acc, 127, &sums));
    }
}
