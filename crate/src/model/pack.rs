//! Writes a model as a llama.cpp-style GGUF file: linear layers and the word table in 8 bits or fewer, the tokenizer inside;
//! or without words, to share those of another file.
//!
//! Source of names and keys: the GGUF specification and llama.cpp's `bert` architecture; Q8_0 is 32 signed bytes
//! under one f16 scale.

use std::io::{Read, Seek, Write};
use std::str::FromStr;

use candle_core::quantized::gguf_file::{self, Value};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::Tensor;

use super::calibrate::Calibration;
use super::config::{Architecture, Config};
use super::gptq;
use super::weights::{to_llama_token, Weights, POOLING_MEAN, POOLING_RANK};
use super::words::{Words, SHA256_KEY, TABLE};
use crate::{Error, Result};

/// What the packed file says about itself.
#[derive(Debug, Clone, Default)]
pub struct Description {
    /// `general.name`.
    pub name: String,
    /// `general.license`, an SPDX identifier.
    pub license: String,
}

/// What the packed model is for, told by whether it has a classification head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Mean pooling.
    BiEncoder,
    /// Rank pooling: `cls` and `cls.output`.
    CrossEncoder,
}

/// llama.cpp's values of `tokenizer.ggml.token_type`.
const TOKEN_NORMAL: i32 = 1;
const TOKEN_CONTROL: i32 = 3;

/// How many bits a value of a matrix gets, scales included and rounded down.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Bits {
    /// Q8_0, 8.5 bits.
    #[default]
    Eight,
    /// Q5_1, 6 bits.
    Six,
    /// Q5_0, 5.5 bits.
    Five,
    /// Q4_0, 4.5 bits.
    Four,
}

impl Bits {
    fn dtype(self) -> GgmlDType {
        match self {
            Self::Eight => GgmlDType::Q8_0,
            Self::Six => GgmlDType::Q5_1,
            Self::Five => GgmlDType::Q5_0,
            Self::Four => GgmlDType::Q4_0,
        }
    }

    /// llama.cpp's `LLAMA_FTYPE_MOSTLY_*` of a file whose layers are stored so.
    fn file_type(self) -> u32 {
        match self {
            Self::Eight => 7,
            Self::Six => 9,
            Self::Five => 8,
            Self::Four => 2,
        }
    }
}

impl FromStr for Bits {
    type Err = Error;

    fn from_str(bits: &str) -> Result<Self> {
        match bits {
            "8" => Ok(Self::Eight),
            "6" => Ok(Self::Six),
            "5" => Ok(Self::Five),
            "4" => Ok(Self::Four),
            other => Err(Error::InvalidInput(format!("expected 8, 6, 5 or 4 bits, found \"{other}\""))),
        }
    }
}

/// The words of a packed file.
pub enum PackedWords<'a> {
    /// In the file: each token and its row of the table.
    Own {
        /// In the order of their ids.
        tokens: Vec<String>,
        /// `[tokens, width]`.
        table: Tensor,
        /// How the table is stored.
        bits: Bits,
    },
    /// In the file of the embedder: of these, only the hash is written.
    Of(&'a Words),
}

/// Packs the model in `weights` and writes the file, its layers in `layers` bits. `calibration` comes from
/// [`super::calibrate`], or is empty; a reader that does not know the equalizers passes over them.
///
/// # Errors
/// [`Error::UnsupportedArchitecture`] for ELECTRA, which GGUF has no name for; [`Error::InvalidModel`] for a source that
/// cannot be read.
pub fn pack<R: Read + Seek, W: Write + Seek>(
    weights: &mut Weights<R>,
    words: &PackedWords,
    layers: Bits,
    description: &Description,
    calibration: &Calibration,
    out: &mut W,
) -> Result<Role> {
    let config = weights.config().clone();
    if config.architecture != Architecture::Bert {
        return Err(Error::UnsupportedArchitecture {
            found: config.architecture.name().to_owned(),
            expected: "\"bert\": GGUF has no other encoder that docsift reads; load this model from its folder",
        });
    }
    let role = if weights.has("cls.output.weight") { Role::CrossEncoder } else { Role::BiEncoder };

    let mut tensors = Vec::new();
    if let PackedWords::Own { table, bits, .. } = words {
        tensors.push((TABLE.to_owned(), quantize(table, bits.dtype())?));
    }
    for (name, shape, dtype) in layout(&config, role, layers) {
        let tensor = weights.dense(&name, &shape)?;
        let rounded = match calibration.products.get(&name) {
            Some(products) => gptq::round(&tensor, products, dtype)?,
            None => None,
        };
        let packed = rounded.map_or_else(|| quantize(&tensor, dtype), Ok)?;
        tensors.push((name, packed));
    }

    let mut metadata = metadata(&config, role, words, layers, description)?;
    for (key, factors) in &calibration.equalizers {
        metadata.push((key.clone(), Value::Array(factors.iter().copied().map(Value::F32).collect())));
    }
    let metadata: Vec<(&str, &Value)> = metadata.iter().map(|(key, value)| (key.as_str(), value)).collect();
    let tensors: Vec<(&str, &QTensor)> = tensors.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
    gguf_file::write(out, &metadata, &tensors)?;
    Ok(role)
}

