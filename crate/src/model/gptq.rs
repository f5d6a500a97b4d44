//! Rounds a matrix so that its products stay near, rather than its values: GPTQ (Frantar et al. 2023, arXiv:2210.17323).
//!
//! Columns are rounded one after the other, and what rounding a column does to the products is made up for by those that
//! follow, as far as the inputs of a model go together. What it saves over rounding to the nearest is in docs/models.md.

use std::borrow::Cow;

use candle_core::quantized::{GgmlDType, QStorage, QTensor};
use candle_core::{Device, Tensor};
use half::f16;

use crate::{Error, Result};

/// Values that share a scale.
const BLOCK: usize = 32;
/// What is added to the diagonal, as a share of its mean. Of all-MiniLM-L6-v2 in 6 bits, least / mean cosine with what was
/// packed over 71 texts that it was not calibrated with: 0.972 / 0.9950 for the authors' 0.01, **0.982 / 0.9952 for 0.05**,
/// 0.978 / 0.9947 for 0.3; rounded to the nearest 0.979 / 0.9916.
const DAMPING: f64 = 0.05;
/// Ranges that are tried for a block beside its own, as shares of that: values at its ends cost less when they are cut off than
/// all others do when the steps are wide.
const NARROWER: [f32; 7] = [0.97, 0.94, 0.91, 0.88, 0.85, 0.82, 0.79];

/// The formats whose blocks are a scale, at times an offset, and integers of 4 or 5 bits.
#[derive(Debug, Clone, Copy)]
struct Format {
    dtype: GgmlDType,
    /// The greatest integer.
    greatest: u8,
    /// Whether a block has a least value of its own; without, integers are counted from the middle.
    offset: bool,
}

impl Format {
    fn of(dtype: GgmlDType) -> Option<Self> {
        let (greatest, offset) = match dtype {
            GgmlDType::Q5_1 => (31, true),
            GgmlDType::Q5_0 => (31, false),
            GgmlDType::Q4_0 => (15, false),
            _ => return None,
        };
        Some(Self { dtype, greatest, offset })
    }

    /// The steps that leave the least squared error in a block.
    fn steps(&self, block: &[f32]) -> Steps {
        let error = |steps: Steps| -> f32 {
            block.iter().map(|&value| (value - steps.value(steps.round(value, self.greatest))).powi(2)).sum()
        };
        let mut best = self.steps_of(block, 1.0);
        let mut least = error(best);
        for range in NARROWER {
            let steps = self.steps_of(block, range);
            let found = error(steps);
            if found < least {
                (best, least) = (steps, found);
            }
        }
        best
    }

    fn steps_of(&self, block: &[f32], range: f32) -> Steps {
        let stored = |value: f32| f16::from_f32(value).to_f32();
        if self.offset {
            let (least, most) = block.iter().fold((f32::MAX, f32::MIN), |(a, b), &value| (a.min(value), b.max(value)));
            let middle = (least + most) / 2.0;
            let low = stored(middle - (middle - least) * range);
            Steps { scale: stored((most - least) * range / f32::from(self.greatest)), low }
        } else {
            // The end of the range that has one integer more is where the greatest magnitude is.
            let extreme = block.iter().copied().fold(0.0f32, |a, value| if value.abs() > a.abs() { value } else { a });
            let half = f32::from(self.greatest.div_ceil(2));
            let scale = stored(extreme * range / -half);
            Steps { scale, low: -scale * half }
        }
    }

    /// A block as the format has it.
    fn write(&self, steps: Steps, integers: &[u8], out: &mut Vec<u8>) {
        out.extend(f16::from_f32(steps.scale).to_le_bytes());
        if self.offset {
            out.extend(f16::from_f32(steps.low).to_le_bytes());
        }
        if self.greatest == 31 {
            let fifth = integers.iter().enumerate().fold(0u32, |bits, (i, &q)| bits | (u32::from(q >> 4) << i));
            out.extend(fifth.to_le_bytes());
        }
        let (first, second) = integers.split_at(BLOCK / 2);
        out.extend(first.iter().zip(second).map(|(a, b)| (a & 15) | ((b & 15) << 4)));
    }
}

/// What the integers of a block stand for: `low + scale × integer`.
#[derive(Debug, Clone, Copy)]
struct Steps {
    scale: f32,
    low: f32,
}

impl Steps {
    fn round(self, value: f32, greatest: u8) -> u8 {
        if self.scale == 0.0 {
            return 0;
        }
        ((value - self.low) / self.scale).round().clamp(0.0, f32::from(greatest)) as u8
    }

    fn value(self, integer: u8) -> f32 {
        self.low + self.scale * f32::from(integer)
    }
}

