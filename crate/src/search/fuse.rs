//! One order from two lists.
//!
//! The fused score is `cosine + 0.25 × BM25 / attainable`. Cosines of unit embeddings are comparable between queries and
//! BM25 scores are not, so only the latter are normalised: by what a passage would score that was the best for every term
//! of the query. A passage that has all that was asked for gets the whole weight; where the words of a long question are
//! scattered over passages, none gets much, and the order is left to meaning.
//!
//! Words that no passage has count as asked for, once each. The table was made without that; with it, over int8 vectors, the
//! mean goes from 0.840 to 0.847 (zulip-help from 0.851 to 0.880, the others by 0.002 and less).
//!
//! nDCG@10 on the 170 judged queries of four help centers, the best passage of a document counting; the recall is that of
//! the first 50 passages (`examples/fusion.rs`, vectors of all-MiniLM-L6-v2):
//!
//! | | zulip-help | login-gov-help | arduino-help | github-docs | mean | recall |
//! |---|---|---|---|---|---|---|
//! | cosine | 0.804 | 0.811 | 0.852 | 0.666 | 0.783 | 0.939 |
//! | BM25 | 0.695 | 0.724 | 0.739 | 0.599 | 0.689 | 0.836 |
//! | reciprocal rank fusion, k = 60 | 0.779 | 0.858 | 0.832 | 0.657 | 0.782 | 0.968 |
//! | cosine + 0.12 × BM25 / the query's best | 0.867 | 0.873 | 0.895 | 0.706 | 0.835 | 0.966 |
//! | cosine + 0.15 × BM25 / attainable | 0.853 | 0.874 | 0.899 | 0.704 | 0.833 | 0.967 |
//! | cosine + 0.20 × BM25 / attainable | 0.847 | 0.880 | 0.898 | 0.725 | 0.837 | 0.969 |
//! | **cosine + 0.25 × BM25 / attainable** | 0.859 | 0.883 | 0.903 | 0.724 | 0.842 | 0.966 |
//! | cosine + 0.30 × BM25 / attainable | 0.853 | 0.882 | 0.906 | 0.721 | 0.841 | 0.965 |
//! | cosine + 0.35 × BM25 / attainable | 0.852 | 0.869 | 0.904 | 0.720 | 0.836 | 0.963 |
//!
//! Also tried, each over a range of weights, and no better by more than 0.002: BM25 as it is (0.843 at 0.01; it has no
//! bound, so a pasted log would drown the cosine), BM25 / (BM25 + c), the root and the square of the share, BM25 of the
//! whole document, and cosines of the document's other passages. Without stemming BM25 alone falls to 0.664, without
//! the wholes of identifiers to 0.685; the fused order moves by less than 0.01 for either. A misspelt word costs BM25 0.02
//! to 0.03 where leaving the word out costs 0.13; so does a last word of which three fifths are typed (0.10).

use crate::index::lexical::score::Matches;

/// What the best possible lexical match adds to a cosine.
pub const LEXICAL_WEIGHT: f32 = 0.25;

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
    /// The BM25 of a passage that is the best for every term.
    attainable: f32,
}

impl Evidence {
    /// Gathers it. `allowed` has an item for every passage id up to the greatest, and so has `boosts`. Without cosines
    /// the stage is lexical: the fused score is then BM25 as a share of what is attainable.
    pub fn new(
        cosines: Option<impl Iterator<Item = (u32, f32)>>,
        matches: &Matches,
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
        for &(passage, score) in &matches.scores {
            bm25[passage as usize] = score;
        }
        Self { cosines, bm25, boosts, allowed, attainable: matches.attainable }
    }

