//! The terms that text is matched by.
//!
//! Words are found by Unicode's rules (UAX #29), folded to lower case without accents, and stemmed (English Snowball).
//! Identifiers, words joined by `-`, `.` or `_`, names in camel case and letters run into digits give their parts and,
//! as one more term, the whole without its joints: `sign-in` is found by `signin`, `COM5` by `com 5`. Between digits the
//! joint stays, since 1.8.19 is not 1819.

use std::borrow::Cow;

use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization_alignments::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

/// English words that say how a question is put, not what it is about. Words that tell instructions apart (on, off, up,
/// out, not, without) are left out of the list.
const FUNCTION_WORDS: &[&str] = &[
    "a", "an", "and", "any", "are", "as", "at", "be", "been", "being", "but", "by", "can", "could", "did", "do",
    "does", "for", "from", "had", "has", "have", "having", "he", "her", "here", "him", "his", "how", "i", "if", "in",
    "into", "is", "it", "its", "may", "me", "might", "mine", "must", "my", "of", "or", "our", "shall", "she", "should",
    "so", "some", "such", "than", "that", "the", "their", "them", "then", "there", "these", "they", "this", "those",
    "to", "us", "was", "we", "were", "what", "when", "where", "which", "who", "whom", "whose", "why", "will", "with",
    "would", "you", "your", "yours",
];

/// The terms of a query: without function words, unless it has nothing else. They stay in the index, where a query made
/// of them alone finds them.
pub(super) fn query_terms(query: &str) -> Vec<String> {
    let is_content = |word: &&str| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        !FUNCTION_WORDS.contains(&word.as_str())
    };
    let content: Vec<&str> = query.split_whitespace().filter(is_content).collect();
    let content = terms(&content.join(" "));
    if content.is_empty() {
        terms(query)
    } else {
        content
    }
}

/// The terms of `text`, in order, with repetitions.
pub(super) fn terms(text: &str) -> Vec<String> {
    let text = fold(text);
    let stemmer = Stemmer::create(Algorithm::English);
    let mut terms = Vec::new();
    let mut words = text.unicode_word_indices().peekable();
    while let Some((start, word)) = words.next() {
        let mut end = start + word.len();
        // UAX #29 leaves hyphens, and dots beside a digit, outside words.
        while let Some((next, word)) = words.next_if(|&(next, _)| matches!(&text[end..next], "-" | ".")) {
            end = next + word.len();
        }
        let compound = &text[start..end];
        let first = terms.len();
        for part in parts(compound) {
            terms.push(stem(&stemmer, part));
        }
        if terms.len() > first + 1 {
            terms.push(stem(&stemmer, &joined(compound)));
        }
    }
    terms
}

/// `text` in compatibility decomposition without accents, with straight apostrophes.
fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let decomposed = text.nfkd().map(|(c, _)| c);
    let folded = decomposed.filter(|c| !matches!(c, '\u{300}'..='\u{36f}')).map(|c| if c == '’' { '\'' } else { c });
    Cow::Owned(folded.collect())
}

fn stem(stemmer: &Stemmer, word: &str) -> String {
    let word = word.to_lowercase();
    // After stemming, which reads the apostrophe of a possessive.
    stemmer.stem(&word).replace('\'', "")
}

fn is_joint(c: char) -> bool {
    matches!(c, '-' | '.' | '_')
}

/// The parts of a compound: at joints, between letters and digits, and at the humps of camel case.
fn parts(compound: &str) -> impl Iterator<Item = &str> {
    compound.split(is_joint).flat_map(humps).filter(|part| !part.is_empty())
}

#[derive(Clone, Copy, PartialEq)]
enum Class {
    Upper,
    Lower,
    Digit,
}

/// `parseHTML5Doc` is parse, HTML, 5, Doc.
fn humps(word: &str) -> Vec<&str> {
    let class = |c: char| {
        if c.is_numeric() {
            Class::Digit
        } else if c.is_uppercase() {
            Class::Upper
        } else {
            Class::Lower
        }
    };
    let mut humps = Vec::new();
    let mut start = 0;
    // The character before, and where it begins.
    let mut before: Option<(usize, Class)> = None;
    for (at, c) in word.char_indices() {
        let now = class(c);
        if let Some((at_before, was)) = before {
            let cut = match (was, now) {
                (Class::Lower, Class::Upper) => at,
                // The last capital of a run begins the next hump.
                (Class::Upper, Class::Lower) => at_before,
                (Class::Digit, Class::Digit) => start,
                (Class::Digit, _) | (_, Class::Digit) => at,
                _ => start,
            };
            if cut > start {
                humps.push(&word[start..cut]);
                start = cut;
            }
        }
        before = Some((at, now));
    }
    humps.push(&word[start..]);
    humps
}

/// A compound without its joints, but for those between two digits.
fn joined(compound: &str) -> String {
    let mut joined = String::with_capacity(compound.len());
    let mut characters = compound.chars().peekable();
    while let Some(c) = characters.next() {
        let between_digits =
            joined.ends_with(char::is_numeric) && characters.peek().is_some_and(|next| next.is_numeric());
        if !is_joint(c) || between_digits {
            joined.push(c);
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        assert_eq!(terms(text), expected);
    }

    #[test]
    fn words_are_folded_and_stemmed() {
        check("Resetting the Passwords!", &["reset", "the", "password"]);
        check("Crème brûlée ＡＢＣ", &["creme", "brule", "abc"]);
        check("the board's don’t", &["the", "board", "dont"]);
        check("", &[]);
        check("— … !", &[]);
    }

    #[test]
    fn compounds_are_kept_whole_and_in_parts() {
        check("sign-in", &["sign", "in", "signin"]);
        check("signin", &["signin"]);
        check("snake_case", &["snake", "case", "snakecas"]);
        check("startsWith", &["start", "with", "startswith"]);
        check("HTTPServer", &["http", "server", "httpserver"]);
        check("COM5", &["com", "5", "com5"]);
        check("1.8.19", &["1", "8", "19", "1.8.19"]);
        check("v2.x", &["v", "2", "x", "v2x"]);
        check("ASEC-21-001", &["asec", "21", "001", "asec21-001"]);
        check("a - b. c", &["a", "b", "c"]);
    }

    #[test]
    fn a_query_drops_function_words_if_it_can() {
        assert_eq!(query_terms("How do I sign in?"), ["sign"]);
        assert_eq!(query_terms("What is the sign-in (IT)"), ["sign", "in", "signin"]);
        assert_eq!(query_terms("turn it off"), ["turn", "off"]);
        assert_eq!(query_terms("what is this ?"), ["what", "is", "this"]);
    }

    #[test]
    fn other_scripts_give_terms() {
        check("Быстрый поиск", &["быстрыи", "поиск"]);
        check("日本", &["日", "本"]);
    }
}
