//! Heading-aware passages: what is embedded, matched and reranked.
//!
//! A body is cut at its headings (`headings.rs`) and each section is packed into passages of at most a budget of
//! tokens, at the coarsest boundary that fits: block, line, sentence, word, and in the end anywhere between two
//! graphemes (unbroken strings, CJK). A passage is a contiguous range of the body, so nothing is rewritten or stored
//! twice. Passages never cross a heading: a small section stays a small passage, since its heading would be wrong for
//! its neighbour's text. Sections that only list other articles are left out (`links.rs`).

use std::ops::Range;
use std::sync::Arc;

use unicode_segmentation::UnicodeSegmentation;

use super::document::Document;
use super::headings::{blocks, sections, Section};
use super::links::is_link_list;

/// The budget of a passage's text, in tokens without special tokens. With a title and a heading before it, the whole
/// stays within the bi-encoder's 256.
pub const PASSAGE_TOKENS: usize = 200;

/// WordPiece gives one unknown token to a word of any length it has no pieces for. Counting at least one token per this
/// many bytes keeps a passage of such words (base64, hashes) short enough to show.
const MAX_BYTES_PER_TOKEN: usize = 16;

/// Counts the tokens of a text, without special tokens. Joining two texts at white space or at the end of a sentence
/// must not give more tokens than they have apart; WordPiece gives exactly as many.
pub type CountTokens<'a> = &'a dyn Fn(&str) -> usize;

/// A part of a document under one heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    /// The path of headings over the text, outermost first, joined by ` > `. All passages of a section share it.
    pub heading: Option<Arc<str>>,
    /// The innermost heading's slug as GitHub forms it, for a link into the page.
    pub anchor: Option<Arc<str>>,
    /// The text, as a range of bytes of the body. Empty for a document or a section that has only its heading.
    pub range: Range<usize>,
    /// Tokens of the whole input (title, heading and text): an upper bound, for filling batches.
    pub tokens: usize,
}

impl Passage {
    /// The passage's text. `document` is the one it was cut from.
    pub fn text<'a>(&self, document: &'a Document) -> &'a str {
        &document.body[self.range.clone()]
    }

    /// What the models read: see [`passage_input`].
    pub fn input(&self, document: &Document) -> String {
        passage_input(&document.title, self.heading.as_deref(), self.text(document))
    }
}

impl Passage {
    /// The input cut to about `tokens` tokens, at the end of a sentence where there is one, and about how many it has:
    /// [`Passage::tokens`] in proportion to the bytes kept. Title and heading are never cut.
    pub fn input_within(&self, document: &Document, tokens: usize) -> (String, usize) {
        let whole = self.input(document);
        if self.tokens <= tokens {
            return (whole, self.tokens);
        }
        let text = self.text(document);
        let head = passage_input(&document.title, self.heading.as_deref(), "").len();
        // A forged index may say anything of tokens.
        let product = |bytes: usize, tokens: usize| (bytes as u64).saturating_mul(tokens as u64);
        let room = (product(whole.len(), tokens) / self.tokens as u64) as usize;
        let room = room.saturating_sub(head).min(text.len());
        let end = sentence_end(text, room).or_else(|| word_end(text, room)).unwrap_or(0);
        let input = passage_input(&document.title, self.heading.as_deref(), &text[..end]);
        let kept = product(input.len(), self.tokens).div_ceil(whole.len().max(1) as u64);
        (input, kept as usize)
    }
}

/// The end of the last sentence or line of `text` that lies within `room` bytes.
fn sentence_end(text: &str, room: usize) -> Option<usize> {
    let ends = text.split_inclusive('\n').flat_map(|line| line.split_sentence_bounds()).scan(0, |end, sentence| {
        *end += sentence.len();
        Some(*end)
    });
    ends.take_while(|&end| text[..end].trim_end().len() <= room).last()
}

/// The end of the last word of `text` that lies within `room` bytes.
fn word_end(text: &str, room: usize) -> Option<usize> {
    let ends = text.split_word_bound_indices().map(|(at, word)| at + word.len());
    ends.take_while(|&end| end <= room).last()
}

/// Cuts a document into passages, in order. There is always at least one: without a body, it stands for the title.
///
/// `budget` is the most tokens of a passage's text (at least 1); only a single grapheme can exceed it.
pub fn passages(document: &Document, budget: usize, count_tokens: CountTokens) -> Vec<Passage> {
    let budget = budget.max(1);
    let packer = Packer { body: &document.body, budget, count_tokens };
    let mut passages = Vec::new();
    for section in kept_sections(document) {
        let head = count_tokens(&passage_input(&document.title, section.heading.as_deref(), ""));
        let (heading, anchor) = (section.heading.map(Arc::from), section.anchor.map(Arc::from));
        for (range, tokens) in packer.pack(section.range) {
            passages.push(Passage {
                heading: heading.clone(),
                anchor: anchor.clone(),
                range,
                // Two for the full stops that joining may add.
                tokens: tokens + head + 2,
            });
        }
    }
    passages
}

/// The sections of a document without those that only list other articles (`links.rs`), unless it has no other text.
fn kept_sections(document: &Document) -> Vec<Section> {
    let (kept, lists): (Vec<_>, Vec<_>) = sections(&document.body, &document.title).into_iter().partition(|section| {
        let text = &document.body[section.range.clone()];
        !section.heading.as_deref().is_some_and(|heading| is_link_list(heading, text))
    });
    if kept.is_empty() {
        lists
    } else {
        kept
    }
}

