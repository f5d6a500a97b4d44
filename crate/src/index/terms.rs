//! The terms that text is matched by.
//!
//! Words are found by Unicode's rules (UAX #29), folded to lower case without accents, and stemmed (English Snowball).
//! Identifiers, words joined by one of `-._/@:`, names in camel case and letters run into digits give their parts and, as
//! one more term, the whole without its joints: `sign-in` is found by `signin`, `COM5` by `com 5`, `ERR_NO_ROOM` by itself
//! and by `room`. Between digits the joint stays, since 1.8.19 is not 1819, and `v1.8.19` is 1.8.19.

use std::borrow::Cow;

use rust_stemmers::{Algorithm, Stemmer};
use unicode_segmentation::UnicodeSegmentation;

use super::lexical::QUERY_UNITS;

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

/// What a token is of its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A word.
    Word,
    /// A part of an identifier or compound.
    Part,
    /// An identifier or compound, without its joints.
    Whole,
}

/// A word of a text, or what is treated as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    /// As in the text, in lower case, without accents and apostrophes of a possessive.
    pub word: String,
    pub kind: Kind,
}

/// The tokens of a query without function words, unless it has nothing else (they stay in the index, where a query made
/// of them alone finds them), and whether the last of them may go on: nothing that ends a word follows it. What is past
/// [`QUERY_UNITS`] is not read.
pub(super) fn query_tokens(query: &str) -> (Vec<Token>, bool) {
    let query = beginning(query);
    let is_content = |word: &&str| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        !FUNCTION_WORDS.contains(&word.as_str())
    };
    let open = query.ends_with(char::is_alphanumeric);
    let content: Vec<&str> = query.split_whitespace().filter(is_content).collect();
    let last_is_content = query.split_whitespace().next_back().is_some_and(|word| is_content(&word));
    let content = tokens(&content.join(" "));
    if content.is_empty() {
        (tokens(query), open)
    } else {
        (content, open && last_is_content)
    }
}

fn beginning(query: &str) -> &str {
    let mut units = 0;
    let end = query.char_indices().find(|(_, c)| {
        units += c.len_utf16();
        units > QUERY_UNITS
    });
    end.map_or(query, |(at, _)| &query[..at])
}

/// The tokens of `text`, in order, with repetitions. A whole comes after its parts.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let text = fold(text);
    let token = |word: &str, kind| {
        let word = word.to_lowercase();
        let word = word.strip_suffix("'s").or_else(|| word.strip_suffix('\'')).unwrap_or(&word);
        Token { word: word.replace('\'', ""), kind }
    };
    let mut tokens = Vec::new();
    let mut words = text.unicode_word_indices().peekable();
    while let Some((start, word)) = words.next() {
        let mut end = start + word.len();
        // UAX #29 leaves most joints outside words.
        while let Some((next, word)) = words.next_if(|&(next, _)| is_one_joint(&text[end..next])) {
            end = next + word.len();
        }
        let compound = &text[start..end];
        let parts: Vec<&str> = parts(compound).collect();
        let kind = if parts.len() > 1 { Kind::Part } else { Kind::Word };
        tokens.extend(parts.into_iter().map(|part| token(part, kind)));
        if kind == Kind::Part {
            tokens.push(token(&joined(compound), Kind::Whole));
        }
    }
    // The part between the digits of "5'6" is an apostrophe, and nothing without it.
    tokens.retain(|token| !token.word.is_empty());
    tokens
}

/// A word as it is compared with others: in lower case and without accents.
pub(crate) fn normal_form(word: &str) -> String {
    fold(word).to_lowercase()
}

/// The stem of a word, by which it is matched.
pub(crate) fn stem(word: &str) -> String {
    Stemmer::create(Algorithm::English).stem(word).into_owned()
}

fn is_one_joint(between: &str) -> bool {
    let mut characters = between.chars();
    characters.next().is_some_and(is_joint) && characters.next().is_none()
}

/// `text` in compatibility decomposition without accents, with straight apostrophes.
fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let kept = |c: &char| !matches!(c, '\u{300}'..='\u{36f}');
    Cow::Owned(decompose(text).chars().filter(kept).map(|c| if c == '’' { '\'' } else { c }).collect())
}

