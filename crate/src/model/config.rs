//! Which network a model file holds: sizes and variants, read from a Hugging Face `config.json` or from the metadata
//! of a GGUF file.

use std::collections::HashMap;

use candle_core::quantized::gguf_file::Value;
use candle_transformers::models::bert;
use serde::Deserialize;

use crate::{Error, Result};

/// The families whose trunk is BERT's (Devlin et al. 2019, arXiv:1810.04805).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Architecture {
    /// BERT: the classification head is pooler (dense + tanh) and classifier.
    Bert,
    /// ELECTRA (Clark et al. 2020, arXiv:2003.10555): no pooler; the head is dense + GELU and an output projection.
    Electra,
}

impl Architecture {
    const SUPPORTED: &'static str = "\"bert\", \"electra\"";

    /// Reads the `model_type` of a config.json.
    fn from_name(name: &str) -> Result<Self> {
        match name {
            "bert" => Ok(Self::Bert),
            "electra" => Ok(Self::Electra),
            other => Err(Error::UnsupportedArchitecture { found: other.to_owned(), expected: Self::SUPPORTED }),
        }
    }

    /// The name used by both file formats.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bert => "bert",
            Self::Electra => "electra",
        }
    }
}

/// The sizes of a network.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Which family.
    pub architecture: Architecture,
    /// Rows of the word-embedding table.
    pub vocabulary: usize,
    /// Columns of the word-embedding table; differs from `hidden` only in small ELECTRA models.
    pub embedding: usize,
    /// Width of a hidden state.
    pub hidden: usize,
    /// Transformer layers.
    pub layers: usize,
    /// Attention heads; divides `hidden`.
    pub heads: usize,
    /// Width of the feed-forward layer.
    pub intermediate: usize,
    /// Longest sequence, in tokens.
    pub positions: usize,
    /// Segment embeddings.
    pub token_types: usize,
    /// Epsilon of every layer norm.
    pub layer_norm_eps: f64,
}

/// What a config.json says beyond candle's BERT configuration.
#[derive(Deserialize)]
struct Family {
    model_type: Option<String>,
    embedding_size: Option<usize>,
    position_embedding_type: Option<String>,
    #[serde(default)]
    hidden_act: Option<String>,
    #[serde(default)]
    summary_activation: Option<String>,
}

impl Config {
    /// Reads a Hugging Face `config.json`.
    ///
    /// # Errors
    /// [`Error::UnsupportedArchitecture`] for another family, another activation than erf-GELU or relative positions;
    /// [`Error::InvalidModel`] for a damaged file or sizes that do not fit together.
    pub fn from_json(bytes: &[u8]) -> Result<Self> {
        let damaged = |error| Error::InvalidModel(format!("config.json: {error}"));
        let family: Family = serde_json::from_slice(bytes).map_err(damaged)?;
        let architecture = Architecture::from_name(family.model_type.as_deref().unwrap_or("bert"))?;
        let variant = |what: &str, found: &str| Error::UnsupportedArchitecture {
            found: format!("{} with {what} \"{found}\"", architecture.name()),
            expected: "absolute positions and the \"gelu\" activation",
        };
        if let Some(kind) = family.position_embedding_type.filter(|kind| kind != "absolute") {
            return Err(variant("position_embedding_type", &kind));
        }
        if let Some(act) = family.hidden_act.filter(|act| act != "gelu") {
            return Err(variant("hidden_act", &act));
        }
        if let Some(act) = family.summary_activation.filter(|act| act != "gelu") {
            return Err(variant("summary_activation", &act));
        }
        let sizes: bert::Config = serde_json::from_slice(bytes).map_err(damaged)?;
        Self {
            architecture,
            vocabulary: sizes.vocab_size,
            embedding: family.embedding_size.unwrap_or(sizes.hidden_size),
            hidden: sizes.hidden_size,
            layers: sizes.num_hidden_layers,
            heads: sizes.num_attention_heads,
            intermediate: sizes.intermediate_size,
            positions: sizes.max_position_embeddings,
            token_types: sizes.type_vocab_size,
            layer_norm_eps: sizes.layer_norm_eps,
        }
        .checked()
    }

    /// Reads the metadata of a GGUF file of architecture `bert`; the vocabulary and segment counts are those of its
    /// tensors, which the format does not repeat in the metadata.
    ///
    /// # Errors
    /// As [`Config::from_json`].
    pub fn from_gguf(metadata: &HashMap<String, Value>, vocabulary: usize, token_types: usize) -> Result<Self> {
        let name = metadata
            .get("general.architecture")
            .and_then(|value| value.to_string().ok())
            .map_or("(none)", String::as_str);
        if name != "bert" {
            return Err(Error::UnsupportedArchitecture { found: name.to_owned(), expected: "\"bert\" in a GGUF file" });
        }
        let size = |key: &str| -> Result<usize> {
            let key = format!("bert.{key}");
            let value = metadata.get(&key).and_then(|value| value.to_u64().ok());
            let value = value.ok_or_else(|| Error::InvalidModel(format!("GGUF metadata has no integer {key}")))?;
            usize::try_from(value).map_err(|_| Error::InvalidModel(format!("GGUF metadata: {key} is {value}")))
        };
        let eps = metadata.get("bert.attention.layer_norm_epsilon").and_then(|value| value.to_f32().ok());
        let hidden = size("embedding_length")?;
        Self {
            architecture: Architecture::Bert,
            vocabulary,
            embedding: hidden,
            hidden,
            layers: size("block_count")?,
            heads: size("attention.head_count")?,
            intermediate: size("feed_forward_length")?,
            positions: size("context_length")?,
            token_types,
            layer_norm_eps: f64::from(eps.unwrap_or(1e-12)),
        }
        .checked()
    }

    fn checked(self) -> Result<Self> {
        let sizes = [
            ("vocabulary", self.vocabulary),
            ("embedding size", self.embedding),
            ("hidden size", self.hidden),
            ("number of layers", self.layers),
            ("number of heads", self.heads),
            ("intermediate size", self.intermediate),
            ("token types", self.token_types),
        ];
        if let Some((name, _)) = sizes.iter().find(|(_, size)| *size == 0) {
            return Err(Error::InvalidModel(format!("expected a positive {name}, found 0")));
        }
        if !self.hidden.is_multiple_of(self.heads) {
            return Err(Error::InvalidModel(format!(
                "expected a hidden size that the heads divide, found {} and {}",
                self.hidden, self.heads
            )));
        }
        // [CLS], one token and two [SEP] are the least a pair needs.
        if self.positions < 4 {
            return Err(Error::InvalidModel(format!("expected at least 4 positions, found {}", self.positions)));
        }
        Ok(self)
    }

    /// Multiply-accumulates of all linear layers for one token: query, key, value and output of attention, and the two
    /// of the feed-forward block.
    pub fn macs_per_token(&self) -> usize {
        self.layers * (4 * self.hidden * self.hidden + 2 * self.hidden * self.intermediate)
    }

    /// Width of one attention head.
    pub fn head_dim(&self) -> usize {
        self.hidden / self.heads
    }
}
