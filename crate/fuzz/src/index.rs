//! Targets that read an index. Hashes would keep damage from the parsers, so the manifest is made to fit first.

use std::sync::LazyLock;

use docsift::index::format;
use docsift::index::manifest::{Kind, Manifest, Model, Part, Parts, RangePart, VERSION};
use docsift::search::collection::Collection;
use docsift::search::options::Options;
use docsift::text::document::Document;
use serde_json::{json, Value};
use sha2::{Digest, Sha256};

/// Components of the seeds' vectors.
const DIMS: usize = 4;
/// Vectors of more are not searched here: they would take all the time.
const MOST_DIMS: usize = 1024;
const QUERIES: [&str; 4] = ["reset the pasword", "alp", "e\u{301}t\u{e9} 漢 v1.2-b", ""];

/// An index.json.
pub fn manifest(bytes: &[u8]) -> bool {
    let Ok(manifest) = Manifest::parse(bytes) else { return false };
    let json = manifest.to_json().expect("a manifest that was read can be written");
    assert_eq!(Manifest::parse(&json).expect("what was written can be read"), manifest);
    let _ = Collection::open(&manifest, 0, |_| Ok(Vec::new()));
    true
}

/// How many documents and how many passages there are said to be (8 bits each), how long each body is (8 bits), and a part
/// of documents.
pub fn documents(bytes: &[u8]) -> bool {
    let Some((&[documents, passages, body], part)) = bytes.split_first_chunk() else { return false };
    // Of characters of two bytes, so that passages may end within one.
    let bodies = vec!["é".repeat(usize::from(body) / 2); documents.into()];
    let parts = [part.to_vec(), no_postings(passages), unit_vectors(passages), texts_of(&bodies)];
    open(&parts, documents.into(), passages.into(), DIMS as u32).is_some()
}

/// A part of postings of the seeds' passages.
pub fn lexical(bytes: &[u8]) -> bool {
    SEED.open_with(Kind::Lexical, bytes, DIMS as u32)
}

/// A part of vectors of the seeds' passages. The manifest agrees with it on how many components they have.
pub fn vectors(bytes: &[u8]) -> bool {
    let dims = bytes.get(16..20).and_then(|dims| dims.try_into().ok()).map_or(0, u32::from_le_bytes);
    SEED.open_with(Kind::Vectors, bytes, dims)
}

/// A part of texts of the seeds' documents.
pub fn texts(bytes: &[u8]) -> bool {
    SEED.open_with(Kind::Texts, bytes, DIMS as u32)
}

/// A whole index in one file, as it is and with hashes that agree.
pub fn file(bytes: &[u8]) -> bool {
    let mut opened = false;
    for bytes in [Some(bytes.to_vec()), signed(bytes)].into_iter().flatten() {
        if let Ok(collection) = Collection::read(&bytes[..], None, 3) {
            let manifest = format::read_head(&mut &bytes[..]).expect("what was read has a manifest");
            use_it(collection, manifest.model.dims as usize);
            opened = true;
        }
    }
    opened
}

/// The collection that the seeds are of.
pub fn collection() -> Collection {
    let document = |id: &str, title: &str, body: &str| {
        let value = json!({"id": id, "title": title, "body": body, "tags": ["x", id], "section": "S"});
        Document::from_value(value, 0).expect("a valid document")
    };
    let documents = vec![
        document("d0", "Reset", "# Été\n\nReset the password in v1.2-b.\n\n## Alpha {#a}\n\nAlpha 漢字 beta."),
        document("d1", "Password", &"Beta alpha gamma. ".repeat(40)),
        document("d2", "Nothing", ""),
    ];
    let mut collection = Collection::new("model".into());
    collection.add(documents, false, &|text| text.split_whitespace().count()).expect("valid documents");
    let ids: Vec<u32> = collection.pending(usize::MAX).iter().map(|(id, _)| *id).collect();
    // One passage is left waiting.
    let embedded = &ids[..ids.len() - 1];
    let vectors: Vec<f32> = embedded.iter().flat_map(|&id| unit(DIMS, id as usize)).collect();
    collection.set_vectors(embedded, &vectors, DIMS).expect("unit vectors");
    collection
}

fn unit(dims: usize, at: usize) -> Vec<f32> {
    let mut vector = vec![0.0; dims];
    if let Some(one) = vector.get_mut(at % dims.max(1)) {
        *one = 1.0;
    }
    vector
}

/// An index that some part of is replaced in.
struct Seed {
    parts: [Vec<u8>; 4],
    documents: u32,
    passages: u32,
}

static SEED: LazyLock<Seed> = LazyLock::new(|| {
    let collection = collection();
    let (manifest, parts) = collection.to_parts("seed").expect("a collection that can be written");
    let mut parts = parts.into_iter().map(|(_, bytes)| bytes);
    let parts = std::array::from_fn(|_| parts.next().expect("a part of each kind"));
    Seed { parts, documents: manifest.documents, passages: manifest.passages }
});

impl Seed {
    fn open_with(&self, kind: Kind, bytes: &[u8], dims: u32) -> bool {
        let mut parts = self.parts.clone();
        parts[kind as usize - 1] = bytes.to_vec();
        open(&parts, self.documents, self.passages, dims) == Some(0)
    }
}

