//! Adding, removing, embedding, retrieving and keeping a collection.

mod stand_in;

use docsift::search::collection::Collection;
use docsift::search::options::Options;
use docsift::search::retrieve::Stage;
use docsift::text::document::Document;
use proptest::prelude::*;
use serde_json::{json, Value};
use sha2::{Digest, Sha256};
use stand_in::{count_tokens, embed, embed_all, DIMS, MODEL};

fn document(id: &str, title: &str, body: &str) -> Document {
    Document::from_value(json!({"id": id, "title": title, "body": body, "rank": 0.1}), 0).unwrap()
}

fn collection(documents: &[(&str, &str, &str)]) -> Collection {
    let mut collection = Collection::new(MODEL.into());
    let documents = documents.iter().map(|(id, title, body)| document(id, title, body)).collect();
    collection.add(documents, false, &count_tokens).unwrap();
    collection
}

/// All that a query shows, but for ids, which depend on the collection's past.
fn answers(collection: &Collection) -> Value {
    let query = embed("query");
    let retrievals = [
        collection.retrieve("reset the password", Some(&query), &Options::new(50)).unwrap(),
        collection.retrieve("install alpha", None, &Options::new(50)).unwrap(),
    ];
    let mut answers = serde_json::to_value(retrievals).unwrap();
    for retrieval in answers.as_array_mut().unwrap() {
        for candidate in retrieval["candidates"].as_array_mut().unwrap() {
            candidate["passageId"].take();
        }
    }
    answers
}

const HELP: [(&str, &str, &str); 3] = [
    ("a", "Reset your password", "Open settings.\n\nBy mail\n\nAsk for a link."),
    ("b", "Install", "Install the app from the store."),
    ("c", "Delete your account", "Deleting is final. Your password stops working."),
];

#[test]
fn words_find_before_vectors_and_both_after() {
    let mut collection = collection(&HELP);
    assert_eq!(
        serde_json::to_value(collection.counts()).unwrap(),
        json!({"documents": 3, "passages": 4, "embedded": 0})
    );

    let lexical = collection.retrieve("reset password", Some(&embed("q")), &Options::new(10)).unwrap();
    assert_eq!(lexical.stage, Stage::Lexical);
    assert_eq!(lexical.candidates[0].document_id, "a");
    assert_eq!(lexical.candidates[0].fused, 1.0);
    // No passage has all of it.
    let lost = collection.retrieve_by_words("lost password", &Options::new(10));
    assert_eq!(lost.candidates[0].document_id, "a");
    assert!(lost.candidates[0].fused < 0.5);

    embed_all(&mut collection);
    assert_eq!(collection.counts().embedded, 4);
    let query = embed("Install. Install the app from the store.");
    let hybrid = collection.retrieve("password", Some(&query), &Options::new(2)).unwrap();
    assert_eq!((hybrid.stage, hybrid.candidates.len()), (Stage::Hybrid, 2));
    let first = &hybrid.candidates[0];
    assert_eq!(first.document_id, "b");
    assert!((first.cosine.unwrap() - 1.0).abs() < 0.01);
    assert_eq!(first.bm25, 0.0);
}

#[test]
fn candidates_have_the_shape_that_javascript_reads() {
    let collection = collection(&HELP);
    let retrieval = serde_json::to_value(collection.retrieve("mail", None, &Options::new(1)).unwrap()).unwrap();
    assert_eq!(retrieval["stage"], "lexical");
    let mut candidate = retrieval["candidates"][0].clone();
    let hash = format!("{:x}", Sha256::digest("Reset your password. By mail. Ask for a link."));
    assert!(candidate["bm25"].take().as_f64().unwrap() > 0.0);
    assert_eq!(
        candidate,
        json!({
            "passageId": 1,
            "documentId": "a",
            "heading": "By mail",
            "anchor": "by-mail",
            "text": "Ask for a link.",
            "input": "Reset your password. By mail. Ask for a link.",
            "hash": &hash[..16],
            "tokens": 11,
            "bm25": null,
            "boost": 0.0,
            "fused": 1.0,
            "lexicalRank": 1
        })
    );
    assert_eq!(retrieval["documents"], json!({"a": {"id": "a", "title": HELP[0].1, "body": HELP[0].2, "rank": 0.1}}));
    assert_eq!(retrieval["terms"], json!([{"text": "mail", "kind": "word", "matched": ["mail"], "documents": 1}]));
    assert_eq!(retrieval["excluded"], 0);
    assert!(retrieval.get("facets").is_none() && retrieval.get("explanation").is_none());
}

#[test]
fn an_invalid_call_stores_nothing() {
    let mut collection = collection(&HELP[..1]);
    let good = || document("new", "T", "B");
    for (bad, replace, needle) in [
        (document("a", "T", "B"), false, "already in the collection"),
        (good(), true, "found it twice"),
        (Document { id: String::new(), ..good() }, false, "non-empty string"),
        (Document { title: String::new(), body: String::new(), ..good() }, false, "both empty"),
    ] {
        let error = collection.add(vec![good(), bad], replace, &count_tokens).unwrap_err();
        assert_eq!(error.code(), "invalid_input");
        assert!(error.to_string().contains("document 1 (id"), "{error}");
        assert!(error.to_string().contains(needle), "{error}");
        assert_eq!(collection.counts().documents, 1);
    }
}

