//! Turns the files of a Hugging Face folder into one quantized GGUF file, and says what it holds.

use std::io::{Cursor, Read, Seek};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::calibrate::Equalizer;
use super::config::Config;
use super::pack::{pack, Description, Role, WordTable};
use super::weights::Weights;
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

/// Packs a folder. `pairs` tell the int8 layers how large activations get, and may be empty.
///
/// # Errors
/// As [`pack`] and [`calibrate`](super::calibrate::equalizers).
pub fn convert<R: Read + Seek, S: Read + Seek>(
    folder: &Folder<'_, R, impl Fn() -> Result<R>>,
    words: WordTable<S>,
    description: &Description,
    pairs: &[Pair],
) -> Result<(Vec<u8>, Summary)> {
    let tokenizer = Tokenizer::from_bytes(folder.tokenizer)?;
    let mut weights = folder.open()?;
    let equalizers = if pairs.is_empty() { Vec::new() } else { calibrate(folder, pairs)? };
    let mut file = Cursor::new(Vec::new());
    let role = pack(&mut weights, &tokenizer, words, description, &equalizers, &mut file)?;
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

/// Runs the pairs through the model: a cross-encoder reads them as pairs, a bi-encoder one text at a time.
fn calibrate<R: Read + Seek>(folder: &Folder<'_, R, impl Fn() -> Result<R>>, pairs: &[Pair]) -> Result<Vec<Equalizer>> {
    let weights = folder.open()?;
    let tokenizer = Some(Tokenizer::from_bytes(folder.tokenizer)?);
    if weights.has("cls.output.weight") {
        let model = CrossEncoder::load(weights, tokenizer, Precision::F32, None)?;
        let pairs: Vec<_> = pairs.iter().map(|pair| (pair.query.as_str(), pair.passage.as_str())).collect();
        model.calibrate(&pairs)
    } else {
        let model = BiEncoder::load(weights, tokenizer, Precision::F32, None)?;
        let texts: Vec<_> = pairs.iter().flat_map(|pair| [pair.query.as_str(), pair.passage.as_str()]).collect();
        model.calibrate(&texts)
    }
}
