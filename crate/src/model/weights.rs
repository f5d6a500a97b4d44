//! Reads the tensors of a model file one at a time, so that at no moment both the file and the loaded model are in
//! memory (WebAssembly memory never shrinks). Two formats, one set of names: those of llama.cpp's `bert` GGUF files.
//!
//! Sources: the GGUF specification (ggml `docs/gguf.md`), the safetensors format, and the parameter names of
//! transformers' `BertForSequenceClassification` and `ElectraForSequenceClassification`.

use std::collections::HashMap;
use std::fmt::Display;
use std::io::{BufReader, Read, Seek, SeekFrom};

use candle_core::quantized::gguf_file::{Content, Value};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{DType, Device, Tensor};
use safetensors::tensor::TensorInfo;
use sha2::{Digest, Sha256};

use super::config::{Architecture, Config};
use super::gguf;
use super::words::{SHA256_KEY, TABLE};
use crate::text::tokenizer::Tokenizer;
use crate::{Error, Result};

/// llama.cpp marks the start of a word with this and drops the `##` of continuations.
pub(super) const WORD_START: char = '\u{2581}';

/// llama.cpp's `LLAMA_POOLING_TYPE_*` values that docsift knows.
pub(super) const POOLING_MEAN: u64 = 1;
pub(super) const POOLING_RANK: u64 = 4;

/// The header of a safetensors file may be at most this long, as in the reference implementation.
const MAX_SAFETENSORS_HEADER: u64 = 100_000_000;

/// An open model file.
pub struct Weights<R> {
    reader: BufReader<R>,
    format: Format,
    config: Config,
    fingerprint: Sha256,
}

enum Format {
    Gguf(Content),
    SafeTensors { tensors: HashMap<String, TensorInfo>, data_start: u64, data_len: u64 },
}

impl<R: Read + Seek> Weights<R> {
    /// Opens a GGUF file of architecture `bert`.
    ///
    /// # Errors
    /// [`Error::UnsupportedArchitecture`] for another architecture, [`Error::InvalidModel`] for a damaged file.
    pub fn open_gguf(reader: R) -> Result<Self> {
        let mut reader = BufReader::new(reader);
        if let Some(fault) = gguf::fault(&mut reader) {
            return Err(damaged_gguf(&fault));
        }
        reader.seek(SeekFrom::Start(0)).map_err(unreadable)?;
        let content = Content::read(&mut reader).map_err(damaged_gguf)?;
        let rows = |name: &str| content.tensor_infos.get(name).and_then(|info| info.shape.dims().first().copied());
        // A file that leaves its words out says how many there are.
        let elsewhere = || content.metadata.get("bert.vocab_size").and_then(|value| value.to_u64().ok());
        let words = rows(TABLE).or_else(|| usize::try_from(elsewhere()?).ok());
        let config = Config::from_gguf(&content.metadata, words.unwrap_or(0), rows("token_types.weight").unwrap_or(0))?;
        Ok(Self { reader, format: Format::Gguf(content), config, fingerprint: Sha256::new() })
    }

    /// Opens a `model.safetensors` described by `config`.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] if the file is damaged.
    pub fn open_safetensors(reader: R, config: Config) -> Result<Self> {
        let mut reader = BufReader::new(reader);
        let file_len = reader.seek(SeekFrom::End(0)).map_err(unreadable)?;
        reader.seek(SeekFrom::Start(0)).map_err(unreadable)?;
        let mut length = [0; 8];
        reader.read_exact(&mut length).map_err(unreadable)?;
        let length = u64::from_le_bytes(length);
        let room = file_len.saturating_sub(8).min(MAX_SAFETENSORS_HEADER);
        if length > room {
            return Err(Error::InvalidModel(format!(
                "safetensors: expected a header of at most {room} bytes, found one of {length}"
            )));
        }
        let mut header = vec![0; length as usize];
        reader.read_exact(&mut header).map_err(unreadable)?;
        let damaged = |error: serde_json::Error| Error::InvalidModel(format!("safetensors header: {error}"));
        let mut entries: HashMap<String, serde_json::Value> = serde_json::from_slice(&header).map_err(damaged)?;
        entries.remove("__metadata__");
        let tensors = entries
            .into_iter()
            .map(|(name, entry)| Ok((name, serde_json::from_value(entry).map_err(damaged)?)))
            .collect::<Result<_>>()?;
        let data_start = 8 + length;
        let format = Format::SafeTensors { tensors, data_start, data_len: file_len - data_start };
        Ok(Self { reader, format, config, fingerprint: Sha256::new() })
    }

