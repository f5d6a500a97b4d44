//! The int8 linear layer against its definition, on every shape edge.

use super::noise::{bits, checksum, Noise};
use docsift::kernel::instructions::WordLayout;
use docsift::kernel::lanes::Native;
use docsift::kernel::linear::LinearScratch;
use docsift::kernel::quantize::{quantize_rows, LEVELS};
use docsift::kernel::{activation, feed_forward, portable, tune, Instructions, PackedLinear, WeightBits};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// The portable quantization, as integers in order.
fn levels(x: &[f32], multiplier: &[f32]) -> (Vec<i32>, f32, i32) {
    let mut words = vec![0; x.len().div_ceil(4)];
    let [row] = quantize_rows::<portable::Vector, 1>(WordLayout::Bytes, x, multiplier, &mut words);
    let levels = words.iter().flat_map(|w| w.to_le_bytes()).map(i32::from).take(x.len()).collect();
    (levels, row.scale, row.zero_point)
}

/// The layer by its definition: quantized weights, quantized activations, exact sums.
fn naive_linear(weight: &[f32], inputs: usize, bias: &[f32], equalizer: &[f32], limit: f32, x: &[f32]) -> Vec<f32> {
    let columns: Vec<(Vec<i64>, f32)> = weight
        .chunks(inputs)
        .map(|row| {
            let row: Vec<f32> = row.iter().zip(equalizer).map(|(w, e)| w * e).collect();
            let scale = row.iter().fold(0f32, |m, w| m.max(w.abs())) / limit;
            let inverse = if scale > 0.0 { 1.0 / scale } else { 0.0 };
            (row.iter().map(|w| (w * inverse).round_ties_even() as i64).collect(), scale)
        })
        .collect();
    let multiplier: Vec<f32> = equalizer.iter().map(|e| 1.0 / e).collect();
    let mut out = Vec::new();
    for x in x.chunks(inputs) {
        let (q, scale, zero) = levels(x, &multiplier);
        for ((p, column_scale), bias) in columns.iter().zip(bias) {
            let sum: i64 = q.iter().zip(p).map(|(q, p)| i64::from(q - zero) * p).sum();
            out.push(sum as f32 * (scale * column_scale) + bias);
        }
    }
    out
}

/// Every form this binary holds against the definition, to the bit.
fn check(rows: usize, outputs: usize, inputs: usize, weight: &[f32], x: &[f32], equalizer: Option<&[f32]>) {
    let bias = Noise(3).fill(outputs, 0.5);
    for width in [WeightBits::Eight, WeightBits::Seven] {
        let limit = f32::from(width.limit());
        let ones = vec![1.0; inputs];
        let expected = naive_linear(weight, inputs, &bias, equalizer.unwrap_or(&ones), limit, x);
        for form in Instructions::ALL.iter().filter(|f| width == WeightBits::Seven || f.takes_eight_bits()) {
            let layer = PackedLinear::pack_as(form.layout(), weight, outputs, inputs, &bias, equalizer, width).unwrap();
            let mut out = vec![f32::NAN; rows * outputs];
            layer.forward_with(*form, 0, outputs, x, &mut out, &mut LinearScratch::default());
            assert_eq!(bits(&out), bits(&expected), "{form:?} {width:?}: {rows} x {inputs} -> {outputs}");
        }
    }
}

fn check_noise(rows: usize, outputs: usize, inputs: usize) {
    let mut noise = Noise((rows * 10_000 + outputs * 100 + inputs) as u64);
    let (weight, x) = (noise.fill(outputs * inputs, 0.3), noise.fill(rows * inputs, 4.0));
    check(rows, outputs, inputs, &weight, &x, None);
}

#[test]
fn linear_is_exact_on_every_shape_edge() {
    for rows in 1..=17 {
        for (outputs, inputs) in [(1, 1), (8, 8), (9, 7), (17, 33), (24, 64)] {
            check_noise(rows, outputs, inputs);
        }
    }
    const EDGES: [usize; 15] = [1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 31, 33, 40];
    for inputs in EDGES {
        for outputs in EDGES {
            check_noise(5, outputs, inputs);
        }
    }
    // More than one block of rows, and the depths of a MiniLM.
    check_noise(130, 16, 384);
    check_noise(66, 10, 1536);
}

