//! Which terms of the index a query's words stand for.
//!
//! A word that the index has stands for itself. The word being typed stands for every word that begins with it. A word
//! that the index does not have stands for the nearest words by edit distance (optimal string alignment: insertions,
//! deletions, substitutions, and swaps of neighbours), at most 1 from four letters and 2 from eight to 64; where none is near
//! enough, for two words written together. What stands for a word counts less than the word itself would.

use std::cmp::Reverse;
use std::ops::Bound;

use serde::Serialize;

use super::super::terms::{query_tokens, stem, Kind, Token};
use super::LexicalIndex;

/// How a term of a query came to its words of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum TermKind {
    /// As written, up to its inflection.
    Word,
    /// As the beginning of a word.
    Prefix,
    /// Misspelt.
    Typo,
    /// An identifier or compound as a whole.
    Identifier,
    /// A part of an identifier or compound, or of two words written together.
    Part,
}

/// A term of a query and the terms of the index that it stands for.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryTerm {
    /// As in the query, in lower case and without accents.
    pub text: String,
    /// How the words were found.
    pub kind: TermKind,
    /// The words of the index, as written there in lower case and without accents. Empty when nothing was found.
    pub words: Vec<String>,
    /// How often the query has it.
    pub times: u32,
    /// Stems of the index, each with what a match counts.
    pub(super) stems: Vec<(String, f32)>,
}

/// What a match counts when it is not of the word itself.
const PREFIX_WEIGHT: f32 = 0.7;
const TYPO_WEIGHTS: [f32; 2] = [0.8, 0.6];
const SPLIT_WEIGHT: f32 = 0.8;

/// The shortest beginning of a word that is completed.
const MIN_PREFIX: usize = 2;
/// The shortest part of two words written together.
const MIN_SPLIT: usize = 3;
/// The longest word that may be misspelt, in letters: comparing two takes as long as the product of their lengths.
const MAX_TYPO: usize = 64;
/// The most words that one word stands for, the most frequent first.
const MAX_PREFIXED: usize = 40;
const MAX_MISSPELT: usize = 6;

impl LexicalIndex {
    /// The terms of a query, in its order. With `typing`, the last word also stands for those that begin with it when
    /// it is itself a word of the index. Of a query, [`QUERY_UNITS`](super::QUERY_UNITS) are read.
    pub fn expand(&self, query: &str, typing: bool) -> Vec<QueryTerm> {
        let (tokens, open) = query_tokens(query);
        // The part and the whole of a last compound both go on.
        let last = tokens.len() - usize::from(tokens.last().is_some_and(|token| token.kind == Kind::Whole));
        let mut expanded: Vec<QueryTerm> = Vec::new();
        for (position, token) in tokens.iter().enumerate() {
            if let Some(same) = expanded.iter_mut().find(|other| other.text == token.word) {
                same.times += 1;
                continue;
            }
            let open = open && position + 1 >= last;
            expanded.extend(self.expand_token(token, open, typing));
        }
        expanded
    }

    fn expand_token(&self, token: &Token, open: bool, typing: bool) -> Vec<QueryTerm> {
        let kind = match token.kind {
            Kind::Word => TermKind::Word,
            Kind::Part => TermKind::Part,
            Kind::Whole => TermKind::Identifier,
        };
        let term = |kind, words, stems| QueryTerm { text: token.word.clone(), kind, words, times: 1, stems };
        let own = stem(&token.word);
        let mut itself = term(kind, self.words_of(&own), vec![(own.clone(), 1.0)]);
        let known = !itself.words.is_empty();
        if open && (typing || !known) {
            let (words, stems) = self.beginning_with(&token.word);
            if !known && !words.is_empty() {
                return vec![term(TermKind::Prefix, words, stems)];
            }
            let (words, stems) = (without(words, &itself.words), stems.into_iter().filter(|(stem, _)| *stem != own));
            itself.stems.extend(stems);
            itself.words.extend(words);
        }
        // A compound that nobody wrote is found by its parts.
        if known || token.kind == Kind::Whole {
            return vec![itself];
        }
        let (words, stems) = self.misspelt(&token.word);
        if !words.is_empty() {
            return vec![term(TermKind::Typo, words, stems)];
        }
        match self.split(&token.word) {
            Some(parts) => parts.into(),
            None => vec![term(kind, Vec::new(), Vec::new())],
        }
    }

