//! The native command line that the project's scripts use: `docsift pack` quantizes a Hugging Face folder into a GGUF
//! file, `docsift passages` shows how documents are cut. Each prints JSON.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use docsift::model::config::Config;
use docsift::model::convert::{convert, read_pairs, Folder, Options};
use docsift::model::pack::{Bits, Description};
use docsift::model::prune::{self, Pruning};
use docsift::model::weights::Weights;
use docsift::model::words::Words;
use docsift::text::document::Document;
use docsift::text::passages::{passages, PASSAGE_TOKENS};
use docsift::text::tokenizer::Tokenizer;
use docsift::{Error, Result};
use serde_json::json;

const USAGE: &str = "usage:
  docsift pack <folder> --out <file.gguf> [--name <name>] [--license <spdx>] [--word-embeddings-from <folder>]
               [--calibration <pairs.jsonl>] [--word-bits 8|6|5|4] [--layer-bits 8|6|5|4]
               [--vocab-from <corpus.jsonl>] [--vocab-common <number>] [--words-of <embedder.gguf>]
      <folder> holds config.json, model.safetensors, and tokenizer.json or vocab.txt; <pairs.jsonl> one
      object with query and passage a line: texts like those to be searched, which tell the int8 layers how large
      activations get; <corpus.jsonl> one document a line: tokens that it does not use are left out, but for the most
      frequent ones; <embedder.gguf> a packed file whose words are this model's too, which are left out here
  docsift passages <documents.json|jsonl> --tokenizer <tokenizer.json>
      one JSON object a passage: documentId, passage, input";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.first().map(String::as_str) {
        Some("pack") => run_pack(&arguments[1..]),
        Some("passages") => run_passages(&arguments[1..]),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("docsift: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The value after `--name`, and the arguments that belong to no option.
fn option<'a>(arguments: &'a [String], name: &str) -> Option<&'a str> {
    let at = arguments.iter().position(|argument| argument == name)?;
    arguments.get(at + 1).map(String::as_str)
}

fn required<'a>(value: Option<&'a str>, what: &str) -> Result<&'a str> {
    value.ok_or_else(|| Error::InvalidInput(format!("expected {what}\n{USAGE}")))
}

fn positional(arguments: &[String]) -> Option<&str> {
    arguments.first().map(String::as_str).filter(|argument| !argument.starts_with("--"))
}

fn run_pack(arguments: &[String]) -> Result<()> {
    let folder = PathBuf::from(required(positional(arguments), "the folder of a model")?);
    let out = required(option(arguments, "--out"), "--out <file.gguf>")?;
    let description = Description {
        name: option(arguments, "--name").map_or_else(|| stem(&folder), str::to_owned),
        license: option(arguments, "--license").unwrap_or("unknown").to_owned(),
    };
    let config = read(&folder.join("config.json"))?;
    let tokenizer = read_tokenizer(&folder)?;
    let source = Folder { config: &config, tokenizer: &tokenizer, weights: || open_weights(&folder) };
    let mut words = option(arguments, "--word-embeddings-from").map(|path| open_folder(Path::new(path))).transpose()?;
    let pairs = match option(arguments, "--calibration") {
        Some(path) => read_pairs(&read(Path::new(path))?)?,
        None => Vec::new(),
    };
    let options = Options {
        words_from: words.as_mut(),
        word_bits: bits(arguments, "--word-bits")?,
        layer_bits: bits(arguments, "--layer-bits")?,
        pruning: pruning(arguments, &tokenizer)?,
        words_of: option(arguments, "--words-of").map(|path| open_words(Path::new(path))).transpose()?,
    };
    let (bytes, summary) = convert(&source, options, &description, &pairs)?;
    fs::write(out, bytes).map_err(|error| unusable(Path::new(out), &error))?;
    println!("{}", json!(summary));
    Ok(())
}

fn bits(arguments: &[String], name: &str) -> Result<Bits> {
    option(arguments, name).map_or_else(|| Ok(Bits::default()), str::parse)
}

/// What --vocab-from and --vocab-common ask for.
fn pruning(arguments: &[String], tokenizer: &[u8]) -> Result<Option<Pruning>> {
    let Some(path) = option(arguments, "--vocab-from") else { return Ok(None) };
    let common = match option(arguments, "--vocab-common") {
        Some(number) => number.parse().map_err(|_| {
            Error::InvalidInput(format!("--vocab-common: expected a number of tokens, found \"{number}\""))
        })?,
        None => prune::COMMON,
    };
    let texts = prune::texts(&read(Path::new(path))?, &Tokenizer::from_bytes(tokenizer)?)?;
    Ok(Some(Pruning { texts, common }))
}

fn open_words(path: &Path) -> Result<Words> {
    let file = File::open(path).map_err(|error| unusable(path, &error))?;
    Words::load(&mut Weights::open_gguf(file)?, None, None)
}

fn run_passages(arguments: &[String]) -> Result<()> {
    let path = PathBuf::from(required(positional(arguments), "a file of documents")?);
    let tokenizer = required(option(arguments, "--tokenizer"), "--tokenizer <tokenizer.json>")?;
    let tokenizer = Tokenizer::from_bytes(&read(Path::new(tokenizer))?)?;
    for document in Document::from_values(read_documents(&path)?)? {
        let cut = passages(&document, PASSAGE_TOKENS, &|text| tokenizer.count_tokens(text));
        for (index, passage) in cut.iter().enumerate() {
            println!("{}", json!({ "documentId": document.id, "passage": index, "input": passage.input(&document) }));
        }
    }
    Ok(())
}

/// The values of a JSON array, or of JSON Lines.
fn read_documents(path: &Path) -> Result<Vec<serde_json::Value>> {
    let bytes = read(path)?;
    let invalid = |error| Error::InvalidInput(format!("{}: {error}", path.display()));
    if bytes.trim_ascii_start().starts_with(b"[") {
        return serde_json::from_slice(&bytes).map_err(invalid);
    }
    serde_json::Deserializer::from_slice(&bytes).into_iter().collect::<std::result::Result<_, _>>().map_err(invalid)
}

fn open_folder(folder: &Path) -> Result<Weights<File>> {
    let config = Config::from_json(&read(&folder.join("config.json"))?)?;
    Weights::open_safetensors(open_weights(folder)?, config)
}

fn open_weights(folder: &Path) -> Result<File> {
    let path = folder.join("model.safetensors");
    File::open(&path).map_err(|error| unusable(&path, &error))
}

fn read_tokenizer(folder: &Path) -> Result<Vec<u8>> {
    let json = folder.join("tokenizer.json");
    read(&if json.exists() { json } else { folder.join("vocab.txt") })
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|error| unusable(path, &error))
}

fn unusable(path: &Path, error: &io::Error) -> Error {
    Error::InvalidInput(format!("{}: {error}", path.display()))
}

fn stem(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}