    /// The scores of a passage, whether it takes part or not.
    pub fn scored(&self, passage: u32) -> Scored {
        let at = passage as usize;
        let cosine = self.cosine(at);
        let boost = self.boosts.as_ref().map_or(0.0, |boosts| boosts[at]);
        let share = self.bm25[at] / self.attainable;
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

    fn matches(scores: &[(u32, f32)], attainable: f32) -> Matches {
        Matches { scores: scores.to_vec(), attainable }
    }

    fn ids(scored: &[Scored]) -> Vec<u32> {
        scored.iter().map(|scored| scored.passage).collect()
    }

    #[test]
    fn adds_a_share_of_the_attainable_lexical_score() {
        let cosines = [(1, 0.5), (2, 0.45), (3, 0.9)].into_iter();
        let evidence =
            Evidence::new(Some(cosines), &matches(&[(2, 4.0), (1, 1.0), (7, 2.0)], 4.0), None, vec![true; 8]);
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
        let evidence = Evidence::new(Some([(1, 0.1), (2, -0.2)].into_iter()), &matches(&[], 1.0), None, vec![true; 3]);
        assert_eq!(evidence.best(10).iter().map(|scored| scored.fused).collect::<Vec<_>>(), [0.1, -0.2]);
        assert!(Evidence::new(None::<NoCosines>, &matches(&[], 1.0), None, vec![true; 3]).best(10).is_empty());
    }

    #[test]
    fn ties_and_limits_are_deterministic() {
        let matches = matches(&[(4, 1.0), (2, 3.0), (9, 1.0), (3, 1.0)], 3.0);
        let evidence = Evidence::new(None::<NoCosines>, &matches, None, vec![true; 10]);
        assert_eq!(ids(&evidence.best(10)), [2, 3, 4, 9]);
        assert_eq!(ids(&evidence.best(3)), [2, 3, 4]);
        assert!(evidence.best(0).is_empty());
        assert_eq!(evidence.ranks(List::Lexical, &[1.0, 3.0, 0.5]), [2, 1, 5]);
    }

    #[test]
    fn what_is_shut_out_changes_no_score_and_has_no_place() {
        let mut allowed = vec![true; 3];
        allowed[1] = false;
        let boosts = vec![0.0, 0.0, 0.25];
        let matches = matches(&[(0, 1.0), (1, 4.0), (2, 2.0)], 4.0);
        let evidence = Evidence::new(None::<NoCosines>, &matches, Some(boosts), allowed);
        let best = evidence.best(10);
        assert_eq!(
            best.iter().map(|scored| (scored.passage, scored.fused)).collect::<Vec<_>>(),
            [(2, 0.75), (0, 0.25)]
        );
        assert_eq!(evidence.scored(1).fused, 1.0);
        assert_eq!(evidence.ranks(List::Lexical, &[4.0, 1.0]), [1, 2]);
    }

    /// Of each passage the cosine, the BM25 of at most 4 that is attainable, and whether it takes part.
    fn fuse(passages: &[(Option<f32>, u8, bool)]) -> Evidence {
        let cosines = (0..).zip(passages).filter_map(|(id, (cosine, ..))| Some((id, (*cosine)?)));
        let scores = (0..).zip(passages).map(|(id, (_, bm25, _))| (id, f32::from(*bm25)));
        let matches = matches(&scores.filter(|hit| hit.1 > 0.0).collect::<Vec<_>>(), 4.0);
        Evidence::new(Some(cosines), &matches, None, passages.iter().map(|passage| passage.2).collect())
    }

    proptest! {
        #[test]
        fn ranks_count_the_greater(scores in prop::collection::vec(0u8..6, 1..20), asked in prop::collection::vec(0u8..6, 0..6)) {
            let listed: Vec<(u32, f32)> = (0..).zip(scores.iter().map(|&score| f32::from(score))).collect();
            let matches = matches(&listed, 5.0);
            let evidence = Evidence::new(None::<NoCosines>, &matches, None, vec![true; scores.len()]);
            let wanted: Vec<usize> =
                asked.iter().map(|asked| 1 + scores.iter().filter(|&&score| score > 0 && score > *asked).count()).collect();
            let asked: Vec<f32> = asked.into_iter().map(f32::from).collect();
            prop_assert_eq!(evidence.ranks(List::Lexical, &asked), wanted);
        }

        /// Some passages have a cosine, some a match, some both or neither.
        #[test]
        fn the_best_are_those_of_the_greatest_sums(
            passages in prop::collection::vec((prop::option::of(-1.0f32..1.0), 0u8..4, any::<bool>()), 1..30),
            limit in 0usize..30,
        ) {
            let fused = fuse(&passages);
            let mut expected: Vec<(u32, f32)> = (0..)
                .zip(&passages)
                .filter(|(_, (cosine, bm25, allowed))| *allowed && (cosine.is_some() || *bm25 > 0))
                .map(|(id, (cosine, bm25, _))| (id, cosine.unwrap_or(0.0) + LEXICAL_WEIGHT * (f32::from(*bm25) / 4.0)))
                .collect();
            expected.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            let best: Vec<(u32, f32)> = fused.best(limit).iter().map(|scored| (scored.passage, scored.fused)).collect();
            expected.truncate(limit);
            prop_assert_eq!(best, expected);
        }

        #[test]
        fn more_evidence_never_lowers_a_place(
            mut passages in prop::collection::vec((prop::option::of(-1.0f32..1.0), 0u8..4, Just(true)), 1..20),
            at in any::<prop::sample::Index>(),
            more in prop_oneof![(0.0f32..0.5).prop_map(|cosine| (cosine, 0)), (1u8..3).prop_map(|bm25| (0.0, bm25))],
        ) {
            let at = at.index(passages.len());
            let place = |fused: &Evidence| {
                fused.best(usize::MAX).iter().position(|scored| scored.passage as usize == at).unwrap_or(usize::MAX)
            };
            let before = place(&fuse(&passages));
            let (cosine, bm25, _) = &mut passages[at];
            *cosine = cosine.map(|cosine| cosine + more.0);
            *bm25 += more.1;
            prop_assert!(place(&fuse(&passages)) <= before);
        }
    }
}