    /// The words of a stem.
    fn words_of(&self, stem: &str) -> Vec<String> {
        self.stems.get(stem).into_iter().flatten().map(|word| word.to_string()).collect()
    }

    fn beginning_with(&self, prefix: &str) -> (Vec<String>, Vec<(String, f32)>) {
        let letters = prefix.chars().count();
        if letters < MIN_PREFIX {
            return Default::default();
        }
        let range = (Bound::Included(prefix), Bound::Unbounded);
        let words = self.words.range::<str, _>(range).map(|(word, postings)| (&**word, postings.len(), 0));
        let found = words.take_while(|(word, ..)| word.starts_with(prefix)).collect();
        self.stand_ins(found, MAX_PREFIXED, |_| PREFIX_WEIGHT)
    }

    fn misspelt(&self, word: &str) -> (Vec<String>, Vec<(String, f32)>) {
        let letters: Vec<char> = word.chars().collect();
        let most = match letters.len() {
            // A code that is off by one is another code.
            _ if !letters.iter().all(|c| c.is_alphabetic()) => 0,
            0..4 => 0,
            4..8 => 1,
            8..=MAX_TYPO => 2,
            _ => 0,
        };
        if most == 0 {
            return Default::default();
        }
        let set = letter_set(word);
        let mut found = Vec::new();
        let mut nearest = most;
        for (other, postings) in &self.words {
            // Bytes bound characters from above: every character of a script is of nearly the same width.
            if other.len() + 4 * nearest < word.len() || other.len() > word.len() + 4 * nearest {
                continue;
            }
            let set_of_other = letter_set(other);
            let missing = (set & !set_of_other).count_ones().max((set_of_other & !set).count_ones());
            if missing as usize > nearest {
                continue;
            }
            let distance = strsim::osa_distance(word, other);
            if distance <= nearest {
                nearest = distance;
                found.push((&**other, postings.len(), distance));
            }
        }
        found.retain(|&(_, _, distance)| distance == nearest);
        self.stand_ins(found, MAX_MISSPELT, |distance| TYPO_WEIGHTS[distance.saturating_sub(1)])
    }

    /// The `most` frequent of the words found, each with its number of passages and its distance, and their stems with
    /// what each counts.
    fn stand_ins(
        &self,
        mut found: Vec<(&str, usize, usize)>,
        most: usize,
        weight: impl Fn(usize) -> f32,
    ) -> (Vec<String>, Vec<(String, f32)>) {
        found.sort_unstable_by_key(|&(word, passages, _)| (Reverse(passages), word));
        found.truncate(most);
        let mut stems: Vec<(String, f32)> = Vec::new();
        for &(word, _, distance) in &found {
            let (stem, weight) = (stem(word), weight(distance));
            match stems.iter_mut().find(|(other, _)| *other == stem) {
                Some((_, most)) => *most = most.max(weight),
                None => stems.push((stem, weight)),
            }
        }
        (found.iter().map(|(word, ..)| (*word).to_owned()).collect(), stems)
    }

    /// Two words of the index that `word` is made of: the pair whose rarer word is the most frequent.
    fn split(&self, word: &str) -> Option<[QueryTerm; 2]> {
        let cuts = word.char_indices().map(|(at, _)| at).filter(|&at| at >= MIN_SPLIT && at + MIN_SPLIT <= word.len());
        let pairs = cuts.filter_map(|at| {
            let (first, second) = word.split_at(at);
            let (a, b) = (self.words.get(first)?.len(), self.words.get(second)?.len());
            Some((a.min(b), [first, second]))
        });
        let (_, parts) = pairs.max_by_key(|&(passages, _)| passages)?;
        Some(parts.map(|part| {
            let stem = stem(part);
            let words = self.words_of(&stem);
            QueryTerm {
                text: part.to_owned(),
                kind: TermKind::Part,
                words,
                times: 1,
                stems: vec![(stem, SPLIT_WEIGHT)],
            }
        }))
    }
}