/// Rounds `weight` `[outputs, inputs]` to `dtype` by `products` `[inputs, inputs]`, the sum over all inputs seen of each times
/// its transpose. Nothing where `dtype` or the width is none that this is for.
///
/// # Errors
/// [`Error::Internal`] for products of another shape.
pub(super) fn round(weight: &Tensor, products: &Tensor, dtype: GgmlDType) -> Result<Option<QTensor>> {
    let Some(format) = Format::of(dtype) else { return Ok(None) };
    let (outputs, inputs) = weight.dims2()?;
    if !inputs.is_multiple_of(BLOCK) {
        return Ok(None);
    }
    if products.dims() != [inputs, inputs] {
        return Err(Error::Internal(format!("expected products of {inputs} columns, found {:?}", products.dims())));
    }
    let passed_on = Shares::of(products, inputs)?;
    let mut bytes = Vec::with_capacity(outputs * inputs / BLOCK * format.dtype.type_size());
    for mut row in weight.to_vec2::<f32>()? {
        for start in (0..inputs).step_by(BLOCK) {
            let steps = format.steps(&row[start..start + BLOCK]);
            let mut integers = [0; BLOCK];
            for (column, integer) in (start..).zip(&mut integers) {
                *integer = steps.round(row[column], format.greatest);
                let error = row[column] - steps.value(*integer);
                let shares = passed_on.row(column);
                row[column + 1..].iter_mut().zip(shares).for_each(|(value, share)| *value -= error * share);
            }
            format.write(steps, &integers, &mut bytes);
        }
    }
    let storage = QStorage::from_data(Cow::Owned(bytes), &Device::Cpu, format.dtype)?;
    Ok(Some(QTensor::new(storage, (outputs, inputs))?))
}

/// How much of a column's error each of the following takes over: the rows of the upper Cholesky factor of the inverse of
/// `products`, each divided by its diagonal.
struct Shares {
    rows: Vec<f32>,
    size: usize,
}

impl Shares {
    fn of(products: &Tensor, size: usize) -> Result<Self> {
        let mut matrix: Vec<f64> = products.flatten_all()?.to_vec1::<f32>()?.into_iter().map(f64::from).collect();
        let mean = (0..size).map(|i| matrix[i * size + i]).sum::<f64>() / size as f64;
        // Of inputs that were always 0 nothing is known: their columns are rounded to the nearest.
        let damping = (DAMPING * mean).max(f64::MIN_POSITIVE.sqrt());
        (0..size).for_each(|i| matrix[i * size + i] += damping);
        factor(&mut matrix, size);
        invert(&mut matrix, size);
        let mut rows = vec![0.0; size * size];
        for i in 0..size {
            let diagonal = matrix[i * size + i];
            for j in i + 1..size {
                rows[i * size + j] = (matrix[i * size + j] / diagonal) as f32;
            }
        }
        Ok(Self { rows, size })
    }

    /// Of `column`, for all that follow it.
    fn row(&self, column: usize) -> &[f32] {
        &self.rows[column * self.size + column + 1..(column + 1) * self.size]
    }
}

/// A symmetric positive definite matrix to the upper triangular `R` with `R Rᵀ` = matrix. The inverse of the matrix is then
/// `(R⁻¹)ᵀ R⁻¹`, so that `R⁻¹` is its upper Cholesky factor.
fn factor(matrix: &mut [f64], size: usize) {
    for j in (0..size).rev() {
        let (above, row) = matrix.split_at_mut(j * size);
        let tail = &row[j + 1..size];
        let diagonal = (row[j] - dot(tail, tail)).max(f64::MIN_POSITIVE).sqrt();
        for other in above.chunks_exact_mut(size) {
            other[j] = (other[j] - dot(&other[j + 1..], tail)) / diagonal;
        }
        row[j] = diagonal;
    }
}

/// An upper triangular matrix to its inverse.
fn invert(matrix: &mut [f64], size: usize) {
    for i in (0..size).rev() {
        let (above, below) = matrix.split_at_mut((i + 1) * size);
        let row = &mut above[i * size..];
        let diagonal = 1.0 / row[i];
        let mut inverse = vec![0.0; size];
        for k in i + 1..size {
            let factor = row[k];
            let known = &below[(k - i - 1) * size..][..size];
            inverse[k..].iter_mut().zip(&known[k..]).for_each(|(sum, value)| *sum += factor * value);
        }
        row[i] = diagonal;
        row[i + 1..].iter_mut().zip(&inverse[i + 1..]).for_each(|(value, sum)| *value = -sum * diagonal);
    }
}