    /// Opens either format: a GGUF file describes itself, a safetensors file needs the `config.json` beside it.
    ///
    /// # Errors
    /// As [`Weights::open_gguf`] and [`Weights::open_safetensors`]; [`Error::InvalidModel`] if the bytes are neither.
    pub fn open(mut reader: R, config_json: Option<&[u8]>) -> Result<Self> {
        let mut magic = [0; 4];
        reader.read_exact(&mut magic).map_err(unreadable)?;
        reader.seek(SeekFrom::Start(0)).map_err(unreadable)?;
        match (&magic, config_json) {
            (b"GGUF", _) => Self::open_gguf(reader),
            (_, Some(json)) => Self::open_safetensors(reader, Config::from_json(json)?),
            (_, None) => Err(Error::InvalidModel(
                "expected a GGUF file, or a model.safetensors with its config.json; found neither".into(),
            )),
        }
    }

    /// The network this file holds.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Tells whether the file may be used as a `role` ("bi-encoder" or "cross-encoder"), going by the pooling that a
    /// GGUF file declares. safetensors files declare none.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] naming the pooling found.
    pub(super) fn expect_pooling(&self, expected: u64, role: &str) -> Result<()> {
        let Format::Gguf(content) = &self.format else { return Ok(()) };
        let found = content.metadata.get("bert.pooling_type").and_then(|value| value.to_u64().ok());
        match found {
            Some(found) if found != expected => Err(Error::InvalidModel(format!(
                "expected a {role} (pooling type {expected}), found pooling type {found}; \
                 docsift reads mean pooling (1) and rank pooling (4)"
            ))),
            _ => Ok(()),
        }
    }

    /// Of a GGUF file without a word table: the hash of the words that it needs.
    pub(super) fn words_elsewhere(&self) -> Option<String> {
        let Format::Gguf(content) = &self.format else { return None };
        if content.tensor_infos.contains_key(TABLE) {
            return None;
        }
        content.metadata.get(SHA256_KEY)?.to_string().ok().cloned()
    }

    /// Feeds the fingerprint with the hash of words that are in another file.
    pub(super) fn record_words(&mut self, sha256: &str) {
        self.fingerprint.update(sha256);
    }

    /// The tokenizer inside a GGUF file; none in a safetensors file.
    ///
    /// # Errors
    /// [`Error::InvalidTokenizer`] if it is damaged or not BERT's.
    pub fn tokenizer(&self) -> Result<Option<Tokenizer>> {
        let Format::Gguf(content) = &self.format else { return Ok(None) };
        let kind = content.metadata.get("tokenizer.ggml.model").and_then(|value| value.to_string().ok());
        if kind.map(String::as_str) != Some("bert") {
            return Err(Error::InvalidTokenizer(format!(
                "expected tokenizer.ggml.model \"bert\" in the GGUF file, found {kind:?}"
            )));
        }
        let Some(Value::Array(values)) = content.metadata.get("tokenizer.ggml.tokens") else {
            return Err(Error::InvalidTokenizer("the GGUF file has no tokenizer.ggml.tokens".into()));
        };
        let unreadable = |error| Error::InvalidTokenizer(format!("tokenizer.ggml.tokens: {error}"));
        let token = |value: &Value| Ok(from_llama_token(value.to_string().map_err(unreadable)?));
        let tokens = values.iter().map(token).collect::<Result<Vec<String>>>()?;
        Tokenizer::from_vocabulary(&tokens).map(Some)
    }

    /// An array of floats in a GGUF file's metadata.
    pub(super) fn floats(&self, key: &str) -> Option<Vec<f32>> {
        let Format::Gguf(content) = &self.format else { return None };
        let values = content.metadata.get(key)?.to_vec().ok()?;
        values.iter().map(|value| value.to_f32().ok()).collect()
    }