#[test]
fn replacing_keeps_the_vectors_of_unchanged_passages() {
    let mut collection = collection(&HELP);
    embed_all(&mut collection);
    let changed = document("a", HELP[0].1, "Open settings.\n\nBy mail\n\nAsk for a code.");
    assert_eq!(collection.add(vec![changed], true, &count_tokens).unwrap(), 1);
    let pending = collection.pending(1);
    assert_eq!(pending.len(), 1, "at least one, whatever the budget");
    assert_eq!(pending[0].1, "Reset your password. By mail. Ask for a code.");
    assert_eq!(collection.counts().documents, 3);
    assert_eq!(collection.counts().embedded, 3);
}

#[test]
fn vectors_of_removed_passages_are_passed_over() {
    let mut collection = collection(&HELP);
    let waiting = collection.pending(usize::MAX);
    assert_eq!(collection.remove(&["a".into(), "a".into(), "none".into()]), 1);
    collection.add(vec![document("d", "New", "Text.")], false, &count_tokens).unwrap();
    let ids: Vec<u32> = waiting.iter().map(|(id, _)| *id).collect();
    collection.set_vectors(&ids, &[1.0, 0.0, 0.0, 0.0].repeat(ids.len()), DIMS).unwrap();
    assert_eq!((collection.counts().passages, collection.counts().embedded), (3, 2));
    assert_eq!(collection.pending(100)[0].1, "New. Text.");
}

#[test]
fn vectors_must_fit() {
    let mut collection = collection(&HELP);
    let mut message = |vectors: &[f32], dims| collection.set_vectors(&[0], vectors, dims).unwrap_err().to_string();
    assert!(message(&[1.0], 0).contains("at least 1"));
    assert!(message(&[1.0], 2).contains("found 1 numbers"));
    assert!(message(&[0.5, 0.5], 2).contains("expected length 1, found 0.7"));
    assert!(message(&[f32::NAN, 0.0], 2).contains("expected length 1"));
    assert_eq!(collection.counts().embedded, 0);
    embed_all(&mut collection);
    assert!(collection.set_vectors(&[0], &[1.0, 0.0], 2).unwrap_err().to_string().contains("4 dims"));
    assert!(collection.retrieve("q", Some(&[1.0, 0.0]), &Options::new(5)).unwrap_err().to_string().contains("4 dims"));
    assert!(collection
        .retrieve("q", Some(&[0.0; DIMS]), &Options::new(5))
        .unwrap_err()
        .to_string()
        .contains("length 1"));
}

/// Steps in a collection's life: add or replace a document with one of a few bodies, remove one, or embed what waits.
#[derive(Debug, Clone)]
enum Step {
    Put(u8, u8),
    Remove(u8),
    Embed,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0u8..5, 0u8..4).prop_map(|(id, body)| Step::Put(id, body)),
        2 => (0u8..5).prop_map(Step::Remove),
        1 => Just(Step::Embed),
    ];
    prop::collection::vec(step, 0..14)
}

const BODIES: [&str; 4] = [
    "Reset the password in settings.",
    "Install\n\nInstall alpha.\n\nRemove\n\nReset alpha.",
    "Remove\n\nReset alpha.",
    "",
];

fn live(steps: &[Step]) -> (Collection, Vec<(String, u8)>) {
    let mut collection = Collection::new(MODEL.into());
    let mut left: Vec<(String, u8)> = Vec::new();
    for step in steps {
        match *step {
            Step::Put(id, body) => {
                let id = format!("d{id}");
                let document = document(&id, "Password", BODIES[body as usize]);
                collection.add(vec![document], true, &count_tokens).unwrap();
                left.retain(|(other, _)| *other != id);
                left.push((id, body));
            }
            Step::Remove(id) => {
                let id = format!("d{id}");
                collection.remove(std::slice::from_ref(&id));
                left.retain(|(other, _)| *other != id);
            }
            Step::Embed => embed_all(&mut collection),
        }
    }
    (collection, left)
}

proptest! {
    #[test]
    fn a_changed_collection_equals_a_fresh_one(steps in steps()) {
        let (mut changed, left) = live(&steps);
        let mut fresh = Collection::new(MODEL.into());
        for (id, body) in &left {
            fresh.add(vec![document(id, "Password", BODIES[*body as usize])], false, &count_tokens).unwrap();
        }
        embed_all(&mut changed);
        embed_all(&mut fresh);
        prop_assert_eq!(changed.counts(), fresh.counts());
        prop_assert_eq!(answers(&changed), answers(&fresh));
        if !left.is_empty() {
            prop_assert_eq!(changed.to_bytes("m").unwrap(), fresh.to_bytes("m").unwrap());
        }
    }
}
