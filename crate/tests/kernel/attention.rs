//! Attention against its definition in f64, on every length edge.

use super::noise::{bits, checksum, Noise};
use docsift::kernel::attention::{AttentionScratch, Heads};
use docsift::kernel::{attention, attention_first_row};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn naive_attention(qkv: &[f32], lengths: &[usize], heads: Heads) -> Vec<f64> {
    let width = heads.width();
    let at = |token: usize, part: usize, d: usize| f64::from(qkv[(token * 3 + part) * width + d]);
    let mut out = vec![0.0; qkv.len() / 3];
    let mut first = 0;
    for length in lengths {
        let span = first..first + length;
        for head in 0..heads.count {
            let dims = head * heads.dim..(head + 1) * heads.dim;
            for i in span.clone() {
                let dot = |j| dims.clone().map(|d| at(i, 0, d) * at(j, 1, d)).sum::<f64>();
                let scores: Vec<f64> = span.clone().map(|j| dot(j) / (heads.dim as f64).sqrt()).collect();
                let greatest = scores.iter().copied().fold(f64::MIN, f64::max);
                let weights: Vec<f64> = scores.iter().map(|s| (s - greatest).exp()).collect();
                let sum: f64 = weights.iter().sum();
                for d in dims.clone() {
                    let mixed: f64 = span.clone().zip(&weights).map(|(j, w)| w * at(j, 2, d)).sum();
                    out[i * width + d] = mixed / sum;
                }
            }
        }
        first += length;
    }
    out
}

#[test]
fn attention_matches_its_definition() {
    let every: Vec<usize> = (1..=17).collect();
    for (lengths, count, dim) in [
        (&every[..], 2, 32),
        (&[3, 0, 5], 1, 8),
        (&[9, 16], 3, 7),
        (&[5, 33], 2, 26),
        (&[8, 1], 1, 1),
        (&[130], 2, 64),
        (&[512], 1, 32),
        (&[], 2, 32),
    ] {
        let heads = Heads { count, dim };
        let tokens: usize = lengths.iter().sum();
        let qkv = Noise((tokens + dim) as u64).fill(tokens * 3 * heads.width(), 3.0);
        let exact = naive_attention(&qkv, lengths, heads);
        let mut out = vec![f32::NAN; tokens * heads.width()];
        attention(&qkv, lengths, heads, &mut AttentionScratch::default(), &mut out);
        let worst = out.iter().zip(&exact).map(|(y, exact)| (f64::from(*y) - exact).abs()).fold(0.0, f64::max);
        assert!(worst < 5e-3, "{lengths:?}, {count} x {dim}: off by {worst}");
        assert!(out.iter().all(|y| y.is_finite()));
    }
}

#[test]
fn attention_does_not_depend_on_the_batch_or_on_other_queries() {
    let (lengths, heads) = ([7, 1, 40, 12], Heads { count: 3, dim: 32 });
    let width = heads.width();
    let tokens: usize = lengths.iter().sum();
    let qkv = Noise(77).fill(tokens * 3 * width, 2.0);
    let mut scratch = AttentionScratch::default();
    let mut whole = vec![0.0; tokens * width];
    attention(&qkv, &lengths, heads, &mut scratch, &mut whole);
    let (mut first, mut queries, mut firsts) = (0, Vec::new(), Vec::new());
    for length in lengths {
        let mut alone = vec![0.0; length * width];
        let rows = &qkv[first * 3 * width..][..length * 3 * width];
        attention(rows, &[length], heads, &mut scratch, &mut alone);
        assert_eq!(bits(&alone), bits(&whole[first * width..][..length * width]));
        queries.extend_from_slice(&rows[..width]);
        firsts.extend_from_slice(&alone[..width]);
        first += length;
    }
    let kv: Vec<f32> = qkv.chunks(3 * width).flat_map(|row| &row[width..]).copied().collect();
    let mut found = vec![0.0; lengths.len() * width];
    attention_first_row(&queries, &kv, &lengths, heads, &mut scratch, &mut found);
    assert_eq!(bits(&found), bits(&firsts));
}

#[test]
fn attention_keeps_nan_to_its_sequence() {
    let (lengths, heads) = ([5, 5], Heads { count: 1, dim: 32 });
    for part in 1..3 {
        let mut qkv = Noise(78).fill(10 * 3 * 32, 2.0);
        qkv[5 * 3 * 32 + part * 32 + 8] = f32::NAN;
        let mut out = vec![0.0; 10 * 32];
        attention(&qkv, &lengths, heads, &mut AttentionScratch::default(), &mut out);
        let (clean, poisoned) = out.split_at(5 * 32);
        assert!(clean.iter().all(|y| y.is_finite()));
        // A key poisons every result, a value its own dimension.
        assert!(poisoned.iter().skip(8).step_by(32).all(|y| y.is_nan()));
        assert!(part == 2 || poisoned.iter().all(|y| y.is_nan()));
    }
}

#[test]
fn sums_reach_their_limit_without_passing_it() {
    for (length, dim) in [(512, 32), (64, 64), (3, 3), (512, 8), (1, 1), (2, 2)] {
        for value in [1.0, -1.0] {
            let heads = Heads { count: 1, dim };
            let qkv = vec![value; length * 3 * dim];
            let mut out = vec![0.0; length * dim];
            attention(&qkv, &[length], heads, &mut AttentionScratch::default(), &mut out);
            assert!(out.iter().all(|y| (y - value).abs() < 1e-3), "{length} x {dim}: {}", out[0]);
        }
    }
}

#[test]
fn results_are_the_same_bits_everywhere() {
    let (lengths, heads) = ([29, 3, 64], Heads { count: 2, dim: 26 });
    let qkv = Noise(52).fill(lengths.iter().sum::<usize>() * 3 * heads.width(), 2.0);
    let mut out = vec![0.0; qkv.len() / 3];
    attention(&qkv, &lengths, heads, &mut AttentionScratch::default(), &mut out);
    assert_eq!(checksum(&out), 2_423_757_550_993_847_286);
}
