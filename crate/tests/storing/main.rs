//! Keeping a collection, in one file and in parts, and opening it again.

mod damage;
#[path = "../stand_in/mod.rs"]
mod stand_in;

use docsift::index::manifest::{Manifest, Parts, RangePart};
use docsift::search::collection::Collection;
use docsift::search::options::Options;
use docsift::search::retrieve::Stage;
use docsift::search::storing::{NamedPart, PartSizes, RunSizes};
use docsift::text::document::Document;
use docsift::{Error, Result};
use proptest::prelude::*;
use serde_json::{json, Map, Value};
use sha2::{Digest, Sha256};
use stand_in::{count_tokens, embed, embed_all, DIMS, MODEL};

/// So small that a few documents make many parts.
const TINY: PartSizes = PartSizes { bulk: RunSizes { least: 60, most: 300 }, texts: RunSizes { least: 20, most: 60 } };

fn document(id: &str, title: &str, body: &str) -> Document {
    Document::from_value(json!({"id": id, "title": title, "body": body, "tags": ["x", id], "section": "S"}), 0).unwrap()
}

/// What queries show: all but texts and ids, which depend on what was fetched and on the collection's past.
fn scores(collection: &Collection) -> Value {
    let mut answers = answers(collection);
    for retrieval in answers.as_array_mut().unwrap() {
        for document in retrieval["documents"].as_object_mut().unwrap().values_mut() {
            document["body"].take();
        }
    }
    for passage in passages(&mut answers) {
        for name in ["text", "input", "textPart"] {
            passage.remove(name);
        }
    }
    answers
}

/// All that queries show but for ids.
fn answers(collection: &Collection) -> Value {
    let query = embed("query");
    let asked = json!({
        "limit": 50, "typing": true, "explain": "d3", "facets": ["tags"],
        "where": {"tags": {"not": "d1"}}, "boost": {"tags": {"d0": 0.5}},
    });
    let asked = Options::from_value(asked).unwrap();
    let mut answers = serde_json::to_value([
        collection.retrieve("reset the password", Some(&query), &Options::new(50)).unwrap(),
        collection.retrieve("reset the password", Some(&query), &Options::new(3)).unwrap(),
        collection.retrieve("install alpha", None, &Options::new(50)).unwrap(),
        collection.retrieve("pasword bet", None, &asked).unwrap(),
    ])
    .unwrap();
    for passage in passages(&mut answers) {
        passage.remove("passageId");
    }
    answers
}

/// The candidates and the passages of explanations.
fn passages(answers: &mut Value) -> impl Iterator<Item = &mut Map<String, Value>> {
    let retrievals = answers.as_array_mut().unwrap().iter_mut();
    retrievals.flat_map(|retrieval| {
        let retrieval = retrieval.as_object_mut().unwrap();
        let lists = retrieval.iter_mut().filter_map(|(name, value)| match name.as_str() {
            "candidates" => Some(value),
            "explanation" => value.get_mut("passages"),
            _ => None,
        });
        lists.flat_map(|list| list.as_array_mut().unwrap()).map(|passage| passage.as_object_mut().unwrap())
    })
}

fn export(collection: &Collection, sizes: PartSizes) -> (Manifest, Vec<NamedPart>) {
    let mut parts = Vec::new();
    let manifest = collection.export("test", sizes, |part| parts.push(part)).unwrap();
    (manifest, parts)
}

/// Opens an index with the parts that are needed first.
fn try_open(manifest: &Manifest, parts: &[NamedPart], first_passage: u32) -> Result<Collection> {
    let manifest = Manifest::parse(&manifest.to_json().unwrap()).unwrap();
    Collection::open(&manifest, first_passage, |wanted| {
        let found = parts.iter().find(|(part, _)| part.file == wanted.file);
        found.map(|(_, bytes)| bytes.clone()).ok_or_else(|| Error::Download(wanted.file.clone()))
    })
}

fn open(manifest: &Manifest, parts: &[NamedPart], first_passage: u32) -> Collection {
    try_open(manifest, parts, first_passage).unwrap()
}

