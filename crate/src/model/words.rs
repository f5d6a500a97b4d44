//! The word table and the tokenizer whose ids are its rows: in which types the table may be stored, and what two models
//! have in common when one file leaves both out.

use std::io::{Read, Seek};
use std::sync::Arc;

use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Tensor};
use sha2::{Digest, Sha256};

use super::weights::Weights;
use crate::text::tokenizer::Tokenizer;
use crate::{Error, Result};

pub(super) const TABLE: &str = "token_embd.weight";

/// Under which key of its metadata a file without words says whose it needs: [`Words::sha256`].
pub(super) const SHA256_KEY: &str = "docsift.words.sha256";

/// The types that a word table is read in: rows of any length, or blocks of 32 values, which the widths of small BERTs
/// divide into, as they do not into the 256 of the K-quants.
const READABLE: [GgmlDType; 8] = [
    GgmlDType::F32,
    GgmlDType::F16,
    GgmlDType::BF16,
    GgmlDType::Q8_0,
    GgmlDType::Q5_1,
    GgmlDType::Q5_0,
    GgmlDType::Q4_1,
    GgmlDType::Q4_0,
];

/// A word table, as it is stored, and the tokenizer whose ids are its rows. Copies share both.
#[derive(Clone)]
pub struct Words {
    table: Arc<QTensor>,
    tokenizer: Arc<Tokenizer>,
}

impl Words {
    /// Reads the words of a model file. A GGUF file brings its tokenizer; for safetensors `tokenizer` is required. Where
    /// `shared` holds a table with the same bytes, it is kept in place of a second copy; a file that has no words takes
    /// those of `shared`, if they are the ones that it was packed with.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] for a table that is missing, of another shape or type, or not the one that the file needs;
    /// [`Error::InvalidTokenizer`] for a tokenizer that is missing or has more tokens than the table has rows.
    pub fn load<R: Read + Seek>(
        weights: &mut Weights<R>,
        tokenizer: Option<Tokenizer>,
        shared: Option<&Self>,
    ) -> Result<Self> {
        if let Some(expected) = weights.words_elsewhere() {
            let words = shared.ok_or_else(|| {
                Error::InvalidModel(
                    "this model has no word table: it was packed to share its embedder's; load it with that embedder"
                        .into(),
                )
            })?;
            words.expect(&expected, weights.config().vocabulary, weights.config().embedding)?;
            weights.record_words(&expected);
            return Ok(words.clone());
        }
        let tokenizer = pick_tokenizer(weights, tokenizer)?;
        if let Some(found) = weights.stored_type(TABLE) {
            check_type(found)?;
        }
        let config = weights.config();
        let table = weights.stored(TABLE, &[config.vocabulary, config.embedding])?;
        let table = match shared {
            Some(shared) if same(&shared.table, &table)? => Arc::clone(&shared.table),
            _ => Arc::new(table),
        };
        Ok(Self { table, tokenizer: Arc::new(tokenizer) })
    }

    /// The table, `[tokens, width]`.
    pub fn table(&self) -> &Arc<QTensor> {
        &self.table
    }

