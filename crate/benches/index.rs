//! Times what an index costs natively: making, writing, opening and searching one of stand-in documents and vectors.
//!
//! `cargo bench --bench index -- [passages] [folder]`, by default 50,000; with a folder the index is left there for
//! `node bench/vectors.mjs`, which opens and searches it in WebAssembly.

use std::fs;
use std::path::Path;
use std::time::Instant;

use docsift::index::manifest::Manifest;
use docsift::search::collection::Collection;
use docsift::search::options::Options;
use docsift::search::storing::NamedPart;
use docsift::text::document::Document;
use docsift::Result;
use serde_json::Map;

const DIMS: usize = 384;
const WORDS: usize = 80;
const PASSAGES_OF_A_DOCUMENT: usize = 8;
const VOCABULARY: f64 = 60_000.0;
const QUERIES: usize = 50;

/// A generator with a fixed sequence.
struct Noise(u64);

impl Noise {
    /// The next value in 0..1.
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A word, the n-th of the vocabulary about 1/n as often as the first, as in any language.
    fn word(&mut self) -> String {
        let mut rank = VOCABULARY.powf(self.next()) as u64;
        let mut word = String::new();
        while rank > 0 {
            word.push(char::from(b"bcdfghjklmnpqrstvwxz"[(rank % 20) as usize]));
            word.push(char::from(b"aeiou"[(rank / 20 % 5) as usize]));
            rank /= 100;
        }
        word
    }

    fn unit(&mut self) -> Vec<f32> {
        let vector: Vec<f32> = (0..DIMS).map(|_| (0..4).map(|_| self.next() as f32 - 0.5).sum()).collect();
        let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
        vector.into_iter().map(|x| x / length).collect()
    }

    fn document(&mut self, number: usize) -> Document {
        let mut body = String::new();
        for section in 0..PASSAGES_OF_A_DOCUMENT {
            body += &format!("## Section {section}\n\n");
            for _ in 0..WORDS {
                body += &self.word();
                body.push(' ');
            }
            body += "\n\n";
        }
        Document {
            id: format!("document-{number}"),
            title: format!("{} {}", self.word(), self.word()),
            url: Some(format!("/help/{number}")),
            body,
            section: None,
            updated: None,
            extra: Map::new(),
        }
    }
}

fn timed<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let start = Instant::now();
    let result = work()?;
    println!("{what}: {:.1} ms", 1000.0 * start.elapsed().as_secs_f64());
    Ok(result)
}

/// A query's time, the median and the slowest of many.
fn queries(what: &str, collection: &Collection, text: &str) -> Result<()> {
    let mut noise = Noise(7);
    let mut times = Vec::new();
    for _ in 0..QUERIES {
        let vector = noise.unit();
        let start = Instant::now();
        collection.retrieve(text, Some(&vector), &Options::new(50))?;
        times.push(1000.0 * start.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    println!("{what}: median {:.2} ms, slowest {:.2} ms", times[QUERIES / 2], times[QUERIES - 1]);
    Ok(())
}

fn collection(passages: usize) -> Result<Collection> {
    let mut noise = Noise(1);
    let mut collection = Collection::new("stand-in".into());
    let documents = (0..passages / PASSAGES_OF_A_DOCUMENT).map(|number| noise.document(number)).collect();
    collection.add(documents, false, &|text| text.split_whitespace().count())?;
    loop {
        let ids: Vec<u32> = collection.pending(100_000).into_iter().map(|(id, _)| id).collect();
        if ids.is_empty() {
            return Ok(collection);
        }
        let vectors: Vec<f32> = ids.iter().flat_map(|_| noise.unit()).collect();
        collection.set_vectors(&ids, &vectors, DIMS)?;
    }
}

fn add(collection: &mut Collection, parts: &[NamedPart], kind: &str) -> Result<()> {
    let mut parts = parts.iter().filter(|(part, _)| part.file.starts_with(kind));
    parts.try_for_each(|(part, bytes)| collection.add_part(&part.file, bytes).map(drop))
}

fn sizes(manifest: &Manifest) {
    for kind in ["documents", "lexical", "vectors", "texts"] {
        let of_kind = manifest.all_parts().filter(|(found, _)| found.name() == kind);
        let sizes: Vec<u64> = of_kind.map(|(_, part)| part.bytes).collect();
        let total = sizes.iter().sum::<u64>() as f64 / 1e6;
        println!("  {kind}: {} parts, {total:.2} MB, largest {} bytes", sizes.len(), sizes.iter().max().unwrap_or(&0));
    }
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let passages = arguments.first().and_then(|count| count.parse().ok()).unwrap_or(50_000);
    let built = timed("add and quantize", || collection(passages))?;
    println!("{passages} passages of {WORDS} words, {DIMS} dims");
    let (manifest, parts) = timed("write parts", || built.to_parts("stand-in"))?;
    sizes(&manifest);

    let mut opened = timed("open: documents and postings", || {
        let mut rest = parts.iter();
        Collection::open(&manifest, 0, |_| Ok(rest.next().map_or_else(Vec::new, |(_, bytes)| bytes.clone())))
    })?;
    timed("add vectors", || add(&mut opened, &parts, "vectors"))?;
    queries("query without words", &opened, "")?;
    queries("query with words", &opened, "section bo reset ca")?;
    timed("add texts", || add(&mut opened, &parts, "texts"))?;

    let file = timed("write one file", || built.to_bytes("stand-in"))?;
    println!("  {:.2} MB", file.len() as f64 / 1e6);
    timed("read one file", || Collection::from_bytes(&file, "stand-in"))?;
    if let Some(folder) = arguments.get(1) {
        write(Path::new(folder), &manifest, &parts, &file).expect("the folder can be written");
    }
    Ok(())
}

fn write(folder: &Path, manifest: &Manifest, parts: &[NamedPart], file: &[u8]) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join("index.json"), manifest.to_json().expect("a manifest is JSON"))?;
    fs::write(folder.join("index.docsift"), file)?;
    parts.iter().try_for_each(|(part, bytes)| fs::write(folder.join(&part.file), bytes))
}