fn add(collection: &mut Collection, parts: &[NamedPart], kind: &str) {
    for (part, bytes) in parts.iter().filter(|(part, _)| part.file.starts_with(kind)) {
        collection.add_part(&part.file, bytes).unwrap();
    }
}

/// Steps in a collection's life: add or replace a document with one of a few bodies, remove one, or embed what waits.
#[derive(Debug, Clone)]
enum Step {
    Put(u8, u8),
    Remove(u8),
    Embed,
}

fn steps(count: usize) -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        5 => (0u8..7, 0u8..5).prop_map(|(id, body)| Step::Put(id, body)),
        2 => (0u8..7).prop_map(Step::Remove),
        1 => Just(Step::Embed),
    ];
    prop::collection::vec(step, 0..count)
}

const BODIES: [&str; 5] = [
    "Reset the password in settings.",
    "Install\n\nInstall alpha.\n\nRemove\n\nReset alpha. Встановлення – 日本語",
    "Remove\n\nReset alpha.",
    "Before any heading.\n\n# One\n\nAlpha.\n\n## Two\n\nBeta beta beta password.",
    "",
];

fn live(collection: &mut Collection, steps: &[Step]) {
    for step in steps {
        match *step {
            Step::Put(id, body) => {
                let document = document(&format!("d{id}"), "Password", BODIES[body as usize]);
                collection.add(vec![document], true, &count_tokens).unwrap();
            }
            Step::Remove(id) => _ = collection.remove(&[format!("d{id}")]),
            Step::Embed => embed_all(collection),
        }
    }
}

fn lived(steps: &[Step]) -> Collection {
    let mut collection = Collection::new(MODEL.into());
    live(&mut collection, steps);
    collection
}

fn help() -> Collection {
    let mut collection = lived(&[Step::Put(0, 0), Step::Put(1, 1), Step::Put(2, 3), Step::Put(3, 4)]);
    embed_all(&mut collection);
    collection
}

#[test]
fn a_collection_answers_before_its_texts_are_there() {
    let full = help();
    let (manifest, parts) = export(&full, TINY);
    assert!(manifest.parts.texts.len() > 1 && manifest.parts.vectors.len() > 1 && manifest.parts.lexical.len() > 1);
    let mut opened = open(&manifest, &parts, 0);
    let lexical = opened.retrieve("reset the password", Some(&embed("query")), &Options::new(50)).unwrap();
    assert_eq!(lexical.stage, Stage::Lexical);
    assert_eq!(opened.counts().passages, full.counts().passages);
    assert_eq!(opened.missing_parts().len(), manifest.parts.vectors.len() + manifest.parts.texts.len());

    add(&mut opened, &parts, "vectors");
    assert_eq!(opened.counts(), full.counts());
    assert_eq!(scores(&opened), scores(&full));
    let before = opened.retrieve("beta", None, &Options::new(1)).unwrap();
    let candidate = serde_json::to_value(&before.candidates[0]).unwrap();
    let document = serde_json::to_value(before.documents.documents[0]).unwrap();
    assert_eq!((candidate.get("text"), candidate.get("input")), (None, None));
    assert_eq!(document["tags"], json!(["x", "d2"]), "filters need no texts");
    let passage = before.candidates[0].passage_id;
    let file = candidate["textPart"].as_str().unwrap().to_owned();
    assert_eq!(opened.text_part(passage), Some(file.as_str()));

    let (_, bytes) = parts.iter().find(|(part, _)| part.file == file).unwrap();
    assert!(opened.add_part(&file, bytes).unwrap());
    assert!(!opened.add_part(&file, bytes).unwrap());
    let after = opened.retrieve("beta", None, &Options::new(1)).unwrap();
    assert_eq!(after.candidates[0].text, Some("Beta beta beta password."));
    assert_eq!(after.candidates[0].text_part, None);
    let hash = Sha256::digest(after.candidates[0].input.as_deref().unwrap());
    assert_eq!(candidate["hash"], format!("{hash:x}")[..16]);
    assert_eq!(candidate["tokens"], after.candidates[0].tokens);
    assert_eq!(opened.missing_parts().len(), manifest.parts.texts.len() - 1);

    let error = opened.to_bytes("test").unwrap_err();
    assert_eq!(error.code(), "invalid_input");
    assert!(error.to_string().contains("still to come"), "{error}");
    add(&mut opened, &parts, "texts");
    assert_eq!(answers(&opened), answers(&full));
    assert_eq!(export(&opened, TINY), (manifest, parts));
}

