//! BM25 over passages.
//!
//! Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), with the fields weighted as
//! in its section 3.6 (BM25F with one length normalisation for all): the term frequency and the length of a passage are
//! the weighted sums over title, heading and body.

use std::collections::{HashMap, HashSet};

use super::postings;
use super::terms::{query_terms, terms};

/// How soon repetitions of a term stop counting.
const K1: f32 = 1.2;
/// How much long passages are discounted, from 0 to 1.
const B: f32 = 0.75;
/// What an occurrence counts in each field. Whole numbers, so that totals are exact whatever is added and removed.
const TITLE_WEIGHT: u32 = 2;
const HEADING_WEIGHT: u32 = 2;
const BODY_WEIGHT: u32 = 1;

/// The texts of a passage that are matched.
#[derive(Debug, Clone, Copy)]
pub struct Fields<'a> {
    /// Its document's title.
    pub title: &'a str,
    /// Its path of headings.
    pub heading: Option<&'a str>,
    /// Its text.
    pub body: &'a str,
}

impl Fields<'_> {
    /// Each term's weighted frequency.
    fn frequencies(&self) -> HashMap<String, u32> {
        let mut frequencies = HashMap::new();
        let fields =
            [(self.title, TITLE_WEIGHT), (self.heading.unwrap_or(""), HEADING_WEIGHT), (self.body, BODY_WEIGHT)];
        for (text, weight) in fields {
            for term in terms(text) {
                *frequencies.entry(term).or_insert(0) += weight;
            }
        }
        frequencies
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Posting {
    passage: u32,
    frequency: u32,
}

/// An inverted index of passages.
#[derive(Debug, Default, PartialEq)]
pub struct LexicalIndex {
    /// For each term, its passages in ascending order of id.
    postings: HashMap<String, Vec<Posting>>,
    /// Weighted lengths by passage id; 0 where there is none.
    lengths: Vec<u32>,
    total_length: u64,
    passages: usize,
}

impl LexicalIndex {
    /// Adds a passage. Its id must be greater than every id added before.
    pub fn add(&mut self, passage: u32, fields: &Fields) {
        debug_assert!(self.lengths.len() <= passage as usize, "passage ids must ascend");
        let mut length = 0;
        for (term, frequency) in fields.frequencies() {
            length += frequency;
            self.postings.entry(term).or_default().push(Posting { passage, frequency });
        }
        self.lengths.resize(passage as usize + 1, 0);
        self.lengths[passage as usize] = length;
        self.total_length += u64::from(length);
        self.passages += 1;
    }

    /// Removes a passage. `fields` must be those it was added with.
    pub fn remove(&mut self, passage: u32, fields: &Fields) {
        for term in fields.frequencies().into_keys() {
            let Some(postings) = self.postings.get_mut(&term) else { continue };
            if let Ok(position) = postings.binary_search_by_key(&passage, |posting| posting.passage) {
                postings.remove(position);
            }
            if postings.is_empty() {
                self.postings.remove(&term);
            }
        }
        self.total_length -= u64::from(std::mem::take(&mut self.lengths[passage as usize]));
        self.passages -= 1;
    }

    /// Removes passages whose fields are not at hand, by reading every posting. None of `gone` may be gone already.
    pub fn remove_all(&mut self, gone: &HashSet<u32>) {
        self.postings.retain(|_, postings| {
            postings.retain(|posting| !gone.contains(&posting.passage));
            !postings.is_empty()
        });
        for &passage in gone {
            self.total_length -= u64::from(std::mem::take(&mut self.lengths[passage as usize]));
            self.passages -= 1;
        }
    }

    /// Every term in ascending order with its passages' postings in ascending order: what is kept of the index.
    pub(super) fn postings(&self) -> Vec<(&str, impl ExactSizeIterator<Item = postings::Posting> + '_)> {
        let mut terms: Vec<_> = self.postings.iter().collect();
        terms.sort_unstable_by_key(|&(term, _)| term);
        let kept = |posting: &Posting| (posting.passage, [posting.frequency]);
        terms.into_iter().map(|(term, postings)| (term.as_str(), postings.iter().map(kept))).collect()
    }

    /// An index of `passages` passages, with ids from `first`, whose terms are still to come.
    pub(super) fn with_passages(passages: u32, first: u32) -> Self {
        let lengths = vec![0; (first + passages) as usize];
        Self { lengths, passages: passages as usize, ..Self::default() }
    }

    /// Gives back a term. The passages of `postings` count from `first` and are fewer than the index has.
    pub(super) fn restore_term(&mut self, term: &str, postings: Vec<postings::Posting>, first: u32) {
        let postings: Vec<Posting> = postings
            .into_iter()
            .map(|(passage, [frequency])| Posting { passage: first + passage, frequency })
            .collect();
        for &Posting { passage, frequency } in &postings {
            let length = &mut self.lengths[passage as usize];
            // Only a forged file has lengths that do not fit.
            let added = frequency.min(u32::MAX - *length);
            *length += added;
            self.total_length += u64::from(added);
        }
        self.postings.insert(term.to_owned(), postings);
    }

    /// The passages that share a term with `query` and their BM25 scores, all above 0, in ascending order of id.
    pub fn search(&self, query: &str) -> Vec<(u32, f32)> {
        let mut counted: Vec<(String, f32)> = Vec::new();
        for term in query_terms(query) {
            match counted.iter_mut().find(|(other, _)| *other == term) {
                Some((_, times)) => *times += 1.0,
                None => counted.push((term, 1.0)),
            }
        }
        let average_length = self.total_length as f32 / self.passages.max(1) as f32;
        let mut scores = vec![0.0; self.lengths.len()];
        for (term, times) in counted {
            let Some(postings) = self.postings.get(&term) else { continue };
            let (all, with) = (self.passages as f32, postings.len() as f32);
            // The form that stays positive for terms in more than half of the passages.
            let idf = (1.0 + (all - with + 0.5) / (with + 0.5)).ln();
            for posting in postings {
                let length = self.lengths[posting.passage as usize] as f32 / average_length;
                let frequency = posting.frequency as f32;
                let saturation = frequency * (K1 + 1.0) / (frequency + K1 * (1.0 - B + B * length));
                scores[posting.passage as usize] += times * idf * saturation;
            }
        }
        (0..).zip(scores).filter(|&(_, score)| score > 0.0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn body(body: &str) -> Fields<'_> {
        Fields { title: "", heading: None, body }
    }

    fn index(bodies: &[&str]) -> LexicalIndex {
        let mut index = LexicalIndex::default();
        for (id, text) in (0..).zip(bodies) {
            index.add(id, &body(text));
        }
        index
    }

    #[test]
    fn scores_are_bm25() {
        let index = index(&["red fish", "blue fish fish", "green"]);
        // Average length 2. "red": idf = ln(1 + 2.5 / 1.5); length 2 is average, so saturation is 1.
        let red = index.search("red");
        assert_eq!(red.len(), 1);
        assert!((red[0].1 - (1.0f32 + 2.5 / 1.5).ln()).abs() < 1e-6);
        // "fish": idf = ln(1 + 1.5 / 2.5) = 0.4700; for passage 1, 2 · 2.2 / (2 + 1.2 · (0.25 + 0.75 · 1.5)).
        let fish = index.search("Fishes");
        assert_eq!(fish.iter().map(|hit| hit.0).collect::<Vec<_>>(), [0, 1]);
        assert!((fish[1].1 - 0.470_003_6 * 4.4 / 3.65).abs() < 1e-6);
    }

    #[test]
    fn title_and_heading_weigh_more() {
        let mut index = LexicalIndex::default();
        index.add(0, &Fields { title: "x y", heading: None, body: "token" });
        index.add(1, &Fields { title: "token y", heading: None, body: "x" });
        let scores = index.search("token");
        assert!(scores[1].1 > scores[0].1);
    }

    #[test]
    fn an_empty_index_and_an_empty_query_find_nothing() {
        assert!(LexicalIndex::default().search("word").is_empty());
        assert!(index(&["word"]).search("").is_empty());
        assert!(index(&["word"]).search("other").is_empty());
    }

    proptest! {
        #[test]
        fn removing_is_as_if_never_added(
            texts in prop::collection::vec("[a-d ]{0,12}", 1..12),
            removed in prop::collection::vec(any::<bool>(), 12),
        ) {
            let mut changed = LexicalIndex::default();
            let mut fresh = LexicalIndex::default();
            for (id, text) in (0..).zip(&texts) {
                changed.add(id, &body(text));
                if !removed[id as usize] {
                    fresh.add(id, &body(text));
                }
            }
            for (id, text) in (0..).zip(&texts) {
                if removed[id as usize] {
                    changed.remove(id, &body(text));
                }
            }
            prop_assert_eq!(changed.search("a b c d ab"), fresh.search("a b c d ab"));
            prop_assert_eq!(&changed.postings, &fresh.postings);
            prop_assert_eq!(changed.total_length, fresh.total_length);

            let mut unread = index(&texts.iter().map(String::as_str).collect::<Vec<_>>());
            let gone = (0..texts.len() as u32).filter(|&id| removed[id as usize]).collect();
            unread.remove_all(&gone);
            prop_assert_eq!(unread, changed);
        }
    }
}
