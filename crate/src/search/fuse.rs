//! One order from two lists.
//!
//! The fused score is `cosine + 0.12 × BM25 / (best BM25 of this query)`. Cosines of unit embeddings are comparable
//! between queries and BM25 scores are not, so only the latter are normalised. On judged help-center queries the sum
//! ranks better than reciprocal rank fusion, which throws both scores away.

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
    /// What the caller's preferences add.
    pub boost: f32,
    /// What passages are ordered by.
    pub fused: f32,
}

/// All that is known of every passage for one query, by passage id.
#[derive(Debug)]
pub struct Evidence {
    /// Not a number while a passage has no vector; nothing at all in the lexical stage.
    cosines: Option<Vec<f32>>,
    /// 0 where no term is shared.
    bm25: Vec<f32>,
    /// Nothing when no caller's preference applies.
    boosts: Option<Vec<f32>>,
    /// Whether a passage takes part.
    allowed: Vec<bool>,
    /// The best BM25 of the passages that take part.
    best: f32,
}

impl Evidence {
    /// Gathers it. `allowed` has an item for every passage id up to the greatest, and so has `boosts`. Without cosines
    /// the stage is lexical: the fused score is then BM25 as a share of the best.
    pub fn new(
        cosines: Option<impl Iterator<Item = (u32, f32)>>,
        matches: &[(u32, f32)],
        boosts: Option<Vec<f32>>,
        allowed: Vec<bool>,
    ) -> Self {
        let cosines = cosines.map(|cosines| {
            let mut by_passage = vec![f32::NAN; allowed.len()];
            for (passage, cosine) in cosines {
                by_passage[passage as usize] = cosine;
            }
            by_passage
        });
        let mut bm25 = vec![0.0; allowed.len()];
        let mut best = f32::MIN_POSITIVE;
        for &(passage, score) in matches {
            bm25[passage as usize] = score;
            if allowed[passage as usize] {
                best = best.max(score);
            }
        }
        Self { cosines, bm25, boosts, allowed, best }
    }

    /// The scores of a passage, whether it takes part or not.
    pub fn scored(&self, passage: u32) -> Scored {
        let at = passage as usize;
        let cosine = self.cosine(at);
        let boost = self.boosts.as_ref().map_or(0.0, |boosts| boosts[at]);
        let share = self.bm25[at] / self.best;
        let fused = match &self.cosines {
            Some(_) => cosine.unwrap_or(0.0) + LEXICAL_WEIGHT * share,
            None => share,
        };
        Scored { passage, cosine, bm25: self.bm25[at], boost, fused: fused + boost }
    }

    fn cosine(&self, at: usize) -> Option<f32> {
        self.cosines.as_ref().map(|cosines| cosines[at]).filter(|cosine| !cosine.is_nan())
    }

    /// The passages that take part and that anything speaks for.
    fn found(&self) -> impl Iterator<Item = Scored> + '_ {
        let is_found = |&at: &usize| self.allowed[at] && (self.bm25[at] > 0.0 || self.cosine(at).is_some());
        (0..self.allowed.len()).filter(is_found).map(|at| self.scored(at as u32))
    }

    /// The `limit` best, best first. Equal scores are ordered by passage id, so that the same query has the same answer.
    pub fn best(&self, limit: usize) -> Vec<Scored> {
        let order = |a: &Scored, b: &Scored| b.fused.total_cmp(&a.fused).then(a.passage.cmp(&b.passage));
        let mut scored: Vec<Scored> = self.found().collect();
        if limit < scored.len() {
            scored.select_nth_unstable_by(limit, order);
            scored.truncate(limit);
        }
        scored.sort_unstable_by(order);
        scored
    }

    /// The places of scores in the list of a kind, from 1: one more than there are greater ones, so that equal scores
    /// share a place.
    pub fn ranks(&self, list: List, scores: &[f32]) -> Vec<usize> {
        let mut sorted = scores.to_vec();
        sorted.sort_unstable_by(f32::total_cmp);
        // How many of the list lie between neighbours of the sorted scores.
        let mut greater = vec![0; scores.len() + 1];
        for scored in self.found() {
            let score = match list {
                List::Lexical if scored.bm25 > 0.0 => scored.bm25,
                List::Dense if scored.cosine.is_some() => scored.cosine.unwrap_or_default(),
                List::Fused => scored.fused,
                _ => continue,
            };
            greater[sorted.partition_point(|&other| other < score)] += 1;
        }
        for at in (0..scores.len()).rev() {
            greater[at] += greater[at + 1];
        }
        scores.iter().map(|score| 1 + greater[sorted.partition_point(|other| other <= score)]).collect()
    }
}