/// `title. heading. text`, the form both models were trained on: parts that are empty are left out, and no full stop is
/// added where a part ends in punctuation.
pub fn passage_input(title: &str, heading: Option<&str>, text: &str) -> String {
    let mut input = String::with_capacity(title.len() + text.len() + 32);
    for part in [title.trim(), heading.unwrap_or("").trim(), text.trim()] {
        if part.is_empty() {
            continue;
        }
        if !input.is_empty() {
            input.push_str(if input.ends_with(ends_a_phrase) { " " } else { ". " });
        }
        input.push_str(part);
    }
    input
}

/// Punctuation after which a full stop would be one too many.
pub(super) fn ends_a_phrase(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | ':' | ';' | ',' | '…' | '。' | '！' | '？' | '：' | '；' | '，')
}

/// Gives the ranges of a text's pieces.
type Split = fn(&str) -> Vec<Range<usize>>;

/// The boundaries at which text is cut, coarsest first.
const LEVELS: [Split; 4] = [
    blocks,
    |text| pieces(text, text.split_inclusive('\n')),
    |text| pieces(text, text.split_sentence_bounds()),
    |text| pieces(text, text.split_inclusive(char::is_whitespace)),
];

/// The ranges of consecutive pieces of `text`, trimmed, without the empty ones.
fn pieces<'a>(text: &'a str, parts: impl Iterator<Item = &'a str>) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut end = 0;
    for part in parts {
        let start = end;
        end += part.len();
        ranges.extend(trim(text, start..end));
    }
    ranges
}

/// `range` without the white space at its ends; nothing if that is all there is.
pub(super) fn trim(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let part = &text[range.clone()];
    let start = range.start + (part.len() - part.trim_start().len());
    let end = start + part.trim().len();
    (start < end).then_some(start..end)
}

type Unit = (Range<usize>, usize);

struct Packer<'a> {
    body: &'a str,
    budget: usize,
    count_tokens: CountTokens<'a>,
}

impl Packer<'_> {
    fn size(&self, range: Range<usize>) -> usize {
        let text = &self.body[range];
        (self.count_tokens)(text).max(text.len().div_ceil(MAX_BYTES_PER_TOKEN))
    }

    /// Ranges within `range` and their tokens. Lengths are evened out, so that no short tail is left over.
    fn pack(&self, range: Range<usize>) -> Vec<Unit> {
        let mut units = Vec::new();
        self.units(range.clone(), 0, &mut units);
        let mut remaining: usize = units.iter().map(|unit| unit.1).sum();
        let mut packed: Vec<Unit> = Vec::new();
        let mut target = 0;
        for (unit, tokens) in units {
            match packed.last_mut() {
                // Nearer to the even share with this unit than without it.
                Some(last) if last.1 + tokens <= self.budget && last.1 + tokens / 2 <= target => {
                    last.0.end = unit.end;
                    last.1 += tokens;
                }
                _ => {
                    target = remaining.div_ceil(remaining.div_ceil(self.budget).max(1));
                    packed.push((unit, tokens));
                }
            }
            remaining -= tokens;
        }
        if packed.is_empty() {
            packed.push((range, 0));
        }
        packed
    }

    /// Splits `range` into units within the budget, no finer than needed.
    fn units(&self, range: Range<usize>, level: usize, out: &mut Vec<Unit>) {
        if range.is_empty() {
            return;
        }
        // What is longer than the budget at its largest is not worth counting: of megabytes that takes seconds.
        if range.len() <= self.budget.saturating_mul(MAX_BYTES_PER_TOKEN) {
            let size = self.size(range.clone());
            if size <= self.budget {
                out.push((range, size));
                return;
            }
        }
        let Some(split) = LEVELS.get(level) else {
            return self.cut(range, out);
        };
        for piece in split(&self.body[range.clone()]) {
            self.units(range.start + piece.start..range.start + piece.end, level + 1, out);
        }
    }

    /// Cuts a string without white space into the longest pieces that fit, between graphemes.
    fn cut(&self, range: Range<usize>, out: &mut Vec<Unit>) {
        let ends: Vec<usize> = self.body[range.clone()]
            .grapheme_indices(true)
            .map(|(at, grapheme)| range.start + at + grapheme.len())
            .collect();
        let mut start = range.start;
        let mut rest = &ends[..];
        while !rest.is_empty() {
            // No piece is longer than this, so each search stays in a short window.
            let window =
                rest.partition_point(|&end| end - start <= self.budget.saturating_mul(MAX_BYTES_PER_TOKEN)).max(1);
            let taken = rest[..window].partition_point(|&end| self.size(start..end) <= self.budget).max(1);
            let end = rest[taken - 1];
            out.push((start..end, self.size(start..end)));
            start = end;
            rest = &rest[taken..];
        }
    }
}

/// About how many tokens WordPiece makes of a text, where there is no tokenizer to ask: one for each mark and each
/// character of a script without spaces, and one for every six letters or digits begun.
pub fn estimate_tokens(text: &str) -> usize {
    const LETTERS: usize = 6;
    let mut tokens = 0;
    let mut letters = 0usize;
    for c in text.chars() {
        // The scripts without spaces lie beyond CJK radicals.
        if c.is_alphanumeric() && c < '\u{2e80}' {
            letters += 1;
        } else {
            tokens += letters.div_ceil(LETTERS) + usize::from(!c.is_whitespace());
            letters = 0;
        }
    }
    tokens + letters.div_ceil(LETTERS)
}
