//! The models against PyTorch: tokenizations, embeddings and logits of `tests/golden/` (see its README for how the
//! fixtures are made).

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use docsift::model::weights::Weights;
use docsift::model::words::Words;
use docsift::model::{BiEncoder, CrossEncoder, Precision};
use serde::de::DeserializeOwned;
use serde::Deserialize;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn golden() -> PathBuf {
    repository().join("tests/golden")
}

fn json<T: DeserializeOwned>(path: &Path) -> T {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A text, or a short one to be repeated.
#[derive(Deserialize)]
#[serde(untagged)]
enum Text {
    Plain(String),
    Repeated { repeat: String, times: usize },
}

impl Text {
    fn expand(&self) -> String {
        match self {
            Text::Plain(text) => text.clone(),
            Text::Repeated { repeat, times } => repeat.repeat(*times),
        }
    }
}

#[derive(Deserialize)]
struct Texts {
    texts: Vec<NamedText>,
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct NamedText {
    name: String,
    text: Text,
}

#[derive(Deserialize)]
struct Group {
    name: String,
    query: Text,
    passages: Vec<Text>,
}

impl Group {
    fn passages(&self) -> Vec<String> {
        self.passages.iter().map(Text::expand).collect()
    }
}

fn texts() -> Texts {
    json(&golden().join("texts.json"))
}

#[derive(Deserialize)]
struct Tokens {
    embedder: TextTokens,
    reranker: PairTokens,
}

#[derive(Deserialize)]
struct TextTokens {
    max_tokens: usize,
    dims: usize,
    counts: Vec<usize>,
    ids: Vec<Vec<u32>>,
}

#[derive(Deserialize)]
struct PairTokens {
    max_tokens: usize,
    groups: Vec<Vec<Pair>>,
}

/// The ids of a pair, and where the second segment starts.
#[derive(Deserialize)]
struct Pair {
    ids: Vec<u32>,
    second: usize,
}

/// The packed default models, as they ship.
fn open_packed(id: &str) -> Weights<File> {
    let folder = repository().join("models");
    let manifest: serde_json::Value = json(&folder.join("manifest.json"));
    let file = manifest["models"][id]["file"].as_str().expect(id);
    Weights::open_gguf(File::open(folder.join(file)).expect(file)).expect(file)
}

fn bi_encoder(precision: Precision) -> BiEncoder {
    BiEncoder::load(open_packed("all-minilm-l6-v2"), None, precision, None).unwrap()
}

fn cross_encoder(precision: Precision) -> CrossEncoder {
    // Its file may leave its words to the bi-encoder's.
    let words = Words::load(&mut open_packed("all-minilm-l6-v2"), None, None).unwrap();
    CrossEncoder::load(open_packed("docsift-rerank-l6"), None, precision, Some(&words)).unwrap()
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

fn f32_file(path: &Path) -> Vec<f32> {
    let bytes = fs::read(path).unwrap();
    bytes.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect()
}

#[test]
fn texts_and_pairs_are_tokenized_as_transformers_does() {
    let texts = texts();
    let tokens: Tokens = json(&golden().join("tokens.json"));
    let tokenizer = open_packed("all-minilm-l6-v2").tokenizer().unwrap().unwrap();
    assert!(texts.texts.len() >= 300);
    for ((case, ids), count) in texts.texts.iter().zip(&tokens.embedder.ids).zip(&tokens.embedder.counts) {
        let text = case.text.expand();
        let found = tokenizer.encode(&text, tokens.embedder.max_tokens).unwrap();
        assert_eq!(&found.ids, ids, "{}", case.name);
        assert!(found.type_ids.iter().all(|id| *id == 0));
        assert_eq!(tokenizer.count_tokens(&text), *count, "{}", case.name);
    }
    for (group, pairs) in texts.groups.iter().zip(&tokens.reranker.groups) {
        let limit = tokens.reranker.max_tokens;
        let query = tokenizer.encode_query(&group.query.expand(), limit).unwrap();
        for (passage, expected) in group.passages().iter().zip(pairs) {
            let found = tokenizer.encode_pair(&query, passage, limit).unwrap();
            assert_eq!(found.ids, expected.ids, "{}", group.name);
            let second = found.type_ids.iter().position(|id| *id == 1);
            assert_eq!(second, Some(expected.second), "{}", group.name);
            assert!(found.type_ids[expected.second..].iter().all(|id| *id == 1), "{}", group.name);
        }
    }
}

/// The least and the mean cosine between the packed bi-encoder's embeddings and those that sentence-transformers has in a file,
/// of every `step`th text.
fn cosines(precision: Precision, file: &str, step: usize) -> (f64, f64) {
    let texts: Vec<NamedText> = texts().texts.into_iter().step_by(step).collect();
    let tokens: Tokens = json(&golden().join("tokens.json"));
    let expected = f32_file(&golden().join(file));
    let inputs: Vec<String> = texts.iter().map(|case| case.text.expand()).collect();
    let found = bi_encoder(precision).embed(&inputs).unwrap();
    assert_eq!(found.len(), expected.len());
    let dims = tokens.embedder.dims;
    for row in found.chunks_exact(dims) {
        let norm = row.iter().map(|value| value * value).sum::<f32>().sqrt();
        assert!((norm - 1.0).abs() < 1e-5, "length {norm}");
    }
    let cosines: Vec<f64> =
        found.chunks_exact(dims).zip(expected.chunks_exact(dims)).map(|(a, b)| cosine(a, b)).collect();
    let mean = cosines.iter().sum::<f64>() / cosines.len() as f64;
    let (worst, least) = texts.iter().zip(cosines).min_by(|(_, a), (_, b)| a.total_cmp(b)).unwrap();
    println!("{file}, {precision:?}: cosine mean {mean:.6}, least {least:.6} ({})", worst.name);
    (least, mean)
}

/// How the packed cross-encoder's logits compare with PyTorch's.
struct Fidelity {
    /// Over the queries with ten passages and more.
    mean_spearman: f64,
    /// Over every pair.
    greatest_difference: f64,
}

fn fidelity(precision: Precision, file: &str) -> Fidelity {
    let texts = texts();
    let expected: Vec<Vec<f64>> = json(&golden().join(file));
    let model = cross_encoder(precision);
    let mut correlations = Vec::new();
    let mut greatest_difference: f64 = 0.0;
    for (group, expected) in texts.groups.iter().zip(&expected) {
        let found = model.score(&group.query.expand(), &group.passages()).unwrap();
        let found: Vec<f64> = found.into_iter().map(f64::from).collect();
        assert_eq!(found.len(), expected.len());
        let differences = found.iter().zip(expected).map(|(found, expected)| (found - expected).abs());
        greatest_difference = differences.fold(greatest_difference, f64::max);
        if found.len() >= 10 {
            correlations.extend(docsift::eval::metrics::spearman(&found, expected));
        }
    }
    assert!(correlations.len() >= 20);
    let mean_spearman = correlations.iter().sum::<f64>() / correlations.len() as f64;
    let least = correlations.iter().copied().fold(1.0, f64::min);
    println!(
        "{file}, {precision:?}: Spearman over {} queries: mean {mean_spearman:.4}, least {least:.4}; \
         greatest difference of a logit {greatest_difference:.3}",
        correlations.len()
    );
    Fidelity { mean_spearman, greatest_difference }
}

/// PyTorch computes from what the packed files hold, so that nothing but the order of additions may differ.
#[test]
fn embeddings_computed_in_f32_are_those_of_sentence_transformers() {
    let (least, _) = cosines(Precision::F32, "embeddings.f32", 1);
    assert!(least >= 0.999_999);
}

#[test]
fn logits_computed_in_f32_are_those_of_pytorch() {
    let fidelity = fidelity(Precision::F32, "logits.json");
    assert!(fidelity.mean_spearman >= 0.9999);
    assert!(fidelity.greatest_difference < 1e-3);
}

/// What packing in fewer bits may cost: see "What each step costs" in docs/models.md. Texts of a few odd tokens, nearly all
/// outliers, are the furthest off.
#[test]
fn packed_models_stay_near_the_published_ones() {
    let (least, mean) = cosines(Precision::F32, "published-embeddings.f32", 5);
    assert!(least >= 0.975);
    assert!(mean >= 0.994);
    let fidelity = fidelity(Precision::F32, "published-logits.json");
    assert!(fidelity.mean_spearman >= 0.985);
    assert!(fidelity.greatest_difference < 0.5);
}

/// The logits of the int8 layers for the first group of candidates, which the browser's binaries are held to as well:
/// `portable` here, `simd128` and `relaxed` there. `UPDATE_GOLDEN=1` writes them anew, after a change of the model.
#[test]
fn int8_logits_are_the_same_in_every_implementation() {
    let path = golden().join("int8-logits.json");
    let texts = texts();
    let group = texts.groups.iter().find(|group| group.name.starts_with("candidates/")).unwrap();
    let found = cross_encoder(Precision::Int8).score(&group.query.expand(), &group.passages()).unwrap();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, serde_json::to_string(&found).unwrap() + "\n").unwrap();
    }
    let expected: Vec<f32> = json(&path);
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        assert!((found - expected).abs() < 1e-4, "{found} for {expected}");
    }
}
