//! Ranking metrics.
//!
//! A ranking is given as the grades of its items, best rank first: 0 is not relevant, higher is better. What the ranking
//! left out is known through the judged grades of the query, in any order.

/// Normalised discounted cumulative gain at `k`, from 0 to 1: gain 2^grade − 1, discount log2(rank + 1). The discount is
/// that of Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques" (2002); the exponential gain that
/// of Burges et al., "Learning to rank using gradient descent" (2005). 0 when nothing is relevant.
pub fn ndcg(ranked: &[u32], judged: &[u32], k: usize) -> f64 {
    let mut ideal = judged.to_vec();
    ideal.sort_unstable_by(|a, b| b.cmp(a));
    ratio(dcg(ranked, k), dcg(&ideal, k))
}

fn dcg(grades: &[u32], k: usize) -> f64 {
    let gains = grades.iter().take(k).map(|&grade| f64::from(grade).exp2() - 1.0);
    gains.zip(2..).map(|(gain, rank)| gain / f64::from(rank).log2()).sum()
}

/// One over the rank of the first relevant item within `k`, or 0. Its mean over queries is MRR@k.
pub fn reciprocal_rank(ranked: &[u32], k: usize) -> f64 {
    ranked.iter().take(k).position(|&grade| grade > 0).map_or(0.0, |index| 1.0 / (index + 1) as f64)
}

/// The share of the relevant items that are within `k`. 0 when nothing is relevant.
pub fn recall(ranked: &[u32], judged: &[u32], k: usize) -> f64 {
    let relevant = |grades: &[u32]| grades.iter().filter(|&&grade| grade > 0).count() as f64;
    ratio(relevant(&ranked[..k.min(ranked.len())]), relevant(judged))
}

/// 1 if any relevant item is within `k`, else 0.
pub fn hit(ranked: &[u32], k: usize) -> f64 {
    f64::from(u8::from(ranked.iter().take(k).any(|&grade| grade > 0)))
}

fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 {
        part / whole
    } else {
        0.0
    }
}

/// Spearman's rank correlation of two scorings of the same items, from −1 to 1: Pearson's correlation of the ranks,
/// where equal scores share the mean of their ranks.
///
/// None when the lengths differ, or when either has fewer than two different scores or one that is not a number: then it
/// is not defined.
pub fn spearman(a: &[f64], b: &[f64]) -> Option<f64> {
    if a.len() != b.len() || a.iter().chain(b).any(|score| score.is_nan()) {
        return None;
    }
    let (a, b) = (ranks(a), ranks(b));
    // Ranks with ties averaged always have this mean.
    let mean = (a.len() as f64 + 1.0) / 2.0;
    let covariance = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| (x - mean) * (y - mean)).sum::<f64>();
    let spread = (covariance(&a, &a) * covariance(&b, &b)).sqrt();
    (spread > 0.0).then(|| covariance(&a, &b) / spread)
}

fn ranks(scores: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_unstable_by(|&i, &j| scores[i].total_cmp(&scores[j]));
    let mut ranks = vec![0.0; scores.len()];
    let mut before = 0;
    for tied in order.chunk_by(|&i, &j| scores[i] == scores[j]) {
        for &item in tied {
            ranks[item] = before as f64 + (tied.len() as f64 + 1.0) / 2.0;
        }
        before += tied.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-9, "found {found}, expected {expected}");
    }

    #[test]
    fn ndcg_by_hand() {
        // Gains 0, 3, 1 at discounts 1, log2 3, 2; ideally 3, 1, 1.
        let log3 = 3f64.log2();
        close(ndcg(&[0, 2, 1], &[1, 2, 1], 10), (3.0 / log3 + 0.5) / (3.0 + 1.0 / log3 + 0.5));
        close(ndcg(&[0, 2, 1], &[1, 2, 1], 2), (3.0 / log3) / (3.0 + 1.0 / log3));
        close(ndcg(&[2, 1, 1, 0], &[1, 2, 1], 10), 1.0);
        close(ndcg(&[0, 0], &[2], 10), 0.0);
        close(ndcg(&[], &[], 10), 0.0);
    }

    #[test]
    fn first_hit_and_coverage_by_hand() {
        close(reciprocal_rank(&[0, 0, 1, 2], 10), 1.0 / 3.0);
        close(reciprocal_rank(&[0, 0, 1], 2), 0.0);
        close(recall(&[0, 2, 0, 1], &[1, 2, 1], 3), 1.0 / 3.0);
        close(recall(&[0, 2, 0, 1], &[1, 2, 1], 99), 2.0 / 3.0);
        close(recall(&[0], &[0], 1), 0.0);
        close(hit(&[0, 1], 2), 1.0);
        close(hit(&[0, 1], 1), 0.0);
    }

    #[test]
    fn spearman_by_hand() {
        close(spearman(&[1.0, 2.0, 3.0], &[10.0, 20.0, 21.0]).unwrap(), 1.0);
        close(spearman(&[1.0, 2.0, 3.0], &[3.0, 2.0, 1.0]).unwrap(), -1.0);
        // Without ties, 1 − 6 Σd² / (n (n² − 1)) with d = 1, 1, 0, 0.
        close(spearman(&[2.0, 1.0, 3.0, 4.0], &[1.0, 2.0, 3.0, 4.0]).unwrap(), 0.8);
        // Ranks 1.5, 1.5, 3 and 1, 2, 3: 1.5 / √(1.5 · 2).
        close(spearman(&[0.0, 0.0, 1.0], &[1.0, 2.0, 3.0]).unwrap(), 1.5 / 3f64.sqrt());
        assert_eq!(spearman(&[1.0, 1.0], &[1.0, 2.0]), None);
        assert_eq!(spearman(&[1.0], &[1.0, 2.0]), None);
        assert_eq!(spearman(&[f64::NAN, 1.0], &[1.0, 2.0]), None);
        assert_eq!(spearman(&[], &[]), None);
    }
}