#[test]
fn linear_is_exact_on_extreme_values() {
    let (outputs, inputs) = (9, 1536);
    let weight: Vec<f32> = (0..outputs * inputs).map(|i| if i / inputs % 2 == 0 { 1.0 } else { -1.0 }).collect();
    for x in [
        vec![1.0; inputs],     // every level 127: the largest sums there are
        vec![-1.0; inputs],    // every level 0, zero point 127
        vec![0.0; inputs],     // scale 0
        vec![-0.0; inputs],    // the same with the other sign
        vec![3.0e38; inputs],  // results beyond f32 become infinite
        vec![1.0e-39; inputs], // subnormal: taken as zeros
        vec![f32::MIN_POSITIVE * 200.0; inputs],
        (0..inputs).map(|i| if i % 2 == 0 { f32::MAX } else { f32::MIN }).collect(),
        (0..inputs).map(|i| if i == 7 { 1.0e6 } else { 1.0e-6 }).collect(),
        (0..inputs).map(|i| i as f32 - 700.0).collect(),
    ] {
        check(1, outputs, inputs, &weight, &x, None);
        check(5, outputs, inputs, &weight, &x.repeat(5), None);
    }
    check(3, 8, 16, &[0.0; 128], &Noise(1).fill(48, 1.0), None);
}

#[test]
fn rows_with_nan_or_infinity_are_nan_and_leave_the_others_alone() {
    let (rows, outputs, inputs) = (6, 9, 35);
    let mut noise = Noise(11);
    let (weight, clean) = (noise.fill(outputs * inputs, 1.0), noise.fill(rows * inputs, 1.0));
    for form in Instructions::ALL.iter().filter(|form| form.takes_eight_bits()) {
        let layout = form.layout();
        let layer = PackedLinear::pack_as(layout, &weight, outputs, inputs, &[], None, WeightBits::Eight).unwrap();
        let run = |x: &[f32]| {
            let mut out = vec![0.0; rows * outputs];
            layer.forward_with(*form, 0, outputs, x, &mut out, &mut LinearScratch::default());
            out
        };
        let expected = run(&clean);
        for poison in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut x = clean.clone();
            x[inputs + 34] = poison;
            x[4 * inputs] = poison;
            for (row, (out, expected)) in run(&x).chunks(outputs).zip(expected.chunks(outputs)).enumerate() {
                if row == 1 || row == 4 {
                    assert!(out.iter().all(|y| y.is_nan()), "{form:?} row {row}: {out:?}");
                } else {
                    assert_eq!(out, expected, "{form:?} row {row}");
                }
            }
        }
    }
}

#[test]
fn an_equalizer_keeps_the_product_and_lowers_the_error() {
    let (rows, outputs, inputs) = (7, 20, 96);
    let mut noise = Noise(5);
    let weight = noise.fill(outputs * inputs, 0.1);
    let mut x = noise.fill(rows * inputs, 1.0);
    x.iter_mut().skip(17).step_by(inputs).for_each(|outlier| *outlier *= 60.0);
    let equalizer: Vec<f32> = (0..inputs).map(|i| if i == 17 { 20.0 } else { 1.0 }).collect();
    check(rows, outputs, inputs, &weight, &x, Some(&equalizer));

    let dot = |x: &[f32], w: &[f32]| x.iter().zip(w).map(|(x, w)| x * w).sum::<f32>();
    let exact: Vec<f32> = x.chunks(inputs).flat_map(|x| weight.chunks(inputs).map(move |w| dot(x, w))).collect();
    let error = |equalizer| {
        let layer = PackedLinear::pack(&weight, outputs, inputs, &[], equalizer, WeightBits::Eight).unwrap();
        let mut out = vec![0.0; rows * outputs];
        layer.forward(&x, &mut out, &mut LinearScratch::default());
        out.iter().zip(&exact).map(|(a, b)| (a - b).powi(2)).sum::<f32>()
    };
    let (plain, equalized) = (error(None), error(Some(&equalizer[..])));
    assert!(equalized < plain / 4.0, "{equalized} against {plain}");
}