/// Normalization form NFKD.
#[cfg(any(feature = "models", not(target_arch = "wasm32")))]
fn decompose(text: &str) -> String {
    use unicode_normalization_alignments::UnicodeNormalization;
    text.nfkd().map(|(c, _)| c).collect()
}

/// Normalization form NFKD, by the browser: its tables would be a third of the small binary.
#[cfg(not(any(feature = "models", not(target_arch = "wasm32"))))]
fn decompose(text: &str) -> String {
    js_sys::JsString::from(text).normalize("NFKD").into()
}

fn is_joint(c: char) -> bool {
    matches!(c, '-' | '.' | '_' | '/' | '@' | ':')
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

/// A compound without its joints, but for those between two digits; a version without its `v`.
fn joined(compound: &str) -> String {
    let compound = compound.strip_prefix(['v', 'V']).filter(|rest| is_version(rest)).unwrap_or(compound);
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

/// Whether `text` is digits and dots, with at least one dot.
fn is_version(text: &str) -> bool {
    text.contains('.')
        && text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c == '.' || c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(text: &str) -> Vec<String> {
        tokens(text).into_iter().map(|token| stem(&token.word)).collect()
    }

    fn query_terms(query: &str) -> Vec<String> {
        query_tokens(query).0.into_iter().map(|token| stem(&token.word)).collect()
    }

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
        check("E0308", &["e", "0308", "e0308"]);
        check("ERR_MODULE_NOT_FOUND", &["err", "modul", "not", "found", "errmodulenotfound"]);
        check("v1.2.3 or 1.2.3", &["v", "1", "2", "3", "1.2.3", "or", "1", "2", "3", "1.2.3"]);
        check("npm run --no-opt", &["npm", "run", "no", "opt", "noopt"]);
        check("src/main.rs", &["src", "main", "rs", "srcmainr"]);
        check("actions/checkout@v2", &["action", "checkout", "v", "2", "actionscheckoutv2"]);
        check("5'6", &["5", "6", "56"]);
        check("is:open http://a.io", &["is", "open", "isopen", "http", "a", "io", "aio"]);
    }

    #[test]
    fn a_query_drops_function_words_if_it_can() {
        assert_eq!(query_terms("How do I sign in?"), ["sign"]);
        assert_eq!(query_terms("What is the sign-in (IT)"), ["sign", "in", "signin"]);
        assert_eq!(query_terms("turn it off"), ["turn", "off"]);
        assert_eq!(query_terms("what is this ?"), ["what", "is", "this"]);
    }

    #[test]
    fn a_query_is_read_up_to_its_limit() {
        let query = "a1 ".repeat(QUERY_UNITS);
        // Each "a1 " gives two parts and the whole; the last comes without its space.
        assert_eq!(query_tokens(&query), query_tokens(&query[..QUERY_UNITS]));
        assert_eq!(query_terms(&query).len(), 3 * (QUERY_UNITS / 3) + 3);
        // Of two units each; half a character is none.
        let wide = format!("x{}", "𝐚".repeat(QUERY_UNITS));
        assert_eq!(query_tokens(&wide).0[0].word.len(), QUERY_UNITS / 2);
    }

    #[test]
    fn the_last_word_is_open_while_it_may_go_on() {
        for (query, open) in [
            ("reset pass", true),
            ("reset pass ", false),
            ("reset pass?", false),
            ("GITHUB_TOK", true),
            ("reset the", false),
            ("the", true),
            ("", false),
        ] {
            assert_eq!(query_tokens(query).1, open, "{query:?}");
        }
    }

    #[test]
    fn tokens_keep_the_word_and_say_what_it_is() {
        let found = tokens("Notifications: camelCases");
        let found: Vec<_> = found.iter().map(|token| (token.word.as_str(), token.kind)).collect();
        assert_eq!(
            found,
            [("notifications", Kind::Word), ("camel", Kind::Part), ("cases", Kind::Part), ("camelcases", Kind::Whole),]
        );
    }

    #[test]
    fn other_scripts_give_terms() {
        check("Быстрый поиск", &["быстрыи", "поиск"]);
        check("日本", &["日", "本"]);
    }
}