/// Of a heading that says what the title says, only the anchor is left.
#[test]
fn an_anchor_without_a_heading_comes_back() {
    let mut collection = Collection::new(MODEL.into());
    collection.add(vec![document("d", "Alpha", "# Alpha\n\nBeta.")], false, &count_tokens).unwrap();
    let found = answers(&collection);
    let candidate = &found[2]["candidates"][0];
    assert_eq!((&candidate["heading"], &candidate["anchor"]), (&Value::Null, &json!("alpha")));
    assert_eq!(answers(&Collection::from_bytes(&collection.to_bytes("test").unwrap(), MODEL).unwrap()), found);
}

#[test]
fn a_change_leaves_most_files_as_they_are() {
    let mut collection = Collection::new(MODEL.into());
    let body = |n: usize| format!("Body {n}. ").repeat(40 + n % 50);
    let documents = (0..600).map(|n| document(&format!("d{n}"), "T", &body(n))).collect();
    collection.add(documents, false, &count_tokens).unwrap();
    embed_all(&mut collection);
    let run = RunSizes { least: 4096, most: 8192 };
    let names = |collection: &Collection| -> Vec<Vec<String>> {
        let Parts { documents, lexical, vectors, texts } =
            export(collection, PartSizes { bulk: run, texts: run }).0.parts;
        assert!(texts.iter().all(|text| text.part.bytes < 8192 + 1024));
        let files = |ranges: Vec<RangePart>| ranges.into_iter().map(|range| range.part.file).collect();
        [documents, lexical, vectors, texts].map(files).into()
    };
    let before = names(&collection);
    collection.add(vec![document("d3", "T", "Another body.")], true, &count_tokens).unwrap();
    collection.remove(&["d200".into()]);
    embed_all(&mut collection);
    for (before, after) in before.iter().zip(names(&collection)) {
        let kept = after.iter().filter(|name| before.contains(name)).count();
        assert!(before.len() > 50 && after.len() - kept <= 10, "{} of {} kept", kept, after.len());
    }
}

#[test]
fn only_what_changed_is_embedded_again_in_another_run() {
    let file = help().to_bytes("test").unwrap();
    let (manifest, parts) = export(&help(), TINY);
    let mut unread = open(&manifest, &parts, 0);
    add(&mut unread, &parts, "vectors");
    for mut collection in [Collection::from_bytes(&file, MODEL).unwrap(), unread] {
        let changed = BODIES[3].replace("Alpha", "Gamma");
        let bodies = [BODIES[0], BODIES[1], changed.as_str(), BODIES[4]];
        let documents =
            bodies.iter().enumerate().map(|(n, body)| document(&format!("d{n}"), "Password", body)).collect();
        assert_eq!(collection.add(documents, true, &count_tokens).unwrap(), 1);
        let pending = collection.pending(usize::MAX);
        assert_eq!(pending.len(), 1);
        assert_eq!(pending[0].1, "Password. One. Gamma.");
    }
}

#[test]
fn vectors_from_before_an_index_was_opened_do_no_harm() {
    let mut before = lived(&[Step::Put(5, 0), Step::Put(6, 1)]);
    let late: Vec<u32> = before.pending(usize::MAX).iter().map(|(id, _)| *id).collect();
    let (manifest, parts) = export(&lived(&[Step::Put(0, 0), Step::Put(1, 1)]), TINY);
    let mut opened = open(&manifest, &parts, before.next_passage());
    add(&mut opened, &parts, "");
    let waiting = opened.pending(usize::MAX);
    assert_eq!(waiting.len(), late.len());
    opened.set_vectors(&late, &[1.0, 0.0, 0.0, 0.0].repeat(late.len()), DIMS).unwrap();
    assert_eq!(opened.counts().embedded, 0);
    assert_eq!(opened.pending(usize::MAX), waiting);
    embed_all(&mut opened);
    embed_all(&mut before);
    assert_eq!(opened.counts().embedded, late.len());
    let file = opened.to_bytes("test").unwrap();
    let again = Collection::read(&file[..], Some(MODEL), opened.next_passage()).unwrap();
    assert_eq!(answers(&again), answers(&opened));
    assert_eq!(again.to_bytes("test").unwrap(), file);
}