/// A list of passages, in the order of a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// Passages that share a term with the query, by BM25.
    Lexical,
    /// Passages that have a vector, by cosine.
    Dense,
    /// All that are in one of the two, by the fused score.
    Fused,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type NoCosines = std::iter::Empty<(u32, f32)>;

    fn ids(scored: &[Scored]) -> Vec<u32> {
        scored.iter().map(|scored| scored.passage).collect()
    }

    #[test]
    fn adds_a_share_of_the_best_lexical_score() {
        let cosines = [(1, 0.5), (2, 0.45), (3, 0.9)].into_iter();
        let evidence = Evidence::new(Some(cosines), &[(2, 4.0), (1, 1.0), (7, 2.0)], None, vec![true; 8]);
        let fused = evidence.best(10);
        assert_eq!(ids(&fused), [3, 2, 1, 7]);
        assert!((fused[1].fused - (0.45 + LEXICAL_WEIGHT)).abs() < 1e-6);
        assert!((fused[2].fused - (0.5 + LEXICAL_WEIGHT / 4.0)).abs() < 1e-6);
        // Not embedded yet: the lexical part alone.
        assert_eq!(fused[3].cosine, None);
        assert!((fused[3].fused - LEXICAL_WEIGHT / 2.0).abs() < 1e-6);
    }

    #[test]
    fn no_match_leaves_the_cosines() {
        let evidence = Evidence::new(Some([(1, 0.1), (2, -0.2)].into_iter()), &[], None, vec![true; 3]);
        assert_eq!(evidence.best(10).iter().map(|scored| scored.fused).collect::<Vec<_>>(), [0.1, -0.2]);
        assert!(Evidence::new(None::<NoCosines>, &[], None, vec![true; 3]).best(10).is_empty());
    }

    #[test]
    fn ties_and_limits_are_deterministic() {
        let matches = [(4, 1.0), (2, 3.0), (9, 1.0), (3, 1.0)];
        let evidence = Evidence::new(None::<NoCosines>, &matches, None, vec![true; 10]);
        assert_eq!(ids(&evidence.best(10)), [2, 3, 4, 9]);
        assert_eq!(ids(&evidence.best(3)), [2, 3, 4]);
        assert!(evidence.best(0).is_empty());
        assert_eq!(evidence.ranks(List::Lexical, &[1.0, 3.0, 0.5]), [2, 1, 5]);
    }

    #[test]
    fn the_best_is_that_of_the_passages_that_take_part() {
        let mut allowed = vec![true; 3];
        allowed[1] = false;
        let boosts = vec![0.0, 0.0, 0.25];
        let evidence = Evidence::new(None::<NoCosines>, &[(0, 1.0), (1, 4.0), (2, 2.0)], Some(boosts), allowed);
        let best = evidence.best(10);
        assert_eq!(best.iter().map(|scored| (scored.passage, scored.fused)).collect::<Vec<_>>(), [(2, 1.25), (0, 0.5)]);
        assert_eq!(evidence.scored(1).fused, 2.0);
        assert_eq!(evidence.ranks(List::Lexical, &[4.0, 1.0]), [1, 2]);
    }

    proptest! {
        #[test]
        fn ranks_count_the_greater(scores in prop::collection::vec(0u8..6, 1..20), asked in prop::collection::vec(0u8..6, 0..6)) {
            let matches: Vec<(u32, f32)> = (0..).zip(scores.iter().map(|&score| f32::from(score))).collect();
            let evidence = Evidence::new(None::<NoCosines>, &matches, None, vec![true; scores.len()]);
            let wanted: Vec<usize> =
                asked.iter().map(|asked| 1 + scores.iter().filter(|&&score| score > 0 && score > *asked).count()).collect();
            let asked: Vec<f32> = asked.into_iter().map(f32::from).collect();
            prop_assert_eq!(evidence.ranks(List::Lexical, &asked), wanted);
        }
    }
}