#[test]
fn a_range_of_columns_is_that_part_of_the_whole() {
    let (rows, outputs, inputs) = (6, 43, 24);
    let mut noise = Noise(8);
    let (weight, bias) = (noise.fill(outputs * inputs, 1.0), noise.fill(outputs, 1.0));
    let x = noise.fill(rows * inputs, 1.0);
    let layer = PackedLinear::pack(&weight, outputs, inputs, &bias, None, WeightBits::Eight).unwrap();
    let mut scratch = LinearScratch::default();
    let mut whole = vec![0.0; rows * outputs];
    layer.forward(&x, &mut whole, &mut scratch);
    for (first, columns) in [(0, 8), (8, 13), (16, 27), (40, 3)] {
        let mut part = vec![0.0; rows * columns];
        layer.forward_columns(first, columns, &x, &mut part, &mut scratch);
        for (part, whole) in part.chunks(columns).zip(whole.chunks(outputs)) {
            assert_eq!(part, &whole[first..][..columns]);
        }
    }
}

#[test]
fn a_row_does_not_depend_on_its_batch() {
    let (rows, outputs, inputs) = (70, 24, 40);
    let mut noise = Noise(9);
    let (weight, x) = (noise.fill(outputs * inputs, 1.0), noise.fill(rows * inputs, 1.0));
    let layer = PackedLinear::pack(&weight, outputs, inputs, &[], None, WeightBits::Eight).unwrap();
    let mut scratch = LinearScratch::default();
    let mut whole = vec![0.0; rows * outputs];
    layer.forward(&x, &mut whole, &mut scratch);
    for (x, expected) in x.chunks(inputs).zip(whole.chunks(outputs)) {
        let mut alone = vec![0.0; outputs];
        layer.forward(x, &mut alone, &mut scratch);
        assert_eq!(bits(&alone), bits(expected));
    }
}

/// What is stored as int8 with one scale a row (Q8_0 blocks that share it) must not be rounded again.
#[test]
fn weights_that_are_int8_already_stay_as_they_are() {
    let (outputs, inputs) = (10, 64);
    let mut noise = Noise(12);
    let mut quantized: Vec<i8> = (0..outputs * inputs).map(|_| (noise.next() * 120.0) as i8).collect();
    quantized.iter_mut().step_by(inputs).for_each(|first| *first = -127);
    // Each is an f16, as a Q8_0 scale is.
    let scales: Vec<f32> = (0..outputs).map(|i| (10 + 3 * i) as f32 / 1024.0).collect();
    let rows = quantized.chunks(inputs).zip(&scales);
    let weight: Vec<f32> = rows.flat_map(|(row, scale)| row.iter().map(move |q| f32::from(*q) * scale)).collect();
    let layer = PackedLinear::pack(&weight, outputs, inputs, &[], None, WeightBits::Eight).unwrap();
    let x = noise.fill(inputs, 1.0);
    let mut out = vec![0.0; outputs];
    layer.forward(&x, &mut out, &mut LinearScratch::default());
    let (q, scale, zero) = levels(&x, &vec![1.0; inputs]);
    for ((row, column_scale), out) in quantized.chunks(inputs).zip(&scales).zip(&out) {
        let sum: i32 = q.iter().zip(row).map(|(q, p)| (q - zero) * i32::from(*p)).sum();
        let exact = sum as f32 * (scale * column_scale);
        assert!((out - exact).abs() <= 1e-6 * exact.abs(), "{out} for {exact}");
    }
}

#[test]
fn wrong_weights_are_refused() {
    let refused = |weight: &[f32], outputs, inputs, bias: &[f32], equalizer| {
        let packed = PackedLinear::pack(weight, outputs, inputs, bias, equalizer, WeightBits::Eight);
        assert_eq!(packed.unwrap_err().code(), "invalid_model");
    };
    refused(&[1.0; 5], 2, 3, &[], None);
    refused(&[1.0; 6], 2, 3, &[0.0], None);
    refused(&[1.0; 6], 2, 3, &[f32::NAN; 2], None);
    refused(&[f32::NAN; 6], 2, 3, &[], None);
    refused(&[f32::INFINITY; 6], 2, 3, &[], None);
    refused(&[1.0; 6], 2, 3, &[], Some(&[1.0, 0.0, 1.0]));
    refused(&[1.0; 6], 2, 3, &[], Some(&[1.0, 1.0]));
    refused(&[], 0, 3, &[], None);
    refused(&[], 3, 0, &[], None);
}

