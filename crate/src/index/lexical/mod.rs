//! An inverted index of passages: which of them have a word, in which field, how often.
//!
//! Words are kept as they are written, in lower case and without accents, since what is typed half or wrongly can only be
//! compared with whole words ([`expand`]). Those of one stem are one term to the scores ([`score`]).

pub mod expand;
pub mod score;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::RangeInclusive;

use super::terms::{stem, tokens};

/// How many fields a passage has: title, path of headings, body.
pub const FIELDS: usize = 3;

/// How much of a query is read, in UTF-16 units, as JavaScript counts. Each of its words is compared with the others, and
/// one that no passage has with every word of the index.
pub const QUERY_UNITS: usize = 2000;

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
    /// How often each word occurs in each field.
    fn counts(&self) -> HashMap<String, [u16; FIELDS]> {
        let mut counts: HashMap<String, [u16; FIELDS]> = HashMap::new();
        for (field, text) in [self.title, self.heading.unwrap_or(""), self.body].into_iter().enumerate() {
            for token in tokens(text) {
                let count = &mut counts.entry(token.word).or_default()[field];
                *count = count.saturating_add(1);
            }
        }
        counts
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Posting {
    passage: u32,
    counts: [u16; FIELDS],
}

/// An inverted index of passages.
#[derive(Debug, Default, PartialEq)]
pub struct LexicalIndex {
    /// For each word, its passages in ascending order of id.
    words: BTreeMap<Box<str>, Vec<Posting>>,
    /// The words of each stem, in order.
    stems: HashMap<Box<str>, Vec<Box<str>>>,
    /// Words in each field, by passage id; all 0 where there is none.
    lengths: Vec<[u32; FIELDS]>,
    /// Their sums.
    totals: [u64; FIELDS],
    passages: usize,
}

impl LexicalIndex {
    /// Adds a passage. Its id must be greater than every id added before.
    pub fn add(&mut self, passage: u32, fields: &Fields) {
        debug_assert!(self.lengths.len() <= passage as usize, "passage ids must ascend");
        self.lengths.resize(passage as usize + 1, [0; FIELDS]);
        self.passages += 1;
        for (word, counts) in fields.counts() {
            self.lengthen(passage, counts);
            let posting = Posting { passage, counts };
            match self.words.get_mut(word.as_str()) {
                Some(postings) => postings.push(posting),
                None => self.insert(&word, vec![posting]),
            }
        }
    }

    /// Adds a word that is not there.
    fn insert(&mut self, word: &str, postings: Vec<Posting>) {
        let words = self.stems.entry(stem(word).into()).or_default();
        words.insert(words.partition_point(|other| **other < *word), word.into());
        self.words.insert(word.into(), postings);
    }

    fn lengthen(&mut self, passage: u32, counts: [u16; FIELDS]) {
        for (field, count) in counts.into_iter().enumerate() {
            let length = &mut self.lengths[passage as usize][field];
            // Only a forged file has lengths that do not fit.
            let added = u32::from(count).min(u32::MAX - *length);
            *length += added;
            self.totals[field] += u64::from(added);
        }
    }

    /// Removes a passage. `fields` must be those it was added with.
    pub fn remove(&mut self, passage: u32, fields: &Fields) {
        for word in fields.counts().into_keys() {
            let Some(postings) = self.words.get_mut(word.as_str()) else { continue };
            if let Ok(position) = postings.binary_search_by_key(&passage, |posting| posting.passage) {
                postings.remove(position);
            }
            if postings.is_empty() {
                self.words.remove(word.as_str());
                self.forget_word(&word);
            }
        }
        self.forget_passage(passage);
    }

    /// Removes passages whose fields are not at hand, by reading every posting. None of `gone` may be gone already.
    pub fn remove_all(&mut self, gone: &HashSet<u32>) {
        let mut forgotten = Vec::new();
        self.words.retain(|word, postings| {
            postings.retain(|posting| !gone.contains(&posting.passage));
            if postings.is_empty() {
                forgotten.push(word.clone());
            }
            !postings.is_empty()
        });
        for word in forgotten {
            self.forget_word(&word);
        }
        for &passage in gone {
            self.forget_passage(passage);
        }
    }

    fn forget_word(&mut self, word: &str) {
        let stem = stem(word);
        let Some(words) = self.stems.get_mut(stem.as_str()) else { return };
        words.retain(|other| **other != *word);
        if words.is_empty() {
            self.stems.remove(stem.as_str());
        }
    }

    fn forget_passage(&mut self, passage: u32) {
        let lengths = std::mem::take(&mut self.lengths[passage as usize]);
        for (total, length) in self.totals.iter_mut().zip(lengths) {
            *total -= u64::from(length);
        }
        self.passages -= 1;
    }

    /// Every word in ascending order, with those of its passages that are within `passages`, in ascending order, and how
    /// often each field of theirs has it: all that has to be kept of these passages.
    pub fn postings(
        &self,
        passages: RangeInclusive<u32>,
    ) -> impl Iterator<Item = (&str, impl Iterator<Item = (u32, [u32; FIELDS])> + '_)> {
        self.words.iter().map(move |(word, postings)| {
            let first = postings.partition_point(|posting| posting.passage < *passages.start());
            let end = postings.partition_point(|posting| posting.passage <= *passages.end());
            let kept = |posting: &Posting| (posting.passage, posting.counts.map(u32::from));
            (&**word, postings[first..end].iter().map(kept))
        })
    }

    /// An index of `passages` passages, with ids from `first`, whose words are still to come.
    pub fn with_passages(passages: u32, first: u32) -> Self {
        let lengths = vec![[0; FIELDS]; (first + passages) as usize];
        Self { lengths, passages: passages as usize, ..Self::default() }
    }

    /// Gives back passages of a word, which come after those that it has. They ascend, count from `first` and are fewer
    /// than the index has.
    pub fn restore_word(&mut self, word: &str, postings: Vec<(u32, [u32; FIELDS])>, first: u32) {
        let posting = |(passage, counts): (u32, [u32; FIELDS])| Posting {
            passage: first + passage,
            // Only a forged file has more.
            counts: counts.map(|count| u16::try_from(count).unwrap_or(u16::MAX)),
        };
        let postings: Vec<Posting> = postings.into_iter().map(posting).collect();
        for posting in &postings {
            self.lengthen(posting.passage, posting.counts);
        }
        match self.words.get_mut(word) {
            Some(present) => present.extend(postings),
            None => self.insert(word, postings),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn body(body: &str) -> Fields<'_> {
        Fields { title: "", heading: None, body }
    }

    proptest! {
        #[test]
        fn removing_is_as_if_never_added(
            texts in prop::collection::vec("[a-dA-D_ ]{0,12}", 1..12),
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
            let mut unread = LexicalIndex::default();
            for (id, text) in (0..).zip(&texts) {
                unread.add(id, &body(text));
            }
            unread.remove_all(&(0..texts.len() as u32).filter(|&id| removed[id as usize]).collect());
            prop_assert_eq!(&unread, &changed);
            changed.lengths.truncate(fresh.lengths.len());
            prop_assert_eq!(changed, fresh);
        }

        #[test]
        fn what_is_kept_gives_the_index_back(texts in prop::collection::vec("[a-dA-D_ ]{0,12}", 1..12), first in 0u32..3) {
            let mut index = LexicalIndex::default();
            let mut later = LexicalIndex::default();
            for (id, text) in (0..).zip(&texts) {
                index.add(id, &Fields { title: "Title", heading: Some("B c"), body: text });
                later.add(id + first, &Fields { title: "Title", heading: Some("B c"), body: text });
            }
            let mut restored = LexicalIndex::with_passages(texts.len() as u32, first);
            for (word, postings) in index.postings(0..=u32::MAX) {
                restored.restore_word(word, postings.collect(), first);
            }
            prop_assert_eq!(restored, later);
        }
    }
}
