//! The scan against sums of 64 bits, and its implementations against each other.

use docsift::kernel::scan::{scan, scan_with, Portable, Query};
#[cfg(target_arch = "wasm32")]
use docsift::kernel::simd128;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::noise::Noise;

/// Widths around the blocks of 16, those of published encoders, and one at which the query has few bits left.
const WIDTHS: [usize; 12] = [1, 2, 15, 16, 17, 31, 33, 100, 384, 768, 1024, 8192];

fn rows(noise: &mut Noise, count: usize) -> Vec<i8> {
    (0..count).map(|_| (noise.next() * 128.0) as i8).collect()
}

/// By every implementation of this binary, which must agree.
fn scanned(query: &Query, rows: &[i8]) -> Vec<i32> {
    let mut portable = Vec::new();
    scan_with::<Portable>(query, rows, |sum| portable.push(sum));
    #[cfg(target_arch = "wasm32")]
    {
        let mut simd128 = Vec::new();
        scan_with::<simd128::Rows>(query, rows, |sum| simd128.push(sum));
        assert_eq!(simd128, portable);
    }
    let mut chosen = Vec::new();
    scan(query, rows, |sum| chosen.push(sum));
    assert_eq!(chosen, portable);
    chosen
}

fn exact(query: &Query, rows: &[i8]) -> Vec<i64> {
    let row = |row: &[i8]| row.iter().zip(query.values()).map(|(&x, &q)| i64::from(x) * i64::from(q)).sum();
    rows.chunks_exact(query.values().len()).map(row).collect()
}

#[test]
fn scans_are_exact_whatever_the_width_and_the_number_of_rows() {
    let mut noise = Noise(11);
    for width in WIDTHS {
        for count in [0, 1, 3, 4, 5, 11] {
            let query = Query::new(&noise.fill(width, 0.3));
            let rows = rows(&mut noise, width * count);
            let sums: Vec<i64> = scanned(&query, &rows).into_iter().map(i64::from).collect();
            assert_eq!(sums, exact(&query, &rows), "{count} rows of {width}");
        }
    }
}

#[test]
fn the_greatest_values_do_not_overflow() {
    for width in WIDTHS {
        for (sign, row) in [(1.0, i8::MIN), (-1.0, i8::MIN), (1.0, i8::MAX)] {
            let query = Query::new(&vec![sign; width]);
            let rows = vec![row; width * 5];
            let sums: Vec<i64> = scanned(&query, &rows).into_iter().map(i64::from).collect();
            assert_eq!(sums, exact(&query, &rows), "{width}");
        }
    }
}

#[test]
fn a_query_is_quantized_to_the_range_that_its_width_allows() {
    let mut noise = Noise(12);
    for width in WIDTHS {
        let vector = noise.fill(width, 1.0);
        let query = Query::new(&vector);
        for (x, &q) in vector.iter().zip(query.values()) {
            // Half a step, and what f32 loses.
            assert!((x - f32::from(q) * query.scale()).abs() <= 0.501 * query.scale(), "{x} at {width}");
        }
    }
    assert_eq!(Query::new(&[0.0; 3]).values(), [0; 3]);
    assert!(scanned(&Query::new(&[]), &[]).is_empty());
}
