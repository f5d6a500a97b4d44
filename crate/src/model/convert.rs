//! Turns the files of a Hugging Face folder into one quantized GGUF file, and says what it holds.

use std::io::{Cursor, Read, Seek};

use candle_core::{Device, Tensor};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::calibrate::Calibration;
use super::config::Config;
use super::pack::{pack, Bits, Description, PackedWords, Role};
use super::prune::{self, Pruning};
use super::weights::Weights;
use super::words::{Words, TABLE};
use super::{BiEncoder, CrossEncoder, Precision};
use crate::text::tokenizer::Tokenizer;
use crate::{Error, Result};

/// The files of a folder, in memory but for the weights, which are read as they are needed.
pub struct Folder<'a, R, F: Fn() -> Result<R>> {
    /// config.json.
    pub config: &'a [u8],
    /// tokenizer.json or vocab.txt.
    pub tokenizer: &'a [u8],
    /// Opens model.safetensors: once to pack it, and once more to calibrate.
    pub weights: F,
}

impl<R: Read + Seek, F: Fn() -> Result<R>> Folder<'_, R, F> {
    /// The folder's weights.
    ///
    /// # Errors
    /// Those of the files: `unsupported_architecture` or `invalid_model`.
    pub fn open(&self) -> Result<Weights<R>> {
        Weights::open_safetensors((self.weights)()?, Config::from_json(self.config)?)
    }
}

/// A text of the kind that will be searched, with a query for it.
#[derive(Debug, Clone, Deserialize)]
pub struct Pair {
    /// What somebody looks for.
    pub query: String,
    /// What they find.
    pub passage: String,
}

/// Reads pairs from JSON Lines; each may have other fields too.
///
/// # Errors
/// [`Error::InvalidInput`] for anything else.
pub fn read_pairs(lines: &[u8]) -> Result<Vec<Pair>> {
    serde_json::Deserializer::from_slice(lines)
        .into_iter()
        .collect::<std::result::Result<_, _>>()
        .map_err(|error| Error::InvalidInput(format!("calibration pairs: {error}; each needs query and passage")))
}

/// What a packed file is, as an entry of a model manifest has it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// `embedder` or `reranker`.
    pub role: &'static str,
    /// Length of the file.
    pub bytes: usize,
    /// In lower-case hexadecimal.
    pub sha256: String,
    /// Components of a vector; 1 for a reranker.
    pub dims: usize,
    /// `mean` or `rank`.
    pub pooling: &'static str,
    /// Longest input in tokens, special tokens included.
    pub max_tokens: usize,
    /// [`Config::macs_per_token`](super::config::Config::macs_per_token).
    pub macs_per_token: usize,
}

/// What a packed file holds of a model, and in how many bits.
#[derive(Default)]
pub struct Options<'a, R> {
    /// Another model's file whose word table is taken instead: two models with the same table then hold the same bytes.
    pub words_from: Option<&'a mut Weights<R>>,
    /// Bits of the word table.
    pub word_bits: Bits,
    /// Bits of the layers' matrices.
    pub layer_bits: Bits,
    /// Texts whose tokens are kept, with those of the pairs; others are left out. All are kept without.
    pub pruning: Option<Pruning>,
    /// The words of an embedder that was packed before: the file leaves its own out, and needs that embedder's. Nothing
    /// above that concerns words is asked for with it.
    pub words_of: Option<Words>,
}