    /// Whether the file has a tensor.
    pub fn has(&self, name: &str) -> bool {
        match &self.format {
            Format::Gguf(content) => content.tensor_infos.contains_key(name),
            Format::SafeTensors { tensors, .. } => {
                hugging_face_names(name, self.config.architecture).iter().any(|name| tensors.contains_key(name))
            }
        }
    }

    /// The type in which a GGUF file stores a tensor.
    pub(super) fn stored_type(&self, name: &str) -> Option<GgmlDType> {
        let Format::Gguf(content) = &self.format else { return None };
        content.tensor_infos.get(name).map(|info| info.ggml_dtype)
    }

    /// Reads one tensor as it is stored: Q8_0 stays Q8_0, floats of a safetensors file become f32.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] if it is missing, of another shape, or cut off.
    pub fn stored(&mut self, name: &str, shape: &[usize]) -> Result<QTensor> {
        let tensor = match &self.format {
            Format::Gguf(content) => {
                let info = content.tensor_infos.get(name).ok_or_else(|| missing(name))?;
                check_shape(name, shape, info.shape.dims())?;
                f32_bytes(name, shape)?;
                let data_offset = content.tensor_data_offset;
                let read = info.read(&mut self.reader, data_offset, &Device::Cpu);
                read.map_err(|error| Error::InvalidModel(format!("tensor {name}: {error}")))?
            }
            Format::SafeTensors { .. } => QTensor::quantize(&self.dense_safetensors(name, shape)?, GgmlDType::F32)?,
        };
        self.record(name, shape, &tensor)?;
        Ok(tensor)
    }

    /// Reads one tensor as f32.
    ///
    /// # Errors
    /// As [`Weights::stored`].
    pub fn dense(&mut self, name: &str, shape: &[usize]) -> Result<Tensor> {
        Ok(self.stored(name, shape)?.dequantize(&Device::Cpu)?)
    }

