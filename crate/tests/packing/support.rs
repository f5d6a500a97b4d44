//! The fixtures' folders, and what is packed from them.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use docsift::model::convert::{convert, Folder, Options, Summary};
use docsift::model::pack::{Bits, Description};
use docsift::model::weights::Weights;
use docsift::model::words::Words;
use docsift::model::{BiEncoder, CrossEncoder, Precision};

pub type Bytes = Cursor<Vec<u8>>;

pub const TEXTS: [&str; 4] =
    ["Reset your password", "", "a garden of plants and the weather in spring", "漢字 é [MASK]"];

/// `bert-2x128` is a bi-encoder whose rows divide into blocks of 32, `bert-12x96` a cross-encoder.
pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/models").join(name)
}

pub fn tokenizer_file(name: &str) -> Vec<u8> {
    let folder = fixture(name);
    fs::read(folder.join("tokenizer.json")).or_else(|_| fs::read(folder.join("vocab.txt"))).unwrap()
}

/// Packs a fixture without calibration.
pub fn pack(name: &str, options: Options<Bytes>) -> docsift::Result<(Vec<u8>, Summary)> {
    let config = fs::read(fixture(name).join("config.json")).unwrap();
    let weights = fs::read(fixture(name).join("model.safetensors")).unwrap();
    let tokenizer = tokenizer_file(name);
    let source = Folder { config: &config, tokenizer: &tokenizer, weights: || Ok(Cursor::new(weights.clone())) };
    convert(&source, options, &Description::default(), &[])
}

/// Options with so many bits for the words.
pub fn word_bits(bits: &str) -> Options<'static, Bytes> {
    Options { word_bits: bits.parse().unwrap(), ..options() }
}

pub fn options() -> Options<'static, Bytes> {
    Options { words_from: None, word_bits: Bits::default(), layer_bits: Bits::default(), pruning: None, words_of: None }
}

pub fn open(file: &[u8]) -> Weights<Bytes> {
    Weights::open_gguf(Cursor::new(file.to_vec())).unwrap()
}

pub fn words(file: &[u8]) -> Words {
    Words::load(&mut open(file), None, None).unwrap()
}

pub fn bi_encoder(file: &[u8]) -> BiEncoder {
    BiEncoder::load(open(file), None, Precision::F32, None).unwrap()
}

pub fn cross_encoder(file: &[u8], shared: Option<&Words>) -> docsift::Result<CrossEncoder> {
    CrossEncoder::load(open(file), None, Precision::Int8, shared)
}