fn without(mut words: Vec<String>, others: &[String]) -> Vec<String> {
    words.retain(|word| !others.contains(word));
    words
}

/// The letters of a word as bits, for a bound on the edit distance that costs next to nothing: one edit brings in at most
/// one letter and takes out at most one.
fn letter_set(word: &str) -> u32 {
    word.chars().fold(0, |set, c| set | 1 << (c as u32 & 31))
}

#[cfg(test)]
mod tests {
    use super::super::Fields;
    use super::*;
    use proptest::prelude::*;

    fn index(bodies: &[&str]) -> LexicalIndex {
        let mut index = LexicalIndex::default();
        for (id, body) in (0..).zip(bodies) {
            index.add(id, &Fields { title: "", heading: None, body });
        }
        index
    }

    /// (text, kind, words) of each term of a query.
    #[track_caller]
    fn check(index: &LexicalIndex, query: &str, typing: bool, expected: &[(&str, TermKind, &[&str])]) {
        let found = index.expand(query, typing);
        let found: Vec<_> = found
            .iter()
            .map(|term| {
                let mut words: Vec<&str> = term.words.iter().map(String::as_str).collect();
                words.sort_unstable();
                (term.text.as_str(), term.kind, words)
            })
            .collect();
        let expected: Vec<_> = expected.iter().map(|&(text, kind, words)| (text, kind, words.to_vec())).collect();
        assert_eq!(found, expected, "{query:?}");
    }

    use TermKind::{Identifier, Part, Prefix, Typo, Word};

    #[test]
    fn words_stand_for_their_inflections() {
        let index = index(&["Resetting passwords", "reset the password"]);
        check(
            &index,
            "how do I reset passwords? ",
            false,
            &[("reset", Word, &["reset", "resetting"]), ("passwords", Word, &["password", "passwords"])],
        );
        assert_eq!(index.expand("reset reset", false)[0].times, 2);
    }

    #[test]
    fn the_last_word_is_completed() {
        let index = index(&["notification notifications notes", "password"]);
        check(&index, "passw", false, &[("passw", Prefix, &["password"])]);
        // It is no beginning of their stem.
        check(&index, "notificati", false, &[("notificati", Prefix, &["notification", "notifications"])]);
        check(&index, "passw notes", false, &[("passw", Word, &[]), ("notes", Word, &["notes"])]);
        check(&index, "passw ", false, &[("passw", Word, &[])]);
        check(&index, "p", true, &[("p", Word, &[])]);
        check(&index, "zz", true, &[("zz", Word, &[])]);
    }

    #[test]
    fn a_word_of_the_index_is_completed_only_while_typing() {
        let index = index(&["note notebook"]);
        check(&index, "note", false, &[("note", Word, &["note"])]);
        check(&index, "note", true, &[("note", Word, &["note", "notebook"])]);
        check(&index, "note ", true, &[("note", Word, &["note"])]);
        let terms = index.expand("note", true);
        assert_eq!(terms[0].stems, [("note".to_owned(), 1.0), ("notebook".to_owned(), PREFIX_WEIGHT)]);
    }

