//! One order from two lists.
//!
//! The fused score is `cosine + 0.12 × BM25 / (best BM25 of this query)`. Cosines of unit embeddings are comparable
//! between queries and BM25 scores are not, so only the latter are normalised. On judged help-center queries the sum
//! ranks better than reciprocal rank fusion, which throws both scores away.

use std::collections::BTreeMap;

/// What the best lexical match adds to a cosine.
pub const LEXICAL_WEIGHT: f32 = 0.12;

/// A passage's scores for a query.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scored {
    /// The passage.
    pub passage: u32,
    /// With the query's vector; none while the passage has no vector.
    pub cosine: Option<f32>,
    /// 0 when no term is shared.
    pub bm25: f32,
    /// What passages are ordered by.
    pub fused: f32,
}

/// Lexical matches alone, best first, at most `limit`. The fused score is then BM25 as a share of the best.
pub fn lexical(matches: &[(u32, f32)], limit: usize) -> Vec<Scored> {
    let best = best(matches);
    let scored = matches.iter().map(|&(passage, bm25)| Scored { passage, cosine: None, bm25, fused: bm25 / best });
    top(scored.collect(), limit)
}

/// The union of both lists, best first, at most `limit`. A passage in only one of them takes part with that score.
pub fn hybrid(cosines: impl Iterator<Item = (u32, f32)>, matches: &[(u32, f32)], limit: usize) -> Vec<Scored> {
    let mut union: BTreeMap<u32, (Option<f32>, f32)> = cosines.map(|(id, cosine)| (id, (Some(cosine), 0.0))).collect();
    for &(passage, bm25) in matches {
        union.entry(passage).or_default().1 = bm25;
    }
    let best = best(matches);
    let scored = union.into_iter().map(|(passage, (cosine, bm25))| {
        let fused = cosine.unwrap_or(0.0) + LEXICAL_WEIGHT * bm25 / best;
        Scored { passage, cosine, bm25, fused }
    });
    top(scored.collect(), limit)
}

/// The greatest score, or the least positive one where there is none, so that it can divide.
fn best(matches: &[(u32, f32)]) -> f32 {
    matches.iter().fold(f32::MIN_POSITIVE, |best, &(_, score)| best.max(score))
}

/// The `limit` best in order. Equal scores are ordered by passage id, so that the same query has the same answer.
fn top(mut scored: Vec<Scored>, limit: usize) -> Vec<Scored> {
    let order = |a: &Scored, b: &Scored| b.fused.total_cmp(&a.fused).then(a.passage.cmp(&b.passage));
    if limit < scored.len() {
        scored.select_nth_unstable_by(limit, order);
        scored.truncate(limit);
    }
    scored.sort_unstable_by(order);
    scored
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(scored: &[Scored]) -> Vec<u32> {
        scored.iter().map(|scored| scored.passage).collect()
    }

    #[test]
    fn adds_a_share_of_the_best_lexical_score() {
        let fused = hybrid([(1, 0.5), (2, 0.45), (3, 0.9)].into_iter(), &[(2, 4.0), (1, 1.0), (7, 2.0)], 10);
        assert_eq!(ids(&fused), [3, 2, 1, 7]);
        assert!((fused[1].fused - 0.57).abs() < 1e-6);
        assert!((fused[2].fused - 0.53).abs() < 1e-6);
        // Not embedded yet: the lexical part alone.
        assert_eq!(fused[3].cosine, None);
        assert!((fused[3].fused - 0.06).abs() < 1e-6);
    }

    #[test]
    fn no_match_leaves_the_cosines() {
        let fused = hybrid([(1, 0.1), (2, -0.2)].into_iter(), &[], 10);
        assert_eq!(fused.iter().map(|scored| scored.fused).collect::<Vec<_>>(), [0.1, -0.2]);
        assert!(lexical(&[], 10).is_empty());
    }

    #[test]
    fn ties_and_limits_are_deterministic() {
        let matches = [(4, 1.0), (2, 3.0), (9, 1.0), (3, 1.0)];
        assert_eq!(ids(&lexical(&matches, 10)), [2, 3, 4, 9]);
        assert_eq!(ids(&lexical(&matches, 3)), [2, 3, 4]);
        assert!(lexical(&matches, 0).is_empty());
    }
}
