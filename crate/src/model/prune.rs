//! Which tokens of a vocabulary a site needs.
//!
//! WordPiece takes the longest token that a word goes on with. Leaving out tokens that a text does not use changes nothing
//! for that text: at each place the longest is still there, and no longer one has come. Other texts are cut into smaller
//! pieces; since every single character stays, none that could be read becomes `[UNK]`.

use std::collections::HashSet;

use serde_json::Value;

use crate::text::document::Document;
use crate::text::passages::{passages, PASSAGE_TOKENS};
use crate::text::tokenizer::{Tokenizer, SPECIAL_TOKENS};
use crate::{Error, Result};

/// How many of the most frequent tokens are kept unless told otherwise: words that visitors ask with and no page has.
pub const COMMON: usize = 10_000;

/// What the tokens that are kept go by.
pub struct Pruning {
    /// Texts whose tokens are all kept.
    pub texts: Vec<String>,
    /// So many tokens from the vocabulary's beginning are kept too, single characters not counted: BERT's is in the order
    /// of frequency.
    pub common: usize,
}

/// The texts of a corpus, a JSON array or JSON Lines: every string of each value, and of a value that is a document also
/// its passages as the models read them.
///
/// # Errors
/// [`Error::InvalidInput`] for what is no JSON, or has no text.
pub fn texts(corpus: &[u8], tokenizer: &Tokenizer) -> Result<Vec<String>> {
    let invalid = |error: serde_json::Error| Error::InvalidInput(format!("corpus: {error}; expected JSON Lines"));
    let values: Vec<Value> = if corpus.trim_ascii_start().starts_with(b"[") {
        serde_json::from_slice(corpus).map_err(invalid)?
    } else {
        serde_json::Deserializer::from_slice(corpus)
            .into_iter()
            .collect::<std::result::Result<_, _>>()
            .map_err(invalid)?
    };
    let mut texts = Vec::new();
    for (position, value) in values.into_iter().enumerate() {
        strings(&value, &mut texts);
        // A value of another kind, such as a query, has nothing beside its strings.
        let Ok(document) = Document::from_value(value, position) else { continue };
        let cut = passages(&document, PASSAGE_TOKENS, &|text| tokenizer.count_tokens(text));
        texts.extend(cut.iter().map(|passage| passage.input(&document)));
    }
    if texts.iter().all(|text| text.trim().is_empty()) {
        return Err(Error::InvalidInput("corpus: expected documents with text, found none".into()));
    }
    Ok(texts)
}

fn strings(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| strings(value, found)),
        Value::Object(fields) => fields.values().for_each(|value| strings(value, found)),
        _ => {}
    }
}

/// The ids that are kept, in their order: special tokens, single characters (at the beginning of a word and within it), the
/// tokens of the texts, the most frequent ones, and tokens with a character that is no token by itself. `tokens` is the
/// tokenizer's whole vocabulary.
///
/// # Errors
/// [`Error::InvalidTokenizer`] if a text cannot be tokenized.
pub fn kept(tokenizer: &Tokenizer, tokens: &[String], pruning: &Pruning) -> Result<Vec<u32>> {
    let mut used = HashSet::new();
    for text in &pruning.texts {
        used.extend(tokenizer.encode_query(text, usize::MAX)?);
    }
    let is_unused = |token: &str| token.starts_with("[unused") && token.ends_with(']');
    let mut common = pruning.common;
    let keep = |(id, token): (u32, &String)| {
        if SPECIAL_TOKENS.contains(&token.as_str()) || !is_unused(token) && !is_made_of_others(tokenizer, token) {
            return Some(id);
        }
        let is_common = !is_unused(token) && common > 0;
        common -= usize::from(is_common);
        (is_common || used.contains(&id)).then_some(id)
    };
    Ok((0..).zip(tokens).filter_map(keep).collect())
}

/// Whether a token has several characters, each of which is a token where it stands: without it, its words are cut there.
fn is_made_of_others(tokenizer: &Tokenizer, token: &str) -> bool {
    let (within, text) = token.strip_prefix("##").map_or((false, token), |text| (true, text));
    let is_token = |(place, character): (usize, char)| {
        let prefix = if within || place > 0 { "##" } else { "" };
        tokenizer.token_to_id(&format!("{prefix}{character}")).is_some()
    };
    text.chars().nth(1).is_some() && text.chars().enumerate().all(is_token)
}
