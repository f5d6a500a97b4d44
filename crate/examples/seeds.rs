//! Writes `fuzz/seeds/`: for each fuzz target a few small inputs that are read to the end, made by rule. Run it again when a
//! format has changed: `cargo run --example seeds`.

#[path = "../fuzz/src/lib.rs"]
#[allow(dead_code)]
mod fuzz;

use std::fs;
use std::io::Cursor;
use std::path::Path;

use docsift::model::calibrate::Calibration;
use docsift::model::config::Config;
use docsift::model::pack::{pack, Bits, Description, PackedWords};
use docsift::model::weights::Weights;
use docsift::search::collection::Collection;
use docsift::text::document::Document;
use docsift::text::tokenizer::Tokenizer;
use fuzz::index;
use fuzz::models::VOCABULARY;
use serde_json::{json, Map, Value};

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> Outcome {
    models()?;
    tokenizers()?;
    indexes()
}

fn seed(target: &str, name: &str, bytes: &[u8]) -> Outcome {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    fs::create_dir_all(&folder)?;
    Ok(fs::write(folder.join(name), bytes)?)
}

/// A model of one layer.
struct Model {
    name: &'static str,
    family: &'static str,
    hidden: usize,
    embedding: usize,
    dtype: &'static str,
    head: bool,
}

const POSITIONS: usize = 8;

fn models() -> Outcome {
    let bert = Model { name: "bert", family: "bert", hidden: 8, embedding: 8, dtype: "F32", head: false };
    for model in [
        Model { ..bert },
        Model { name: "bert-head", dtype: "F16", head: true, ..bert },
        // Wide enough for blocks of 32.
        Model { name: "bert-32", hidden: 32, embedding: 32, dtype: "BF16", head: true, ..bert },
        // Not a multiple of the kernels' columns.
        Model { name: "bert-6", hidden: 6, embedding: 6, ..bert },
        Model { name: "electra", family: "electra", embedding: 4, head: true, ..bert },
    ] {
        let config = model.config().to_string().into_bytes();
        let weights = model.weights();
        let together = [&(config.len() as u16).to_le_bytes()[..], &config, &weights].concat();
        seed("safetensors", model.name, &together)?;
        seed("config", model.name, &config)?;
        if model.family == "bert" {
            seed("gguf", model.name, &model.packed(&config, &weights)?)?;
        }
    }
    Ok(())
}

impl Model {
    fn config(&self) -> Value {
        json!({
            "model_type": self.family, "vocab_size": VOCABULARY.len(), "hidden_size": self.hidden,
            "embedding_size": self.embedding, "num_hidden_layers": 1, "num_attention_heads": 2,
            "intermediate_size": 8, "hidden_act": "gelu", "hidden_dropout_prob": 0.1,
            "max_position_embeddings": POSITIONS, "type_vocab_size": 2, "initializer_range": 0.02,
            "layer_norm_eps": 1e-12, "pad_token_id": 0,
        })
    }

    /// Names and shapes, as transformers stores them.
    fn tensors(&self) -> Vec<(String, Vec<usize>)> {
        let (hidden, width) = (self.hidden, self.embedding);
        let mut tensors = Vec::new();
        let mut add = |name: &str, shape: &[usize]| tensors.push((name.to_owned(), shape.to_vec()));
        let mut linear = |name: &str, outputs: usize, inputs: usize, norm: Option<usize>| {
            add(&format!("{name}.weight"), &[outputs, inputs]);
            add(&format!("{name}.bias"), &[outputs]);
            if let Some(width) = norm {
                let (parent, _) = name.rsplit_once('.').unwrap_or((name, ""));
                add(&format!("{parent}.LayerNorm.weight"), &[width]);
                add(&format!("{parent}.LayerNorm.bias"), &[width]);
            }
        };
        let layer = "encoder.layer.0";
        for part in ["query", "key", "value"] {
            linear(&format!("{layer}.attention.self.{part}"), hidden, hidden, None);
        }
        linear(&format!("{layer}.attention.output.dense"), hidden, hidden, Some(hidden));
        linear(&format!("{layer}.intermediate.dense"), 8, hidden, None);
        linear(&format!("{layer}.output.dense"), hidden, 8, Some(hidden));
        if width != hidden {
            linear("embeddings_project", hidden, width, None);
        }
        if self.head {
            let (dense, output) = match self.family {
                "electra" => ("classifier.dense", "classifier.out_proj"),
                _ => ("pooler.dense", "classifier"),
            };
            linear(dense, hidden, hidden, None);
            linear(output, 1, hidden, None);
        }
        add("embeddings.word_embeddings.weight", &[VOCABULARY.len(), width]);
        add("embeddings.position_embeddings.weight", &[POSITIONS, width]);
        add("embeddings.token_type_embeddings.weight", &[2, width]);
        add("embeddings.LayerNorm.weight", &[width]);
        add("embeddings.LayerNorm.bias", &[width]);
        tensors
    }