proptest! {
    #[test]
    fn documents_of_any_text_come_back(texts in prop::collection::vec((any::<String>(), any::<String>(), any::<String>()), 1..5)) {
        let documents: Vec<Value> = (0..)
            .zip(&texts)
            .map(|(n, (title, body, other))| json!({"id": format!("{n}{other}"), "title": format!("T{title}"), "body": body, other: [other, n]}))
            .collect();
        let mut collection = Collection::new(MODEL.into());
        let Ok(documents) = Document::from_values(documents) else { return Ok(()) };
        collection.add(documents, false, &count_tokens).unwrap();
        embed_all(&mut collection);
        let read = Collection::from_bytes(&collection.to_bytes("test").unwrap(), MODEL).unwrap();
        let all = |collection: &Collection| {
            let found = collection.retrieve("t", Some(&embed("q")), &Options::new(usize::MAX)).unwrap();
            serde_json::to_value(found).unwrap()
        };
        prop_assert_eq!(all(&read), all(&collection));
        prop_assert!(texts.len() <= all(&read)["documents"].as_object().unwrap().len());
    }

    #[test]
    fn a_file_gives_the_collection_back(steps in steps(14)) {
        let collection = lived(&steps);
        let bytes = collection.to_bytes("test").unwrap();
        let read = Collection::from_bytes(&bytes, MODEL).unwrap();
        prop_assert_eq!(read.counts(), collection.counts());
        let inputs = |collection: &Collection| -> Vec<String> {
            collection.pending(usize::MAX).into_iter().map(|(_, input)| input).collect()
        };
        prop_assert_eq!(inputs(&read), inputs(&collection));
        prop_assert_eq!(answers(&read), answers(&collection));
        prop_assert_eq!(read.to_bytes("test").unwrap(), bytes);
    }

    #[test]
    fn parts_give_the_collection_back_in_any_order(steps in steps(14), order in any::<u64>(), first in 0u32..50) {
        let collection = lived(&steps);
        let (manifest, parts) = export(&collection, TINY);
        prop_assert!(parts.iter().all(|(part, bytes)| part.bytes == bytes.len() as u64));
        let mut opened = open(&manifest, &parts, first);
        let mut late = parts.clone();
        late.sort_by_key(|(part, _)| Sha256::digest(format!("{order} {}", part.file)).to_vec());
        add(&mut opened, &late, "vectors");
        prop_assert_eq!(scores(&opened), scores(&collection));
        add(&mut opened, &late, "texts");
        prop_assert_eq!(answers(&opened), answers(&collection));
        prop_assert_eq!(export(&opened, TINY), (manifest, parts));
    }

    /// Updating and removing need neither the texts nor the vectors that were there before.
    #[test]
    fn changes_before_the_texts_come_are_as_after(past in steps(14), after in steps(8), vectors_first in any::<bool>()) {
        let mut full = lived(&past);
        let (manifest, parts) = export(&full, TINY);
        let mut opened = open(&manifest, &parts, 0);
        if vectors_first {
            add(&mut opened, &parts, "vectors");
        }
        let after: Vec<Step> = after.into_iter().filter(|step| !matches!(step, Step::Embed)).collect();
        live(&mut full, &after);
        live(&mut opened, &after);
        add(&mut opened, &parts, "vectors");
        if vectors_first {
            prop_assert_eq!(opened.counts(), full.counts());
            prop_assert_eq!(scores(&opened), scores(&full));
        }
        add(&mut opened, &parts, "texts");
        embed_all(&mut full);
        embed_all(&mut opened);
        prop_assert_eq!(opened.counts(), full.counts());
        prop_assert_eq!(answers(&opened), answers(&full));
        prop_assert!(opened.missing_parts().is_empty());
        if full.counts().embedded > 0 {
            prop_assert_eq!(export(&opened, TINY), export(&full, TINY));
        }
    }
}