/// Every tensor but the word table: name, shape, and how it is stored.
fn layout(config: &Config, role: Role, layers: Bits) -> Vec<(String, Vec<usize>, GgmlDType)> {
    let (hidden, wide) = (config.hidden, config.intermediate);
    // Positions are half a megabyte of two files, and the pooler is one row of work a passage that every logit goes
    // through: more precise than the layers.
    let (matrix, precise) = match layers {
        Bits::Eight => (GgmlDType::Q8_0, GgmlDType::F16),
        fewer => (fewer.dtype(), GgmlDType::Q8_0),
    };
    let mut tensors = vec![
        ("position_embd.weight".to_owned(), vec![config.positions, hidden], precise),
        ("token_types.weight".to_owned(), vec![config.token_types, hidden], GgmlDType::F32),
    ];
    let norm = |tensors: &mut Vec<_>, name: String| {
        tensors.push((format!("{name}.weight"), vec![hidden], GgmlDType::F32));
        tensors.push((format!("{name}.bias"), vec![hidden], GgmlDType::F32));
    };
    let linear = |tensors: &mut Vec<_>, name: String, outputs: usize, inputs: usize, dtype| {
        tensors.push((format!("{name}.weight"), vec![outputs, inputs], dtype));
        tensors.push((format!("{name}.bias"), vec![outputs], GgmlDType::F32));
    };
    norm(&mut tensors, "token_embd_norm".into());
    for index in 0..config.layers {
        for part in ["attn_q", "attn_k", "attn_v", "attn_output"] {
            linear(&mut tensors, format!("blk.{index}.{part}"), hidden, hidden, matrix);
        }
        norm(&mut tensors, format!("blk.{index}.attn_output_norm"));
        linear(&mut tensors, format!("blk.{index}.ffn_up"), wide, hidden, matrix);
        linear(&mut tensors, format!("blk.{index}.ffn_down"), hidden, wide, matrix);
        norm(&mut tensors, format!("blk.{index}.layer_output_norm"));
    }
    if role == Role::CrossEncoder {
        linear(&mut tensors, "cls".into(), hidden, hidden, precise);
        linear(&mut tensors, "cls.output".into(), 1, hidden, GgmlDType::F32);
    }
    tensors
}

/// Stores a tensor as `dtype`, or as F32 where its rows do not divide into the blocks of 32 that are quantized together.
fn quantize(tensor: &Tensor, dtype: GgmlDType) -> Result<QTensor> {
    let row = tensor.dims().last().copied().unwrap_or(1);
    let dtype = if row.is_multiple_of(dtype.block_size()) { dtype } else { GgmlDType::F32 };
    Ok(QTensor::quantize(tensor, dtype)?)
}

fn metadata(
    config: &Config,
    role: Role,
    words: &PackedWords,
    layers: Bits,
    description: &Description,
) -> Result<Vec<(String, Value)>> {
    let size = |key: &str, value: usize| (format!("bert.{key}"), Value::U32(value as u32));
    let pooling = match role {
        Role::BiEncoder => POOLING_MEAN,
        Role::CrossEncoder => POOLING_RANK,
    };
    let mut metadata = vec![
        text("general.architecture", config.architecture.name()),
        text("general.name", &description.name),
        text("general.license", &description.license),
        ("general.file_type".to_owned(), Value::U32(layers.file_type())),
        size("block_count", config.layers),
        size("context_length", config.positions),
        size("embedding_length", config.hidden),
        size("feed_forward_length", config.intermediate),
        size("attention.head_count", config.heads),
        ("bert.attention.layer_norm_epsilon".to_owned(), Value::F32(config.layer_norm_eps as f32)),
        ("bert.attention.causal".to_owned(), Value::Bool(false)),
        ("bert.pooling_type".to_owned(), Value::U32(pooling as u32)),
    ];
    match words {
        PackedWords::Own { tokens, .. } => metadata.extend(vocabulary(tokens, config.token_types)),
        PackedWords::Of(words) => {
            metadata.push(size("vocab_size", words.table().shape().dims()[0]));
            metadata.push(text(SHA256_KEY, &words.sha256()?));
        }
    }
    Ok(metadata)
}

fn text(key: &str, value: &str) -> (String, Value) {
    (key.to_owned(), Value::String(value.to_owned()))
}

/// The tokenizer, as llama.cpp describes BERT's.
fn vocabulary(vocabulary: &[String], token_types: usize) -> Vec<(String, Value)> {
    let token_type = |token: &String| match token.as_str() {
        "[PAD]" | "[UNK]" | "[CLS]" | "[SEP]" | "[MASK]" => TOKEN_CONTROL,
        _ => TOKEN_NORMAL,
    };
    let types = vocabulary.iter().map(|token| Value::I32(token_type(token))).collect();
    let tokens = vocabulary.iter().map(|token| Value::String(to_llama_token(token))).collect();
    let mut metadata = vec![
        text("tokenizer.ggml.model", "bert"),
        text("tokenizer.ggml.pre", "default"),
        ("tokenizer.ggml.token_type_count".to_owned(), Value::U32(token_types as u32)),
        ("tokenizer.ggml.tokens".to_owned(), Value::Array(tokens)),
        ("tokenizer.ggml.token_type".to_owned(), Value::Array(types)),
    ];
    // "seperator" is how llama.cpp spells the key.
    let special = [
        ("bos", "[CLS]"),
        ("eos", "[SEP]"),
        ("unknown", "[UNK]"),
        ("seperator", "[SEP]"),
        ("padding", "[PAD]"),
        ("cls", "[CLS]"),
        ("mask", "[MASK]"),
    ];
    for (key, token) in special {
        if let Some(id) = vocabulary.iter().position(|other| other == token) {
            metadata.push((format!("tokenizer.ggml.{key}_token_id"), Value::U32(id as u32)));
        }
    }
    metadata
}
