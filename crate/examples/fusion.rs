//! How well retrieval ranks judged queries, and what other weights would do: the figures in `search/fuse.rs` come from
//! here.
//!
//! ```sh
//! cargo run --example fusion -- inputs <tokenizer.json> <corpus.jsonl> > inputs.jsonl
//! cargo run --example fusion -- measure <tokenizer.json> <folder> <corpora> <judged>
//! ```
//!
//! The first writes what the bi-encoder reads of each passage, one JSON string a line. For the second, `<folder>` holds,
//! for every corpus, `<name>.passages.f32` and `<name>.queries.f32`: row-major unit vectors of 384 components, little-endian.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::time::Instant;
use std::{env, fs};

use docsift::eval::metrics::{ndcg, recall};
use docsift::index::lexical::score::Bm25;
use docsift::index::lexical::{Fields, LexicalIndex};
use docsift::text::document::Document;
use docsift::text::passages::{passages, Passage, PASSAGE_TOKENS};
use docsift::text::tokenizer::Tokenizer;
use serde_json::Value;

const CORPORA: [&str; 4] = ["zulip-help", "login-gov-help", "arduino-help", "github-docs"];
const DIMS: usize = 384;
/// Candidates that a reranker would read.
const RETRIEVED: usize = 50;

struct Query {
    text: String,
    slice: String,
    /// Grades by document.
    judged: HashMap<usize, u32>,
    /// With every passage.
    cosines: Vec<f32>,
}

struct Corpus {
    name: &'static str,
    /// The document of each passage.
    owners: Vec<usize>,
    index: LexicalIndex,
    queries: Vec<Query>,
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["inputs", tokenizer, corpus] => {
            for (document, passage) in cut(&tokenizer_at(tokenizer), &documents(Path::new(corpus))) {
                println!("{}", Value::from(passage.input(&document)));
            }
        }
        ["measure", tokenizer, folder, corpora, judged] => {
            let tokenizer = tokenizer_at(tokenizer);
            let read = |name| Corpus::read(name, &tokenizer, Path::new(folder), Path::new(corpora), Path::new(judged));
            measure(&CORPORA.map(read));
        }
        _ => eprintln!("see the top of examples/fusion.rs"),
    }
}

fn tokenizer_at(path: &str) -> Tokenizer {
    Tokenizer::from_bytes(&fs::read(path).unwrap()).unwrap()
}

fn lines(path: &Path) -> Vec<Value> {
    fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn documents(path: &Path) -> Vec<Document> {
    Document::from_values(lines(path)).unwrap()
}

fn cut(tokenizer: &Tokenizer, documents: &[Document]) -> Vec<(Document, Passage)> {
    let of = |document: &Document| passages(document, PASSAGE_TOKENS, &|text| tokenizer.count_tokens(text));
    documents.iter().flat_map(|document| of(document).into_iter().map(|passage| (document.clone(), passage))).collect()
}

fn vectors(path: &Path) -> Vec<f32> {
    fs::read(path).unwrap().chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect()
}

impl Corpus {
    fn read(name: &'static str, tokenizer: &Tokenizer, folder: &Path, corpora: &Path, judged: &Path) -> Self {
        let documents = documents(&corpora.join(format!("{name}.jsonl")));
        let ids: HashMap<&str, usize> = documents.iter().map(|document| document.id.as_str()).zip(0..).collect();
        let mut index = LexicalIndex::default();
        let mut owners = Vec::new();
        for (document, passage) in cut(tokenizer, &documents) {
            let fields =
                Fields { title: &document.title, heading: passage.heading.as_deref(), body: passage.text(&document) };
            index.add(owners.len() as u32, &fields);
            owners.push(ids[document.id.as_str()]);
        }
        let rows = vectors(&folder.join(format!("{name}.passages.f32")));
        assert_eq!(rows.len(), owners.len() * DIMS, "{name}: embed the passages again");
        let of_queries = vectors(&folder.join(format!("{name}.queries.f32")));
        let judged = lines(&judged.join(format!("{name}.dev.jsonl")));
        assert_eq!(of_queries.len(), judged.len() * DIMS, "{name}: embed the queries again");
        let query = |(line, vector): (&Value, &[f32])| Query {
            text: line["query"].as_str().unwrap().to_owned(),
            slice: line["slice"].as_str().unwrap().to_owned(),
            judged: line["relevant"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| (ids[item["id"].as_str().unwrap()], item["grade"].as_u64().unwrap() as u32))
                .collect(),
            cosines: rows.chunks_exact(DIMS).map(|row| row.iter().zip(vector).map(|(x, y)| x * y).sum()).collect(),
        };
        let queries = judged.iter().zip(of_queries.chunks_exact(DIMS)).map(query).collect();
        Self { name, owners, index, queries }
    }

    /// BM25 of every passage, and what is attainable.
    fn lexical(&self, query: &str) -> (Vec<f32>, f32) {
        let mut scores = vec![0.0; self.owners.len()];
        let matches = self.index.score(&self.index.expand(query, false), &Bm25::default());
        for (passage, score) in matches.scores {
            scores[passage as usize] = score;
        }
        (scores, matches.attainable)
    }

    /// nDCG@10 of documents, the best passage of each counting, and the recall of the first [`RETRIEVED`] passages.
    fn judge(&self, query: &Query, scores: &[f32]) -> (f64, f64) {
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]).then(a.cmp(&b)));
        let mut seen = Vec::new();
        for (rank, &passage) in order.iter().enumerate() {
            let document = self.owners[passage];
            if rank >= RETRIEVED && seen.len() >= 10 {
                break;
            }
            if !seen.contains(&document) {
                seen.push(document);
            }
        }
        let grades: Vec<u32> = seen.iter().map(|document| query.judged.get(document).copied().unwrap_or(0)).collect();
        let judged: Vec<u32> = query.judged.values().copied().collect();
        (ndcg(&grades, &judged, 10), recall(&grades, &judged, grades.len()))
    }
}