/// Packs a folder. `pairs` tell the int8 layers how large activations get, and fewer bits how they go together; they may be
/// empty.
///
/// # Errors
/// As [`pack`], [`calibrate`](super::calibrate::calibrate) and [`prune::kept`]; [`Error::InvalidTokenizer`] for a
/// tokenizer that GGUF cannot hold; [`Error::InvalidModel`] and [`Error::InvalidTokenizer`] where another model's words
/// are not this one's; [`Error::InvalidInput`] for options that exclude each other.
pub fn convert<R: Read + Seek, S: Read + Seek>(
    folder: &Folder<'_, R, impl Fn() -> Result<R>>,
    options: Options<S>,
    description: &Description,
    pairs: &[Pair],
) -> Result<(Vec<u8>, Summary)> {
    let tokenizer = Tokenizer::from_bytes(folder.tokenizer)?;
    let mut weights = folder.open()?;
    let layer_bits = options.layer_bits;
    let shared = options.words_of.clone();
    let words = packed_words(&mut weights, &tokenizer, options, shared.as_ref(), pairs)?;
    let calibration =
        if pairs.is_empty() { Calibration::default() } else { calibrate(folder, pairs, layer_bits != Bits::Eight)? };
    let mut file = Cursor::new(Vec::new());
    let role = pack(&mut weights, &words, layer_bits, description, &calibration, &mut file)?;
    let bytes = file.into_inner();
    let config = weights.config();
    let (role, pooling, dims, max_tokens) = match role {
        Role::BiEncoder => ("embedder", "mean", config.hidden, config.positions.min(256)),
        Role::CrossEncoder => ("reranker", "rank", 1, config.positions.min(512)),
    };
    let sha256 = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let macs_per_token = config.macs_per_token();
    let summary = Summary { role, bytes: bytes.len(), sha256, dims, pooling, max_tokens, macs_per_token };
    Ok((bytes, summary))
}

/// The words that a packed file is to hold, or whose they are.
fn packed_words<'a, R: Read + Seek, S: Read + Seek>(
    weights: &mut Weights<R>,
    tokenizer: &Tokenizer,
    options: Options<S>,
    shared: Option<&'a Words>,
    pairs: &[Pair],
) -> Result<PackedWords<'a>> {
    let Options { words_from, word_bits, pruning, .. } = options;
    let shape = [weights.config().vocabulary, weights.config().embedding];
    let rows = |table: &Tensor, ids: &[u32]| table.index_select(&Tensor::new(ids, &Device::Cpu)?, 0);
    if let Some(words) = shared {
        if words_from.is_some() || pruning.is_some() || word_bits != Bits::default() {
            return Err(Error::InvalidInput(
                "words of another file are as they are: expected no other option about words with --words-of".into(),
            ));
        }
        let ids = words.ids_in(tokenizer)?;
        words.check_stands_for(&rows(&weights.dense(TABLE, &shape)?, &ids)?)?;
        return Ok(PackedWords::Of(words));
    }
    let table = match words_from {
        Some(other) => other.dense(TABLE, &shape)?,
        None => weights.dense(TABLE, &shape)?,
    };
    let tokens = tokenizer.uncased_vocabulary()?;
    let Some(mut pruning) = pruning else { return Ok(PackedWords::Own { tokens, table, bits: word_bits }) };
    pruning.texts.extend(pairs.iter().flat_map(|pair| [pair.query.clone(), pair.passage.clone()]));
    let ids = prune::kept(tokenizer, &tokens, &pruning)?;
    let tokens = ids.iter().map(|&id| tokens[id as usize].clone()).collect();
    Ok(PackedWords::Own { tokens, table: rows(&table, &ids)?, bits: word_bits })
}

/// Runs the pairs through the model: a cross-encoder reads them as pairs, a bi-encoder one text at a time.
fn calibrate<R: Read + Seek>(
    folder: &Folder<'_, R, impl Fn() -> Result<R>>,
    pairs: &[Pair],
    with_products: bool,
) -> Result<Calibration> {
    let weights = folder.open()?;
    let tokenizer = Some(Tokenizer::from_bytes(folder.tokenizer)?);
    if weights.has("cls.output.weight") {
        let model = CrossEncoder::load(weights, tokenizer, Precision::F32, None)?;
        let pairs: Vec<_> = pairs.iter().map(|pair| (pair.query.as_str(), pair.passage.as_str())).collect();
        model.calibrate(&pairs, with_products)
    } else {
        let model = BiEncoder::load(weights, tokenizer, Precision::F32, None)?;
        let texts: Vec<_> = pairs.iter().flat_map(|pair| [pair.query.as_str(), pair.passage.as_str()]).collect();
        model.calibrate(&texts, with_products)
    }
}