    #[test]
    fn misspelt_words_stand_for_the_nearest() {
        let index = index(&["repository notification sign form from wifi"]);
        for (query, word) in [
            ("repositry ", "repository"),
            ("repsoitroy ", "repository"),
            ("notificatoin ", "notification"),
            ("notifikashon ", ""),
            ("sing ", "sign"),
            ("wfi ", ""),
            ("wiifi ", "wifi"),
        ] {
            let terms = index.expand(query, false);
            assert_eq!(terms[0].words, if word.is_empty() { vec![] } else { vec![word] }, "{query}");
            assert_eq!(terms[0].kind == Typo, !word.is_empty(), "{query}");
        }
        // Two words of thousands of letters would take millions of steps.
        let long = "ab".repeat(MAX_TYPO);
        let others = self::index(&[&format!("{long}c {}c", &long[..MAX_TYPO - 1])]);
        assert_eq!(others.expand(&format!("{long} "), false)[0].words, [""; 0]);
        assert_eq!(others.expand(&format!("{} ", &long[..MAX_TYPO]), false)[0].kind, Typo);
        // Known words are taken as they are, however near others are.
        check(&index, "form ", false, &[("form", Word, &["form"])]);
    }

    #[test]
    fn codes_are_not_misspelt() {
        let index = index(&["E0308 ERR_MODULE_NOT_FOUND v1.2.3 --no-opt camelCase"]);
        check(&index, "E0309 ", false, &[("e", Part, &["e"]), ("0309", Part, &[]), ("e0309", Identifier, &[])]);
        check(
            &index,
            "err_module_not_found ",
            false,
            &[
                ("err", Part, &["err"]),
                ("module", Part, &["module"]),
                ("not", Part, &["not"]),
                ("found", Part, &["found"]),
                ("errmodulenotfound", Identifier, &["errmodulenotfound"]),
            ],
        );
        check(&index, "camelcase", false, &[("camelcase", Word, &["camelcase"])]);
        check(&index, "noopt", false, &[("noopt", Word, &["noopt"])]);
        let version = index.expand("1.2.3", false);
        assert_eq!(version.last().unwrap().words, ["1.2.3"]);
    }

    #[test]
    fn a_half_typed_identifier_is_completed_in_part_and_whole() {
        let index = index(&["GITHUB_TOKEN"]);
        check(
            &index,
            "GITHUB_TOK",
            true,
            &[("github", Part, &["github"]), ("tok", Prefix, &["token"]), ("githubtok", Prefix, &["githubtoken"])],
        );
    }

    #[test]
    fn words_written_together_are_split() {
        let index = index(&["dark theme", "dark mode", "dark mode", "dar kmode"]);
        check(&index, "darkmode ", false, &[("dark", Part, &["dark"]), ("mode", Part, &["mode"])]);
        check(&index, "darkmodes", false, &[("darkmodes", Word, &[])]);
    }

    fn words() -> impl Strategy<Value = Vec<String>> {
        prop::collection::vec("[abcé]{3,9}", 1..20)
    }

    proptest! {
        /// The short cuts of the scan lose nothing.
        #[test]
        fn misspelt_words_are_those_of_least_distance(words in words(), query in "[abcé]{4,9}") {
            let index = index(&[words.join(" ").as_str()]);
            let folded = query.replace('é', "e");
            let most = if folded.len() < 8 { 1 } else { 2 };
            let near = index.words.keys().map(|word| strsim::osa_distance(&folded, word)).min().unwrap_or(usize::MAX);
            let (found, stems) = index.misspelt(&folded);
            if near <= most && near > 0 {
                prop_assert!(!found.is_empty() && found.len() <= MAX_MISSPELT);
                prop_assert!(found.iter().all(|word| strsim::osa_distance(&folded, word) == near));
                prop_assert!(stems.iter().all(|&(_, weight)| weight == TYPO_WEIGHTS[near - 1]));
            } else if near > most {
                prop_assert!(found.is_empty());
            }
        }

        #[test]
        fn completions_begin_with_what_was_typed(words in words(), query in "[abc]{2,4}") {
            let index = index(&[words.join(" ").as_str()]);
            let (found, _) = index.beginning_with(&query);
            let expected = index.words.keys().filter(|word| word.starts_with(&query)).count();
            prop_assert_eq!(found.len(), expected.min(MAX_PREFIXED));
            prop_assert!(found.iter().all(|word| word.starts_with(&query)));
        }
    }
}