    /// The tokenizer.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// In lower-case hexadecimal, the SHA-256 of the tokens in the order of their ids, each with a line feed, of the
    /// table's type and shape as `Q8_0 [30522, 384]` with a line feed, and of its bytes as GGUF stores them.
    ///
    /// # Errors
    /// [`Error::InvalidTokenizer`] for a tokenizer that no GGUF file can hold.
    pub fn sha256(&self) -> Result<String> {
        let mut hash = Sha256::new();
        for token in self.tokenizer.uncased_vocabulary()? {
            hash.update(token);
            hash.update("\n");
        }
        hash.update(format!("{:?} {:?}\n", self.table.dtype(), self.table.shape().dims()));
        hash.update(self.table.data()?);
        Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The ids that another model's tokenizer gives to these tokens, in their order.
    ///
    /// # Errors
    /// [`Error::InvalidTokenizer`] naming a token that it does not have.
    pub(super) fn ids_in(&self, other: &Tokenizer) -> Result<Vec<u32>> {
        let id = |token: String| {
            other.token_to_id(&token).ok_or_else(|| {
                Error::InvalidTokenizer(format!(
                    "expected the tokens of the model whose words are shared, found none for \"{token}\"; \
                     only models fine-tuned from one can share words"
                ))
            })
        };
        self.tokenizer.uncased_vocabulary()?.into_iter().map(id).collect()
    }

    /// Checks that a model with the word table `own`, f32 and of the same tokens, can do with this one: that it is no
    /// farther from this table than from its own in the same type, but for rounding.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] for a table that was trained apart.
    pub(super) fn check_stands_for(&self, own: &Tensor) -> Result<()> {
        if own.dims() != self.table.shape().dims() {
            return Err(Error::InvalidModel(format!(
                "expected words of shape {:?}, as this model has, found {:?} in the file of --words-of",
                own.dims(),
                self.table.shape().dims()
            )));
        }
        let distance = |other: &QTensor| -> Result<f32> {
            let error = (own - other.dequantize(&Device::Cpu)?)?.sqr()?.sum_all()?.to_scalar::<f32>()?;
            Ok((error / own.sqr()?.sum_all()?.to_scalar::<f32>()?).sqrt())
        };
        let (found, rounding) = (distance(&self.table)?, distance(&QTensor::quantize(own, self.table.dtype())?)?);
        if found > 1.1 * rounding + 0.01 {
            return Err(Error::InvalidModel(format!(
                "expected the word table of the file of --words-of to be this model's own, found it {:.1} % away; \
                 pack this model with its own words",
                found * 100.0
            )));
        }
        Ok(())
    }

    /// Checks that these are the words that a file without any needs.
    fn expect(&self, sha256: &str, vocabulary: usize, width: usize) -> Result<()> {
        let advice = "load it with the embedder that it was packed with, or pack it anew with --words-of this one";
        let shape = self.table.shape().dims();
        if shape != [vocabulary, width] {
            return Err(Error::InvalidModel(format!(
                "this model needs a word table of shape {:?}, found the embedder's of {shape:?}; {advice}",
                [vocabulary, width]
            )));
        }
        let found = self.sha256()?;
        if found != sha256 {
            return Err(Error::InvalidModel(format!(
                "this model needs the words with SHA-256 {sha256:.16}…, found the embedder's with {found:.16}…; {advice}"
            )));
        }
        Ok(())
    }
}

/// The tokenizer given, else the one in the file, checked against the size of the word table.
fn pick_tokenizer<R: Read + Seek>(weights: &Weights<R>, given: Option<Tokenizer>) -> Result<Tokenizer> {
    let tokenizer = match given {
        Some(tokenizer) => tokenizer,
        None => weights.tokenizer()?.ok_or_else(|| {
            Error::InvalidTokenizer(
                "a model.safetensors needs its tokenizer.json or vocab.txt beside it; none was given".into(),
            )
        })?,
    };
    let (ids, rows) = (tokenizer.vocabulary_size(), weights.config().vocabulary);
    if ids > rows {
        return Err(Error::InvalidTokenizer(format!(
            "expected at most {rows} tokens, as many as the model has embeddings; found {ids}"
        )));
    }
    Ok(tokenizer)
}

fn same(a: &QTensor, b: &QTensor) -> Result<bool> {
    Ok(a.shape() == b.shape() && a.dtype() == b.dtype() && a.data()? == b.data()?)
}

/// Refuses a word table of a type whose rows are not read one by one.
fn check_type(found: GgmlDType) -> Result<()> {
    if READABLE.contains(&found) {
        return Ok(());
    }
    Err(Error::InvalidModel(format!(
        "tensor {TABLE}: expected one of {READABLE:?}, found {found:?}; pack the model anew"
    )))
}