/// Prints a row: nDCG@10 of each corpus, their mean, and the mean recall; then the mean nDCG@10 of each slice.
fn row(name: &str, corpora: &[Corpus], scores: impl Fn(&Corpus, &Query) -> Vec<f32>) {
    let mut cells = Vec::new();
    let mut slices: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    let (mut quality, mut recalled) = (0.0, 0.0);
    for corpus in corpora {
        let judged: Vec<(f64, f64)> =
            corpus.queries.iter().map(|query| corpus.judge(query, &scores(corpus, query))).collect();
        for (query, &(quality, _)) in corpus.queries.iter().zip(&judged) {
            slices.entry(&query.slice).or_default().push(quality);
        }
        let mean = |pick: fn(&(f64, f64)) -> f64| judged.iter().map(pick).sum::<f64>() / judged.len() as f64;
        cells.push(format!("{:.3}", mean(|pair| pair.0)));
        quality += mean(|pair| pair.0) / corpora.len() as f64;
        recalled += mean(|pair| pair.1) / corpora.len() as f64;
    }
    let slices =
        slices.iter().map(|(name, judged)| format!("{name} {:.3}", judged.iter().sum::<f64>() / judged.len() as f64));
    let slices: Vec<String> = slices.collect();
    println!("| {name} | {} | {quality:.4} | {recalled:.3} | {} |", cells.join(" | "), slices.join(", "));
}

fn fused(query: &Query, bm25: &[f32], weight: f32) -> Vec<f32> {
    query.cosines.iter().zip(bm25).map(|(cosine, bm25)| cosine + weight * bm25).collect()
}

/// Reciprocal rank fusion, with the constant of its authors.
fn reciprocal(query: &Query, bm25: &[f32]) -> Vec<f32> {
    let gains = |scores: &[f32]| {
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]).then(a.cmp(&b)));
        let mut gains = vec![0.0; scores.len()];
        for (rank, passage) in (1..).zip(order) {
            gains[passage] = 1.0 / (60.0 + rank as f32);
        }
        gains
    };
    let (dense, lexical) = (gains(&query.cosines), gains(bm25));
    (0..bm25.len()).map(|at| dense[at] + if bm25[at] > 0.0 { lexical[at] } else { 0.0 }).collect()
}

fn measure(corpora: &[Corpus]) {
    for corpus in corpora {
        let started = Instant::now();
        for query in &corpus.queries {
            std::hint::black_box(corpus.lexical(&query.text));
        }
        let each = started.elapsed().as_secs_f64() * 1e3 / corpus.queries.len() as f64;
        println!(
            "{}: {} passages, {} queries, {each:.2} ms each",
            corpus.name,
            corpus.owners.len(),
            corpus.queries.len()
        );
    }
    println!("| | {} | mean | recall@{RETRIEVED} | |\n|---|---|---|---|---|---|---|---|", CORPORA.join(" | "));
    row("cosine", corpora, |_, query| query.cosines.clone());
    row("BM25", corpora, |corpus, query| corpus.lexical(&query.text).0);
    row("reciprocal rank fusion", corpora, |corpus, query| reciprocal(query, &corpus.lexical(&query.text).0));
    for weight in [0.09, 0.12, 0.15] {
        row(&format!("cosine + {weight} × BM25 / the query's best"), corpora, |corpus, query| {
            let (bm25, _) = corpus.lexical(&query.text);
            fused(query, &bm25, weight / bm25.iter().copied().fold(f32::MIN_POSITIVE, f32::max))
        });
    }
    for weight in [0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4] {
        row(&format!("cosine + {weight} × BM25 / attainable"), corpora, |corpus, query| {
            let (bm25, attainable) = corpus.lexical(&query.text);
            fused(query, &bm25, weight / attainable)
        });
    }
}