    /// Sixteen hex digits that tell this model from others: a hash over the name, the shape and both ends of each
    /// tensor read so far.
    pub fn fingerprint(&self) -> String {
        let digest = self.fingerprint.clone().finalize();
        digest[..8].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Feeds the fingerprint. Hashing every byte would cost each worker 0.1 s and more a model; training moves every
    /// row of a tensor, so its ends tell as much.
    fn record(&mut self, name: &str, shape: &[usize], tensor: &QTensor) -> Result<()> {
        const END: usize = 1024;
        let data = tensor.data()?;
        self.fingerprint.update(format!("{name}{shape:?}"));
        self.fingerprint.update(&data[..data.len().min(END)]);
        self.fingerprint.update(&data[data.len().saturating_sub(END)..]);
        Ok(())
    }

    fn dense_safetensors(&mut self, name: &str, shape: &[usize]) -> Result<Tensor> {
        let Format::SafeTensors { tensors, data_start, data_len } = &self.format else { unreachable!() };
        let names = hugging_face_names(name, self.config.architecture);
        let info = names.iter().find_map(|name| tensors.get(name)).ok_or_else(|| missing(&names.join(" or ")))?;
        check_shape(&names[0], shape, &info.shape)?;
        let dtype = match info.dtype {
            safetensors::Dtype::F32 => DType::F32,
            safetensors::Dtype::F16 => DType::F16,
            safetensors::Dtype::BF16 => DType::BF16,
            other => {
                return Err(Error::InvalidModel(format!("tensor {name}: expected F32, F16 or BF16, found {other:?}")))
            }
        };
        let (start, end) = info.data_offsets;
        let expected = f32_bytes(name, shape)? / 4 * dtype.size_in_bytes();
        if end.checked_sub(start) != Some(expected) || end as u64 > *data_len {
            return Err(Error::InvalidModel(format!(
                "tensor {name}: expected {expected} bytes inside the {data_len} of data, found offsets {start}..{end}"
            )));
        }
        self.reader.seek(SeekFrom::Start(data_start + start as u64)).map_err(unreadable)?;
        let mut bytes = vec![0; expected];
        self.reader.read_exact(&mut bytes).map_err(unreadable)?;
        Ok(Tensor::from_raw_buffer(&bytes, dtype, shape, &Device::Cpu)?.to_dtype(DType::F32)?)
    }
}

/// A token of a GGUF vocabulary as BERT's own vocabulary spells it.
fn from_llama_token(token: &str) -> String {
    if let Some(word) = token.strip_prefix(WORD_START) {
        word.to_owned()
    } else if token.starts_with('[') && token.ends_with(']') {
        token.to_owned()
    } else {
        format!("##{token}")
    }
}

/// A token of BERT's vocabulary as a GGUF vocabulary spells it: the inverse of [`from_llama_token`].
pub(super) fn to_llama_token(token: &str) -> String {
    if let Some(rest) = token.strip_prefix("##") {
        rest.to_owned()
    } else if token.starts_with('[') && token.ends_with(']') {
        token.to_owned()
    } else {
        format!("{WORD_START}{token}")
    }
}

/// The names under which transformers may have stored a tensor that llama.cpp calls `name`.
fn hugging_face_names(name: &str, architecture: Architecture) -> Vec<String> {
    let (module, part) = name.rsplit_once('.').unwrap_or((name, ""));
    let block = module.strip_prefix("blk.").and_then(|rest| rest.split_once('.'));
    let module = match block {
        Some((layer, module)) => {
            let module = match module {
                "attn_q" => "attention.self.query",
                "attn_k" => "attention.self.key",
                "attn_v" => "attention.self.value",
                "attn_output" => "attention.output.dense",
                "attn_output_norm" => "attention.output.LayerNorm",
                "ffn_up" => "intermediate.dense",
                "ffn_down" => "output.dense",
                "layer_output_norm" => "output.LayerNorm",
                other => other,
            };
            format!("encoder.layer.{layer}.{module}")
        }
        None => match (module, architecture) {
            ("token_embd", _) => "embeddings.word_embeddings".into(),
            ("position_embd", _) => "embeddings.position_embeddings".into(),
            ("token_types", _) => "embeddings.token_type_embeddings".into(),
            ("token_embd_norm", _) => "embeddings.LayerNorm".into(),
            ("token_embd_project", _) => "embeddings_project".into(),
            ("cls", Architecture::Bert) => "pooler.dense".into(),
            ("cls", Architecture::Electra) => "classifier.dense".into(),
            ("cls.output", Architecture::Bert) => "classifier".into(),
            ("cls.output", Architecture::Electra) => "classifier.out_proj".into(),
            (other, _) => other.to_owned(),
        },
    };
    let prefixes = [format!("{}.", architecture.name()), String::new()];
    // Checkpoints converted from TensorFlow call the two halves of a layer norm gamma and beta.
    let parts: &[&str] = match (module.ends_with("LayerNorm"), part) {
        (true, "weight") => &["weight", "gamma"],
        (true, "bias") => &["bias", "beta"],
        _ => &[part],
    };
    let full = |prefix: &String| parts.iter().map(|part| format!("{prefix}{module}.{part}")).collect::<Vec<_>>();
    prefixes.iter().flat_map(full).collect()
}

fn missing(name: &str) -> Error {
    Error::InvalidModel(format!("the file has no tensor {name}; is it complete, and of the kind it is loaded as?"))
}

fn damaged_gguf(error: impl Display) -> Error {
    Error::InvalidModel(format!("the GGUF file is damaged or cut short ({error}); copy it again or pack it anew"))
}

fn unreadable(error: std::io::Error) -> Error {
    Error::InvalidModel(format!("the file ends early or cannot be read ({error}); copy it again"))
}

/// The bytes of a tensor once it is f32. Shapes come from the file: their products may be past what an address holds, which
/// is soon in WebAssembly.
fn f32_bytes(name: &str, shape: &[usize]) -> Result<usize> {
    let bytes = shape.iter().try_fold(4usize, |product, &length| product.checked_mul(length));
    let bytes = bytes.filter(|&bytes| isize::try_from(bytes).is_ok());
    bytes.ok_or_else(|| Error::InvalidModel(format!("tensor {name}: a shape of {shape:?} is larger than memory")))
}

fn check_shape(name: &str, expected: &[usize], found: &[usize]) -> Result<()> {
    if expected == found {
        return Ok(());
    }
    Err(Error::InvalidModel(format!("tensor {name}: expected shape {expected:?}, found {found:?}")))
}