    /// A model.safetensors.
    fn weights(&self) -> Vec<u8> {
        let size = if self.dtype == "F32" { 4 } else { 2 };
        let mut header = Map::new();
        let mut end = 0;
        for (name, shape) in self.tensors() {
            let start = end;
            end += shape.iter().product::<usize>() * size;
            header.insert(name, json!({"dtype": self.dtype, "shape": shape, "data_offsets": [start, end]}));
        }
        let header = Value::Object(header).to_string().into_bytes();
        let mut file = (header.len() as u64).to_le_bytes().to_vec();
        file.extend(header);
        for at in 0..end / size {
            // Powers of two, which every type holds.
            let (sign, exponent) = (at as u32 * 7 % 2, at as u32 * 5 % 3);
            match self.dtype {
                "F32" => file.extend((sign << 31 | (126 - exponent) << 23).to_le_bytes()),
                "BF16" => file.extend(((sign << 15 | (126 - exponent) << 7) as u16).to_le_bytes()),
                _ => file.extend(((sign << 15 | (14 - exponent) << 10) as u16).to_le_bytes()),
            }
        }
        file
    }

    /// The same as a GGUF file, with factors for one input of the layer.
    fn packed(&self, config: &[u8], weights: &[u8]) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
        let mut weights = Weights::open_safetensors(Cursor::new(weights), Config::from_json(config)?)?;
        let tokenizer = Tokenizer::from_vocabulary(&VOCABULARY)?;
        let description = Description { name: self.name.into(), license: "Apache-2.0".into() };
        let equalizers = vec![("docsift.equalizer.blk.0.ffn_up".to_owned(), vec![2.0; self.hidden])];
        let calibration = Calibration { equalizers, ..Calibration::default() };
        let mut file = Cursor::new(Vec::new());
        let shape = [VOCABULARY.len(), self.embedding];
        let table = weights.dense("token_embd.weight", &shape)?;
        let tokens = tokenizer.uncased_vocabulary()?;
        let words = PackedWords::Own { tokens, table, bits: Bits::default() };
        pack(&mut weights, &words, Bits::default(), &description, &calibration, &mut file)?;
        Ok(file.into_inner())
    }
}

fn tokenizers() -> Outcome {
    let vocabulary: Map<String, Value> =
        (0..).zip(VOCABULARY).map(|(id, token): (u32, &str)| (token.to_owned(), id.into())).collect();
    let added = |id: u32, content: &str, normalized: bool| {
        json!({
            "id": id, "content": content, "single_word": normalized, "lstrip": normalized, "rstrip": normalized,
            "normalized": normalized, "special": !normalized,
        })
    };
    let mut whole = json!({
        "version": "1.0",
        "truncation": {"direction": "Right", "max_length": 16, "strategy": "LongestFirst", "stride": 0},
        "padding": {"strategy": {"Fixed": 16}, "direction": "Right", "pad_to_multiple_of": null, "pad_id": 0,
            "pad_type_id": 0, "pad_token": "[PAD]"},
        "added_tokens": [added(0, "[PAD]", false), added(4, "[MASK]", false), added(5, "reset", true)],
        "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
            "strip_accents": null, "lowercase": true},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100, "vocab": vocabulary},
    });
    seed("tokenizer", "tokenizer.json", whole.to_string().as_bytes())?;
    whole["normalizer"] = json!({"type": "Sequence", "normalizers": [{"type": "NFKD"}, {"type": "StripAccents"},
        {"type": "Lowercase"}, {"type": "Strip", "strip_left": true, "strip_right": false}]});
    whole["pre_tokenizer"] = json!({"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"},
        {"type": "Punctuation", "behavior": "Isolated"}, {"type": "Digits", "individual_digits": true}]});
    seed("tokenizer", "sequences.json", whole.to_string().as_bytes())?;
    seed("tokenizer", "vocab.txt", VOCABULARY.join("\n").as_bytes())
}

fn indexes() -> Outcome {
    let collection = index::collection();
    let counts = collection.counts();
    let (manifest, parts) = collection.to_parts("seed")?;
    seed("manifest", "index.json", &manifest.to_json()?)?;
    for (kind, (_, bytes)) in ["documents", "lexical", "vectors", "texts"].into_iter().zip(&parts) {
        match kind {
            "documents" => {
                let counts = [counts.documents as u8, counts.passages as u8, 0];
                seed(kind, "all", &[&counts[..], bytes].concat())?;
            }
            _ => seed(kind, "all", bytes)?,
        }
    }
    let mut even = Collection::new("model".into());
    let document = |id: &str| json!({"id": id, "title": "T", "body": "é".repeat(20)});
    let documents = Document::from_values(vec![document("d0"), document("d1")])?;
    even.add(documents, false, &|text| text.split_whitespace().count())?;
    let (_, parts) = even.to_parts("seed")?;
    seed("documents", "even", &[&[2, 2, 40], parts[0].1.as_slice()].concat())?;
    seed("index", "file", &collection.to_bytes("seed")?)?;
    seed("index", "empty", &Collection::new("model".into()).to_bytes("seed")?)
}
