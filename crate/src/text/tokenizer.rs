//! WordPiece tokenization, by the `tokenizers` crate, and the two input layouts of BERT.
//!
//! Special tokens, truncation and padding are laid out here, not by the tokenizer file: the files published with
//! MiniLM ask for truncation and fixed padding at 128 tokens, which is neither what sentence-transformers applies
//! nor what a batch without padding needs.

use std::str::FromStr;

use serde_json::{Map, Value};
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::models::ModelWrapper;
use tokenizers::normalizers::{BertNormalizer, NormalizerWrapper};
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::{AddedToken, Model};

use crate::{Error, Result};

/// The longest word that is looked up piece by piece, in characters: the time grows with its cube. BERT's is 100.
const MAX_WORD: u64 = 200;

/// The steps before WordPiece that a tokenizer.json may ask for. Others make a text many times longer, take regular
/// expressions, or panic in the `tokenizers` crate when they are damaged.
const NORMALIZERS: &[&str] =
    &["BertNormalizer", "Lowercase", "NFC", "NFD", "NFKC", "NFKD", "Sequence", "Strip", "StripAccents"];
const PRE_TOKENIZERS: &[&str] =
    &["BertPreTokenizer", "Digits", "Punctuation", "Sequence", "Whitespace", "WhitespaceSplit"];
/// The most of them: each reads all of a text.
const MAX_STEPS: usize = 16;

/// BERT's.
pub(crate) const SPECIAL_TOKENS: [&str; 5] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

/// One sequence as BERT reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoding {
    /// Vocabulary ids, `[CLS]` and `[SEP]` included.
    pub ids: Vec<u32>,
    /// Segment of each id: 0 up to the first `[SEP]`, 1 after it.
    pub type_ids: Vec<u32>,
}

/// A WordPiece tokenizer with `[CLS]` and `[SEP]`.
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    cls: u32,
    sep: u32,
}

impl Tokenizer {
    /// Reads a `tokenizer.json`. Its truncation, padding, post-processor and decoder are ignored.
    ///
    /// # Errors
    /// [`Error::InvalidTokenizer`] if it is damaged, not WordPiece, lacks `[CLS]` or `[SEP]`, or asks for steps that BERT's
    /// tokenizers do not take.
    pub fn from_json(bytes: &[u8]) -> Result<Self> {
        let mut file: Map<String, Value> = serde_json::from_slice(bytes).map_err(invalid)?;
        for ignored in ["truncation", "padding", "post_processor", "decoder"] {
            file.insert(ignored.into(), Value::Null);
        }
        let Some(Value::Object(model)) = file.get_mut("model") else { return Err(no_word_piece()) };
        // Old files do not name the kind.
        if model.entry("type").or_insert_with(|| "WordPiece".into()) != "WordPiece" {
            return Err(no_word_piece());
        }
        if let Some(most) =
            model.get("max_input_chars_per_word").and_then(Value::as_u64).filter(|&most| most > MAX_WORD)
        {
            return Err(invalid(format!("max_input_chars_per_word: expected at most {MAX_WORD}, found {most}")));
        }
        let steps = [("normalizer", "normalizers", NORMALIZERS), ("pre_tokenizer", "pretokenizers", PRE_TOKENIZERS)];
        for (name, nested, known) in steps {
            if count_steps(name, nested, known, file.get(name).unwrap_or(&Value::Null))? > MAX_STEPS {
                return Err(invalid(format!("{name}: expected at most {MAX_STEPS} steps")));
            }
        }
        let json = Value::Object(file).to_string();
        Self::from_inner(tokenizers::Tokenizer::from_str(&json).map_err(invalid)?)
    }

    /// Builds the uncased BERT tokenizer around a vocabulary: `vocabulary[id]` is the token, with `##` in front of
    /// word continuations.
    ///
    /// # Errors
    /// [`Error::InvalidTokenizer`] if a special token is missing or a token occurs twice.
    pub fn from_vocabulary<T: AsRef<str>>(vocabulary: &[T]) -> Result<Self> {
        let lines: Vec<&str> = vocabulary.iter().map(AsRef::as_ref).collect();
        // The crate's vocabulary is a map of a hasher it does not re-export; its line reader makes one.
        let map = WordPiece::read_bytes(lines.join("\n").as_bytes()).map_err(invalid)?;
        if map.len() != lines.len() {
            return Err(Error::InvalidTokenizer(format!(
                "expected {} distinct tokens in the vocabulary, found {}",
                lines.len(),
                map.len()
            )));
        }
        let model = WordPiece::builder().vocab(map).unk_token("[UNK]".into()).build().map_err(invalid)?;
        let mut inner = tokenizers::Tokenizer::new(model);
        inner.with_normalizer(Some(BertNormalizer::new(true, true, None, true))).map_err(invalid)?;
        inner.with_pre_tokenizer(Some(BertPreTokenizer));
        let special = SPECIAL_TOKENS
            .iter()
            .filter(|token| inner.token_to_id(token).is_some())
            .map(|token| AddedToken::from(*token, true));
        let special: Vec<AddedToken> = special.collect();
        inner.add_special_tokens(special).map_err(invalid)?;
        Self::from_inner(inner)
    }