/// Opens an index of one part of each kind, part by part. Says, if it was opened, how many parts were refused later.
fn open(parts: &[Vec<u8>; 4], documents: u32, passages: u32, dims: u32) -> Option<usize> {
    let range = |kind: Kind, count| {
        let part = part(kind.name(), &parts[kind as usize - 1]);
        if count == 0 {
            vec![]
        } else {
            vec![RangePart { part, first: 0, count }]
        }
    };
    let manifest = Manifest {
        format: "docsift-index".into(),
        version: VERSION,
        model: Model { id: "seed".into(), fingerprint: "model".into(), dims },
        documents,
        passages,
        embedded: 0,
        parts: Parts {
            documents: range(Kind::Documents, documents),
            lexical: range(Kind::Lexical, passages),
            vectors: range(Kind::Vectors, passages),
            texts: range(Kind::Texts, documents),
        },
    };
    // What a browser gets.
    let Ok(manifest) = manifest.to_json().and_then(|json| Manifest::parse(&json)) else { return None };
    let opened = Collection::open(&manifest, 3, |wanted| {
        let found = manifest.all_parts().find(|(_, part)| *part == wanted);
        Ok(found.map(|(kind, _)| parts[kind as usize - 1].clone()).unwrap_or_default())
    });
    let Ok(mut collection) = opened else { return None };
    ask(&collection, 0);
    for kind in [Kind::Vectors, Kind::Texts] {
        let bytes = &parts[kind as usize - 1];
        let _ = collection.add_part(&part(kind.name(), bytes).file, bytes);
    }
    let missing = collection.missing_parts().len();
    use_it(collection, dims as usize);
    Some(missing)
}

/// All that is done with a collection: what was read lazily shows its faults only now.
fn use_it(mut collection: Collection, dims: usize) {
    ask(&collection, dims);
    let counts = collection.counts();
    if collection.missing_parts().is_empty() {
        let bytes = collection.to_bytes("again").expect("a collection that was read can be written");
        let again = Collection::read(&bytes[..], None, 0).expect("what was written can be read");
        assert_eq!(again.counts(), counts);
    }
    let replacement = Document::from_value(json!({"id": "d1", "title": "Reset", "body": "Alpha."}), 0);
    let documents = replacement.into_iter().collect();
    collection.add(documents, true, &|text| text.split_whitespace().count()).expect("a valid document");
    collection.remove(&["d0".to_owned()]);
    ask(&collection, dims);
}

fn ask(collection: &Collection, dims: usize) {
    let asked = json!({
        "limit": 5, "typing": true, "explain": "d1", "facets": ["tags", "section"], "rerankTokens": 20,
        "where": {"tags": "x"}, "boost": {"tags": {"d0": 0.5}},
    });
    let asked = Options::from_value(asked).expect("valid options");
    let vector = (1..=MOST_DIMS).contains(&dims).then(|| unit(dims, 1));
    for query in QUERIES {
        for options in [&asked, &Options::new(50)] {
            let found = collection.retrieve(query, vector.as_deref(), options).expect("a valid question");
            serde_json::to_string(&found).expect("an answer that can be written");
        }
    }
    for (id, _) in collection.pending(100) {
        assert!(collection.hash(id).is_some() && collection.text_part(id).is_none());
    }
}

fn part(kind: &str, bytes: &[u8]) -> Part {
    let sha256: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    Part { file: format!("{kind}.{}.bin", &sha256[..16]), bytes: bytes.len() as u64, sha256 }
}

/// The file with lengths and hashes in its manifest that fit what follows it; none if it has no manifest to mend.
fn signed(bytes: &[u8]) -> Option<Vec<u8>> {
    let (head, rest) = bytes.split_at_checked(20)?;
    let length = u32::from_le_bytes(head[16..].try_into().ok()?);
    let (json, rest) = rest.split_at_checked(length as usize)?;
    let mut rest = rest.get(32..)?;
    let mut manifest: Value = serde_json::from_slice(json).ok()?;
    for kind in ["documents", "lexical", "vectors", "texts"] {
        for entry in manifest.get_mut("parts")?.get_mut(kind)?.as_array_mut()? {
            let length = entry["bytes"].as_u64()?.min(rest.len() as u64);
            let (bytes, after) = rest.split_at(length as usize);
            rest = after;
            let Part { file, bytes, sha256 } = part(kind, bytes);
            for (name, value) in [("file", json!(file)), ("bytes", json!(bytes)), ("sha256", json!(sha256))] {
                entry.as_object_mut()?.insert(name.to_owned(), value);
            }
        }
    }
    let manifest = Manifest::parse(manifest.to_string().as_bytes()).ok()?;
    let parts = &bytes[20 + length as usize + 32..bytes.len() - rest.len()];
    Some([format::head(&manifest).ok()?.as_slice(), parts].concat())
}

fn header(kind: Kind) -> Vec<u8> {
    [&b"docsift\0"[..], &VERSION.to_le_bytes(), &(kind as u32).to_le_bytes()].concat()
}

/// A part of postings of so many passages, without any.
fn no_postings(passages: u8) -> Vec<u8> {
    let mut part = header(Kind::Lexical);
    part.push(docsift::index::lexical::FIELDS as u8);
    varint(&mut part, passages.into());
    part.push(0);
    part
}

/// A part of vectors: each passage has the same.
fn unit_vectors(passages: u8) -> Vec<u8> {
    let mut part = header(Kind::Vectors);
    part.extend((DIMS as u32).to_le_bytes());
    part.extend(u32::from(passages).to_le_bytes());
    part.extend(vec![1; passages.into()]);
    part.extend((1f32 / 127.0).to_le_bytes().repeat(passages.into()));
    part.extend([0, 127, 0, 0].repeat(passages.into()));
    part
}

fn texts_of(bodies: &[String]) -> Vec<u8> {
    let mut part = header(Kind::Texts);
    varint(&mut part, bodies.len() as u64);
    bodies.iter().for_each(|body| varint(&mut part, body.len() as u64));
    part.extend(bodies.concat().into_bytes());
    part
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