#[test]
fn quantization_errs_by_half_a_step_and_is_the_same_everywhere() {
    for length in (1..40).chain([384, 385, 1536]) {
        let mut noise = Noise(length as u64);
        let (x, multiplier) = (noise.fill(length, 9.0), vec![0.5; length]);
        let (q, scale, zero) = levels(&x, &multiplier);
        assert!((0..=127).contains(&zero));
        for (x, q) in x.iter().zip(&q) {
            let error = (x * 0.5 - scale * (q - zero) as f32).abs();
            assert!((0..=127).contains(q) && error <= scale * 0.5001, "{x} became {q} at {scale}, {zero}");
        }
        let rows = noise.fill(3 * length, 9.0);
        for layout in [WordLayout::Bytes, WordLayout::Words] {
            let mut expected = vec![7; layout.words(length.next_multiple_of(8)) * 3];
            let mut found = vec![8; expected.len()];
            let a = quantize_rows::<portable::Vector, 3>(layout, &rows, &multiplier, &mut expected);
            let b = quantize_rows::<Native, 3>(layout, &rows, &multiplier, &mut found);
            assert_eq!((expected, a), (found, b));
        }
    }
    // Halves go to the even level: here the scale is exactly 1.
    let (q, scale, zero) = levels(&[0.5, 1.5, 2.5, 126.5, LEVELS], &[1.0; 5]);
    assert_eq!((q, scale, zero), (vec![0, 2, 2, 126, 127], 1.0, 0));
    // Ranges where the zero point is rounded up the most, and where the greatest value then is furthest out.
    for i in 0..2000 {
        let least = -1.0 - i as f32 * 0.001;
        let (q, _, zero) = levels(&[least, 0.0, 3.0 + least, 1.0], &[1.0; 4]);
        assert!(q.iter().chain([&zero]).all(|q| (0..=127).contains(q)), "{least}: {q:?}, {zero}");
    }
}

#[test]
fn feed_forward_is_its_three_parts() {
    let (rows, hidden, wide) = (150, 24, 40);
    let mut noise = Noise(21);
    let mut layer = |outputs, inputs| {
        let weight = noise.fill(outputs * inputs, 0.5);
        PackedLinear::pack(&weight, outputs, inputs, &[], None, WeightBits::Eight).unwrap()
    };
    let (up, down) = (layer(wide, hidden), layer(hidden, wide));
    let x = noise.fill(rows * hidden, 3.0);
    let mut scratch = LinearScratch::default();
    let (mut middle, mut expected, mut found) = (vec![0.0; rows * wide], vec![0.0; x.len()], vec![0.0; x.len()]);
    up.forward(&x, &mut middle, &mut scratch);
    activation::gelu_in_place(&mut middle);
    down.forward(&middle, &mut expected, &mut scratch);
    feed_forward(&up, &down, &x, &mut found, &mut Vec::new(), &mut scratch);
    assert_eq!(bits(&found), bits(&expected));
}

#[test]
fn tuning_keeps_a_form_that_fits_the_packed_weights() {
    let clock = std::cell::Cell::new(0.0);
    let now = || {
        clock.set(clock.get() + 0.25);
        clock.get()
    };
    let layer = PackedLinear::pack(&[1.0; 64], 8, 8, &[], None, WeightBits::Eight).unwrap();
    let rates = tune(now, 8.0);
    assert!(!rates.is_empty() && rates.iter().all(|(_, rate)| *rate > 0.0));
    assert!(Instructions::active(WeightBits::Eight).takes_eight_bits());
    let mut out = [0.0; 8];
    layer.forward(&[1.0; 8], &mut out, &mut LinearScratch::default());
    assert!(out.iter().all(|y| (y - 8.0).abs() < 1e-4), "{out:?}");
}

#[test]
fn results_are_the_same_bits_everywhere() {
    let (rows, hidden, wide) = (37, 40, 72);
    let mut noise = Noise(51);
    let mut layer = |outputs, inputs| {
        let (weight, bias) = (noise.fill(outputs * inputs, 0.4), noise.fill(outputs, 0.1));
        PackedLinear::pack(&weight, outputs, inputs, &bias, None, WeightBits::Eight).unwrap()
    };
    let (up, down) = (layer(wide, hidden), layer(hidden, wide));
    let x = noise.fill(rows * hidden, 3.0);
    let mut out = vec![0.0; x.len()];
    feed_forward(&up, &down, &x, &mut out, &mut Vec::new(), &mut LinearScratch::default());
    assert_eq!(checksum(&out), 14_679_656_240_472_955_495);
}