/// In eight sums, which the compiler keeps in registers: a single one would wait for every addition.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (a, b) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f64 = a.remainder().iter().zip(b.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a.zip(b) {
        sums.iter_mut().zip(a.iter().zip(b)).for_each(|(sum, (a, b))| *sum += a * b);
    }
    sums.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMATS: [(GgmlDType, f32); 3] = [(GgmlDType::Q5_1, 31.0), (GgmlDType::Q5_0, 31.0), (GgmlDType::Q4_0, 15.0)];

    /// Numbers from -1 to 1 that look random.
    fn noise(count: usize, seed: u32) -> Vec<f32> {
        let mut state = seed;
        std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        })
        .take(count)
        .collect()
    }

    fn matrix(values: Vec<f32>, rows: usize) -> Tensor {
        let columns = values.len() / rows;
        Tensor::from_vec(values, (rows, columns), &Device::Cpu).unwrap()
    }

    /// Inputs of 64 columns that follow from 8 causes, with a little of their own.
    fn inputs() -> Tensor {
        let causes = matrix(noise(400 * 8, 1), 400).matmul(&matrix(noise(8 * 64, 2), 8)).unwrap();
        (causes + (matrix(noise(400 * 64, 3), 400) * 0.1).unwrap()).unwrap()
    }

    fn products(inputs: &Tensor) -> Tensor {
        inputs.t().unwrap().contiguous().unwrap().matmul(inputs).unwrap()
    }

    fn squared(tensor: &Tensor) -> f32 {
        tensor.sqr().unwrap().sum_all().unwrap().to_scalar().unwrap()
    }

    /// The squared error of the products with `inputs`.
    fn error(inputs: &Tensor, weight: &Tensor, rounded: &QTensor) -> f32 {
        let off = (rounded.dequantize(&Device::Cpu).unwrap() - weight).unwrap();
        squared(&inputs.matmul(&off.t().unwrap()).unwrap())
    }

    #[test]
    fn products_of_inputs_that_go_together_stay_nearer_than_by_rounding_to_the_nearest() {
        let (inputs, weight) = (inputs(), matrix(noise(16 * 64, 4), 16));
        for (dtype, _) in FORMATS {
            let found = round(&weight, &products(&inputs), dtype).unwrap().unwrap();
            let nearest = QTensor::quantize(&weight, dtype).unwrap();
            let (found, nearest) = (error(&inputs, &weight, &found), error(&inputs, &weight, &nearest));
            assert!(found < nearest / 4.0, "{dtype:?}: {found} for {nearest}");
        }
    }

    /// Inputs that have nothing in common: no column can make up for another.
    #[test]
    fn without_anything_in_common_every_value_is_rounded_to_the_nearest() {
        let weight = matrix(noise(16 * 64, 5), 16);
        let alone = Tensor::eye(64, candle_core::DType::F32, &Device::Cpu).unwrap();
        for (dtype, steps) in FORMATS {
            let found = round(&weight, &alone, dtype).unwrap().unwrap();
            assert_eq!(found.dtype(), dtype);
            let off = (found.dequantize(&Device::Cpu).unwrap() - &weight).unwrap();
            let nearest =
                (QTensor::quantize(&weight, dtype).unwrap().dequantize(&Device::Cpu).unwrap() - &weight).unwrap();
            // The range that leaves the least error is at times narrower.
            assert!(squared(&off) <= squared(&nearest) * 1.001, "{dtype:?}");
            let furthest = off.abs().unwrap().max_all().unwrap().to_scalar::<f32>().unwrap();
            assert!(furthest < 0.21 + 1.0 / steps, "{dtype:?}: {furthest}");
        }
    }

    #[test]
    fn a_block_of_one_value_and_inputs_never_seen_are_no_trouble() {
        let weight = matrix(vec![0.25; 32].into_iter().chain([0.0; 32]).collect(), 1);
        let none = Tensor::zeros((64, 64), candle_core::DType::F32, &Device::Cpu).unwrap();
        for (dtype, _) in FORMATS {
            let found = round(&weight, &none, dtype).unwrap().unwrap().dequantize(&Device::Cpu).unwrap();
            assert!(squared(&(found - &weight).unwrap()) < 1e-3, "{dtype:?}");
        }
    }

    #[test]
    fn other_formats_and_widths_are_left_to_rounding() {
        let alone = |size| Tensor::eye(size, candle_core::DType::F32, &Device::Cpu).unwrap();
        assert!(round(&matrix(noise(64, 6), 1), &alone(64), GgmlDType::Q8_0).unwrap().is_none());
        assert!(round(&matrix(noise(40, 6), 1), &alone(40), GgmlDType::Q5_1).unwrap().is_none());
        assert!(matches!(round(&matrix(noise(64, 6), 1), &alone(32), GgmlDType::Q5_1), Err(Error::Internal(_))));
    }

    #[test]
    fn the_factor_of_the_inverse_is_that_of_linear_algebra() {
        let symmetric = [[4.0, 2.0, 0.6], [2.0, 5.0, 1.5], [0.6, 1.5, 3.0]];
        let mut upper: Vec<f64> = symmetric.concat();
        factor(&mut upper, 3);
        invert(&mut upper, 3);
        let at = |i: usize, j: usize| if j < i { 0.0 } else { upper[i * 3 + j] };
        // The matrix times (Uᵀ U) is the identity.
        for (i, row) in symmetric.iter().enumerate() {
            for j in 0..3 {
                let inverse = |k: usize| (0..3).map(|m| at(m, k) * at(m, j)).sum::<f64>();
                let product: f64 = row.iter().enumerate().map(|(k, value)| value * inverse(k)).sum();
                assert!((product - f64::from(u8::from(i == j))).abs() < 1e-12, "{i}, {j}: {product}");
            }
        }
    }
}