    /// Reads a `vocab.txt` (one token a line, in the order of the ids) or a `tokenizer.json`, whichever `bytes` is.
    ///
    /// # Errors
    /// As [`Tokenizer::from_json`] and [`Tokenizer::from_vocabulary`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        if bytes.trim_ascii_start().starts_with(b"{") {
            return Self::from_json(bytes);
        }
        let text = std::str::from_utf8(bytes).map_err(invalid)?;
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        Self::from_vocabulary(&lines)
    }

    fn from_inner(mut inner: tokenizers::Tokenizer) -> Result<Self> {
        if !matches!(inner.get_model(), ModelWrapper::WordPiece(_)) {
            return Err(no_word_piece());
        }
        inner.with_truncation(None).map_err(invalid)?;
        inner.with_padding(None);
        let id = |token: &str| {
            inner
                .token_to_id(token)
                .ok_or_else(|| Error::InvalidTokenizer(format!("the vocabulary has no {token} token")))
        };
        let (cls, sep) = (id("[CLS]")?, id("[SEP]")?);
        Ok(Self { inner, cls, sep })
    }

    /// `[CLS] text [SEP]`, cut to `max_tokens` in all; every segment id is 0.
    ///
    /// # Errors
    /// [`Error::InvalidTokenizer`] if the vocabulary cannot express the text (it has no `[UNK]`).
    pub fn encode(&self, text: &str, max_tokens: usize) -> Result<Encoding> {
        let mut ids = vec![self.cls];
        ids.extend(self.pieces(text)?.into_iter().take(max_tokens.saturating_sub(2)));
        ids.push(self.sep);
        let type_ids = vec![0; ids.len()];
        Ok(Encoding { ids, type_ids })
    }

    /// The ids of a query, cut to half of `max_tokens` so that a passage always has room beside it.
    ///
    /// # Errors
    /// As [`Tokenizer::encode`].
    pub fn encode_query(&self, query: &str, max_tokens: usize) -> Result<Vec<u32>> {
        let mut ids = self.pieces(query)?;
        ids.truncate(max_tokens / 2);
        Ok(ids)
    }

    /// `[CLS] query [SEP] passage [SEP]`; only the passage is cut to keep to `max_tokens` in all. Segment ids are 0
    /// up to the first `[SEP]`, 1 after it. `query` comes from [`Tokenizer::encode_query`], so that one query is
    /// tokenized once for all its passages.
    ///
    /// # Errors
    /// As [`Tokenizer::encode`].
    pub fn encode_pair(&self, query: &[u32], passage: &str, max_tokens: usize) -> Result<Encoding> {
        let mut ids = vec![self.cls];
        ids.extend(query);
        ids.push(self.sep);
        let first = ids.len();
        let room = max_tokens.saturating_sub(first + 1);
        ids.extend(self.pieces(passage)?.into_iter().take(room));
        ids.push(self.sep);
        let mut type_ids = vec![0; ids.len()];
        type_ids[first..].fill(1);
        Ok(Encoding { ids, type_ids })
    }

    /// How many tokens the text has, special tokens not counted. Text that cannot be tokenized counts as 0.
    pub fn count_tokens(&self, text: &str) -> usize {
        self.pieces(text).map_or(0, |ids| ids.len())
    }

    /// How many ids the vocabulary has.
    pub fn vocabulary_size(&self) -> usize {
        self.inner.get_vocab_size(true)
    }

    /// The vocabulary in the order of its ids, if this is the plain uncased BERT tokenizer, which is the only one
    /// that the `bert` tokenizer of a GGUF file can describe.
    ///
    /// # Errors
    /// [`Error::InvalidTokenizer`] naming what differs.
    pub fn uncased_vocabulary(&self) -> Result<Vec<String>> {
        let uncased = matches!(
            self.inner.get_normalizer(),
            Some(NormalizerWrapper::BertNormalizer(n))
                if n.lowercase && n.clean_text && n.handle_chinese_chars && n.strip_accents != Some(false)
        );
        if !uncased {
            return Err(Error::InvalidTokenizer(
                "a GGUF file holds uncased BERT tokenizers only; this one keeps case or accents".into(),
            ));
        }
        let mut tokens: Vec<(String, u32)> = self.inner.get_vocab(true).into_iter().collect();
        tokens.sort_by_key(|(_, id)| *id);
        if let Some((position, (token, id))) = tokens.iter().enumerate().find(|(i, (_, id))| *i != *id as usize) {
            return Err(Error::InvalidTokenizer(format!(
                "expected ids without gaps; token \"{token}\" has id {id} at position {position}"
            )));
        }
        Ok(tokens.into_iter().map(|(token, _)| token).collect())
    }

    fn pieces(&self, text: &str) -> Result<Vec<u32>> {
        let encoding = self.inner.encode_fast(text, false).map_err(invalid)?;
        Ok(encoding.get_ids().to_vec())
    }

    /// The id of a token, if the vocabulary has it.
    pub fn token_to_id(&self, token: &str) -> Option<u32> {
        self.inner.get_model().token_to_id(token)
    }
}

/// Checks a step, or the steps of a sequence, and counts them.
fn count_steps(name: &str, nested: &str, known: &[&str], step: &Value) -> Result<usize> {
    if step.is_null() {
        return Ok(0);
    }
    let kind = step["type"].as_str().unwrap_or("(none)");
    if !known.contains(&kind) {
        return Err(invalid(format!("{name}: expected one of {}, found \"{kind}\"", known.join(", "))));
    }
    let Some(steps) = step[nested].as_array() else { return Ok(1) };
    steps.iter().try_fold(1usize, |count, step| Ok(count + count_steps(name, nested, known, step)?))
}

fn no_word_piece() -> Error {
    invalid("expected a WordPiece model, as BERT and ELECTRA use; found another kind")
}

fn invalid(error: impl std::fmt::Display) -> Error {
    Error::InvalidTokenizer(error.to_string())
}
