//! Filters, facets, boosts, ranks and explanations of a retrieval.

use docsift::index::documents::ContentHash;
use docsift::search::collection::Collection;
use docsift::search::options::Options;
use docsift::search::retrieve::{Retrieval, Stage};
use docsift::text::document::Document;
use proptest::prelude::*;
use serde_json::{json, Map, Value};

fn count_tokens(text: &str) -> usize {
    text.split_whitespace().count()
}

fn collection(documents: Value) -> Collection {
    let Value::Array(documents) = documents else { panic!("expected an array") };
    let mut collection = Collection::new("model".into());
    collection.add(Document::from_values(documents).unwrap(), false, &count_tokens).unwrap();
    collection
}

fn help() -> Collection {
    collection(json!([
        {"id": "a", "title": "Reset a password", "body": "In settings.", "product": "app", "tags": ["login", "web"], "views": 10, "updated": "2024-01-31"},
        {"id": "b", "title": "Reset the board", "body": "Press the button.", "product": "board", "tags": [], "views": 250, "updated": "2023-01-31"},
        {"id": "c", "title": "Reset everything", "body": "Think twice.", "product": "app", "beta": true, "views": 40},
        {"id": "d", "title": "Billing", "body": "Pay by card.", "product": "app", "views": 5, "updated": "2025-01-30T10:00:00Z"},
    ]))
}

fn options(mut options: Value) -> Options {
    options.as_object_mut().unwrap().entry("limit").or_insert(json!(10));
    Options::from_value(options).unwrap()
}

fn ids<'a>(retrieval: &Retrieval<'a>) -> Vec<&'a str> {
    retrieval.candidates.iter().map(|candidate| candidate.document_id).collect()
}

#[track_caller]
fn check_where(condition: Value, expected: &[&str]) {
    let collection = help();
    let retrieval = collection.retrieve("reset billing", None, &options(json!({"where": condition.clone()}))).unwrap();
    let mut found = ids(&retrieval);
    found.sort_unstable();
    assert_eq!(found, expected, "{condition}");
    assert_eq!(retrieval.excluded, 4 - expected.len(), "{condition}");
}

#[test]
fn conditions_choose_documents() {
    check_where(json!({}), &["a", "b", "c", "d"]);
    check_where(json!({"product": "app"}), &["a", "c", "d"]);
    check_where(json!({"product": ["board", "none"]}), &["b"]);
    check_where(json!({"product": []}), &[]);
    check_where(json!({"product": {"not": "app"}}), &["b"]);
    check_where(json!({"beta": {"not": [true]}}), &["a", "b", "d"]);
    check_where(json!({"beta": true}), &["c"]);
    check_where(json!({"tags": "web"}), &["a"]);
    check_where(json!({"tags": {"not": "web"}}), &["b", "c", "d"]);
    check_where(json!({"views": 10.0}), &["a"]);
    check_where(json!({"views": "10"}), &[]);
    check_where(json!({"views": {"min": 10, "max": 40}}), &["a", "c"]);
    check_where(json!({"views": {"min": 41, "max": null}}), &["b"]);
    check_where(json!({"updated": {"min": "2024"}}), &["a", "d"]);
    check_where(json!({"updated": {"max": 2024}}), &[]);
    check_where(json!({"product": "app", "views": {"max": 9}}), &["d"]);
    check_where(json!({"id": ["a", "d"], "title": {"not": "Billing"}}), &["a"]);
    check_where(json!({"nothing": "app"}), &[]);
}

#[test]
fn bad_options_are_named() {
    let message = |options: Value| {
        let error = Options::from_value(options).unwrap_err();
        assert_eq!(error.code(), "invalid_input");
        error.to_string()
    };
    for (options, needles) in [
        (json!([]), ["options: expected an object", "an array"]),
        (json!({}), ["limit: expected an integer", "null"]),
        (json!({"limit": -1}), ["limit: expected an integer from 0", "-1"]),
        (json!({"limit": 1.5}), ["limit: expected an integer from 0", "1.5"]),
        (json!({"limit": 5, "boots": {}}), ["options: expected limit, where", "\"boots\""]),
        (json!({"limit": 5, "typing": 1}), ["typing: expected a boolean", "a number"]),
        (json!({"limit": 5, "explain": 1}), ["explain: expected", "a number"]),
        (json!({"limit": 5, "rerankTokens": 0}), ["rerankTokens: expected an integer from 1", "0"]),
        (json!({"limit": 5, "texts": -1}), ["texts: expected an integer from 0", "-1"]),
        (json!({"limit": 5, "openings": 0}), ["openings: expected an integer from 1", "0"]),
        (json!({"limit": 5, "facets": "tags"}), ["facets: expected an array", "a string"]),
        (json!({"limit": 5, "facets": ["tags", 1]}), ["facets[1]: expected", "a number"]),
        (json!({"limit": 5, "where": "app"}), ["where: expected an object", "a string"]),
        (json!({"limit": 5, "where": {"product": null}}), ["where.product: expected a string", "null"]),
        (json!({"limit": 5, "where": {"product": ["a", {}]}}), ["where.product[1]: expected", "an object"]),
        (json!({"limit": 5, "where": {"product": {}}}), ["where.product: expected", "an empty object"]),
        (json!({"limit": 5, "where": {"product": {"min": null}}}), ["where.product: expected", "an empty object"]),
        (json!({"limit": 5, "where": {"product": {"not": null}}}), ["where.product.not: expected", "null"]),
        (json!({"limit": 5, "where": {"views": {"min": [1]}}}), ["where.views.min: expected", "an array"]),
        (json!({"limit": 5, "where": {"views": {"not": 1, "min": 1}}}), ["where.views: expected", "beside"]),
        (json!({"limit": 5, "where": {"views": {"above": 1}}}), ["where.views: expected", "\"above\""]),
        (json!({"limit": 5, "boost": []}), ["boost: expected an object", "an array"]),
        (json!({"limit": 5, "boost": {"product": 1}}), ["boost.product: expected", "a number"]),
        (json!({"limit": 5, "boost": {"product": {"app": "1"}}}), ["boost.product.app: expected a number", "a string"]),
        (json!({"limit": 5, "boost": {"updated": {"newest": 1, "halfLifeDays": 0}}}), ["halfLifeDays: expected", "0"]),
        (json!({"limit": 5, "boost": {"updated": {"halfLifeDays": 9}}}), ["boost.updated.newest: expected", "null"]),
        (json!({"limit": 5, "boost": {"updated": {"newest": 1, "halfLifeDays": 9, "x": 1}}}), ["alone", "\"x\""]),
    ] {
        let message = message(options.clone());
        assert!(needles.iter().all(|needle| message.contains(needle)), "{options}: {message}");
    }
    let null = json!({"limit": 5, "where": null, "boost": null, "facets": null, "typing": null, "explain": null});
    assert_eq!(Options::from_value(null).unwrap(), Options::new(5));
}

#[test]
fn keys_of_prototypes_are_plain_data() {
    let collection = collection(json!([
        {"id": "__proto__", "title": "Word", "body": "", "constructor": "toString", "__proto__": ["x"]},
        {"id": "constructor", "title": "Word", "body": ""},
    ]));
    let asked = options(json!({
        "where": {"__proto__": "x"},
        "facets": ["constructor", "hasOwnProperty", "id"],
        "boost": {"constructor": {"toString": 0.5}},
    }));
    let retrieval = collection.retrieve("word", None, &asked).unwrap();
    assert_eq!((ids(&retrieval), retrieval.candidates[0].fused), (vec!["__proto__"], 1.5));
    let shown = serde_json::to_value(retrieval).unwrap();
    assert_eq!(shown["facets"], json!({"constructor": {"toString": 1}, "hasOwnProperty": {}, "id": {"__proto__": 1}}));
    assert_eq!(shown["documents"]["__proto__"]["__proto__"], json!(["x"]));
}

#[test]
fn facets_count_what_was_found() {
    let collection = help();
    let facets = |query: &str, given: Value| {
        let retrieval = serde_json::to_value(collection.retrieve(query, None, &options(given)).unwrap()).unwrap();
        retrieval["facets"].clone()
    };
    // Not "d", which shares no word; and "a", "b", "c" all the same where only one is a candidate.
    assert_eq!(
        facets("reset", json!({"facets": ["product", "tags", "beta", "views"], "limit": 1})),
        json!({
            "product": {"app": 2, "board": 1},
            "tags": {"login": 1, "web": 1},
            "beta": {"true": 1},
            "views": {"10": 1, "250": 1, "40": 1},
        })
    );
    // A field's own condition leaves the other values of that field to choose from.
    assert_eq!(
        facets("reset", json!({"facets": ["product", "tags"], "where": {"product": "board"}})),
        json!({"product": {"app": 2, "board": 1}, "tags": {}})
    );
    assert_eq!(facets("", json!({"facets": ["product"]})), json!({"product": {"app": 3, "board": 1}}));
    assert_eq!(facets("nowhere", json!({"facets": ["product"]})), json!({"product": {}}));
    assert_eq!(facets("reset", json!({"facets": []})), json!({}));
}

#[test]
fn boosts_are_added() {
    let collection = help();
    let retrieve = |boost: Value, query| collection.retrieve(query, None, &options(json!({"boost": boost}))).unwrap();
    let plain = retrieve(json!({}), "reset");
    let boosted = retrieve(json!({"product": {"board": 0.75}, "tags": {"web": 0.25, "login": 0.125}}), "reset");
    let gained = |id: &str| {
        let of = |retrieval: &Retrieval| {
            let candidate = retrieval.candidates.iter().find(|candidate| candidate.document_id == id).unwrap();
            (candidate.fused, candidate.boost)
        };
        assert!((of(&boosted).0 - of(&plain).0 - of(&boosted).1).abs() < 1e-6);
        of(&boosted).1
    };
    assert_eq!((gained("a"), gained("b"), gained("c")), (0.375, 0.75, 0.0));
    assert_eq!(ids(&boosted)[0], "b");
    // The newest of all is "d", of 2025-01-30; "a" is 365 days older and "b" 730.
    let recent = retrieve(json!({"updated": {"newest": 0.5, "halfLifeDays": 365}}), "reset billing");
    let of = |id: &str| recent.candidates.iter().find(|candidate| candidate.document_id == id).unwrap().boost;
    assert_eq!((of("d"), of("a"), of("b"), of("c")), (0.5, 0.25, 0.125, 0.0));
    // A boost makes no candidate of what nothing speaks for.
    assert!(retrieve(json!({"product": {"app": 9}}), "nowhere").candidates.is_empty());
}

/// Vectors of two components: the angle, in sixteenths of a circle, is the number a body begins with.
fn with_vectors(mut collection: Collection) -> Collection {
    let waiting = collection.pending(usize::MAX);
    let ids: Vec<u32> = waiting.iter().map(|(id, _)| *id).collect();
    let vectors: Vec<f32> = waiting
        .iter()
        .flat_map(|(_, input)| {
            let number: f32 = input.split_whitespace().find_map(|word| word.parse().ok()).unwrap();
            let angle = number * std::f32::consts::TAU / 16.0;
            [angle.cos(), angle.sin()]
        })
        .collect();
    collection.set_vectors(&ids, &vectors, 2).unwrap();
    collection
}

#[test]
fn ranks_are_places_in_both_lists() {
    let collection = with_vectors(collection(json!([
        {"id": "near", "title": "", "body": "0 dog"},
        {"id": "word", "title": "", "body": "4 cat"},
        {"id": "both", "title": "", "body": "1 cat too"},
        {"id": "none", "title": "", "body": "8 cow", "hidden": true},
    ])));
    let asked = options(json!({"limit": 3}));
    let retrieval = collection.retrieve("cat", Some(&[1.0, 0.0]), &asked).unwrap();
    assert_eq!(retrieval.stage, Stage::Hybrid);
    let ranks: Vec<_> = retrieval
        .candidates
        .iter()
        .map(|candidate| (candidate.document_id, candidate.lexical_rank, candidate.dense_rank))
        .collect();
    assert_eq!(ranks, [("both", Some(2), Some(2)), ("near", None, Some(1)), ("word", Some(1), Some(3))]);
}

#[test]
fn an_explanation_tells_why_a_document_is_missing() {
    let collection = with_vectors(collection(json!([
        {"id": "near", "title": "", "body": "0 dog"},
        {"id": "far", "title": "", "body": "6 cat.\n\nMore\n\n7 bird"},
        {"id": "shut", "title": "", "body": "1 cat", "hidden": true, "old": true},
    ])));
    let explain = |id: &str, vector: Option<&[f32]>, limit: usize| {
        let asked = json!({"explain": id, "limit": limit, "where": {"kind": {"not": "x"}, "hidden": {"not": true}}});
        let retrieval = collection.retrieve("cat", vector, &options(asked)).unwrap();
        let mut explanation = serde_json::to_value(retrieval.explanation.unwrap()).unwrap();
        let passages = explanation["passages"].take();
        let ranks = |passage: &Value| ["lexicalRank", "denseRank", "fusedRank"].map(|rank| passage[rank].as_u64());
        (explanation, passages.as_array().unwrap().iter().map(ranks).collect::<Vec<_>>())
    };
    let vector: Option<&[f32]> = Some(&[1.0, 0.0]);
    let (far, ranks) = explain("far", vector, 1);
    assert_eq!(far, json!({"documentId": "far", "inIndex": true, "passages": null, "cut": 1}));
    assert_eq!(ranks, [[Some(1), Some(2), Some(2)], [None, Some(3), Some(3)]]);
    let (shut, ranks) = explain("shut", vector, 1);
    assert_eq!(shut["excludedBy"], "hidden");
    assert_eq!(ranks.len(), 1);
    let (gone, ranks) = explain("gone", vector, 1);
    assert_eq!((gone["inIndex"].as_bool(), ranks.len()), (Some(false), 0));
    // Without a vector nothing speaks for what shares no word.
    assert_eq!(explain("near", None, 5).1, [[None, None, None]]);
}

#[test]
fn inputs_are_cut_for_the_reranker_at_sentences() {
    let body = "One two three four five. Six seven eight nine ten. Eleven twelve thirteen fourteen fifteen.";
    let collection = collection(json!([{"id": "a", "title": "The title", "body": body}]));
    let candidate = |tokens: Option<usize>| {
        let asked = options(json!({"rerankTokens": tokens}));
        collection.retrieve("title", None, &asked).unwrap().candidates.remove(0).input.unwrap()
    };
    let whole = format!("The title. {body}");
    assert_eq!(candidate(None), whole);
    assert_eq!(candidate(Some(100)), whole);
    assert_eq!(candidate(Some(14)), "The title. One two three four five. Six seven eight nine ten.");
    assert_eq!(candidate(Some(10)), "The title. One two three four five.");
    assert_eq!(candidate(Some(5)), "The title. One two three");
    assert_eq!(candidate(Some(1)), "The title");
    let asked = options(json!({"rerankTokens": 10}));
    let cut = collection.retrieve("title", None, &asked).unwrap();
    assert!((5..=10).contains(&cut.candidates[0].tokens), "{}", cut.candidates[0].tokens);
    assert_eq!(cut.candidates[0].text, Some(body));
}

#[test]
fn texts_are_given_for_as_many_documents_as_are_asked_for() {
    let collection = help();
    let retrieval = |options: Value| {
        let asked = self::options(options);
        serde_json::to_value(collection.retrieve("reset the password", None, &asked).unwrap()).unwrap()
    };
    let whole = retrieval(json!({}));
    for texts in [0, 2, 3] {
        let found = retrieval(json!({"texts": texts}));
        let mut expected = whole.clone();
        for candidate in expected["candidates"].as_array_mut().unwrap().iter_mut().skip(texts) {
            for field in ["text", "input"] {
                assert!(candidate.as_object_mut().unwrap().remove(field).is_some());
            }
        }
        for (at, id) in ["a", "c", "b"].into_iter().enumerate() {
            assert_eq!(expected["candidates"][at]["documentId"], id);
            if at >= texts {
                expected["documents"][id]["body"] = json!("");
            }
        }
        assert_eq!(found, expected, "{texts}");
    }
}

#[test]
fn openings_are_the_beginnings_of_documents() {
    let long = format!("About resets, in one sentence. {}", "Reset this and that. ".repeat(40));
    let guide = format!("{long}\n\n## Passwords\n\nReset the password here.");
    let collection = collection(json!([
        {"id": "long", "title": "Guide", "body": guide},
        {"id": "short", "title": "Reset", "body": "Press the password button."},
        {"id": "other", "title": "Billing", "body": "Pay by card."},
    ]));
    let openings = |options: Value| {
        let asked = self::options(options);
        serde_json::to_value(collection.retrieve("reset password", None, &asked).unwrap()).unwrap()["openings"].take()
    };
    assert_eq!(openings(json!({})), Value::Null);
    let found = openings(json!({"openings": 8}));
    assert_eq!(found["long"]["input"], "Guide. About resets, in one sentence.");
    assert_eq!(found["short"]["input"], "Reset. Press the password button.");
    assert_eq!(found["long"]["hash"], json!(ContentHash::of("Guide. About resets, in one sentence.")));
    assert_eq!(found.as_object().unwrap().len(), 2);
    assert!(found["long"]["tokens"].as_u64().unwrap() <= 8);
    // Of documents whose texts are given.
    assert_eq!(openings(json!({"openings": 8, "texts": 1})).as_object().unwrap().len(), 1);
    assert_eq!(openings(json!({"openings": 8, "texts": 0})), Value::Null);
}

#[test]
fn typing_and_typos_are_told_as_terms() {
    let collection = help();
    let terms = |query: &str, typing: bool| {
        let asked = options(json!({"typing": typing}));
        serde_json::to_value(collection.retrieve(query, None, &asked).unwrap().terms).unwrap()
    };
    assert_eq!(
        terms("how do I rset passw", true),
        json!([
            {"text": "rset", "kind": "typo", "matched": ["reset"], "documents": 3},
            {"text": "passw", "kind": "prefix", "matched": ["password"], "documents": 1},
        ])
    );
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![(0u8..3).prop_map(|n| json!(n)), "[ab]{0,1}".prop_map(Value::from), any::<bool>().prop_map(Value::from)]
}

fn field() -> impl Strategy<Value = Value> {
    prop_oneof![3 => scalar(), 1 => prop::collection::vec(scalar(), 0..3).prop_map(Value::from), 1 => Just(Value::Null)]
}

proptest! {
    /// What is shut out is as if it were not there, and the counts of excluded and found documents add up.
    #[test]
    fn a_filtered_collection_ranks_as_one_without_the_rest(
        fields in prop::collection::vec(field(), 1..8),
        wanted in scalar(),
        not in any::<bool>(),
    ) {
        let document = |(at, value): (usize, &Value)| {
            let body = format!("{at} {}", "word ".repeat(at % 3));
            json!({"id": at.to_string(), "title": "", "body": body, "field": value})
        };
        let documents: Vec<Value> = fields.iter().enumerate().map(document).collect();
        let holds = |value: &Value| {
            let members = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
            members.contains(&wanted) != not
        };
        let expected: Vec<String> =
            fields.iter().enumerate().filter(|(_, value)| holds(value)).map(|(at, _)| at.to_string()).collect();
        let all = with_vectors(collection(documents.into()));
        let condition = if not { json!({"not": wanted}) } else { wanted.clone() };
        let mut asked = Map::new();
        asked.insert("where".into(), json!({"field": condition}));
        asked.insert("facets".into(), json!(["field"]));
        let retrieval = all.retrieve("word", Some(&[1.0, 0.0]), &options(asked.into())).unwrap();
        let mut found: Vec<String> = ids(&retrieval).into_iter().map(str::to_owned).collect();
        for pair in retrieval.candidates.windows(2) {
            prop_assert!(pair[0].fused >= pair[1].fused);
        }
        found.sort_unstable();
        prop_assert_eq!(&found, &expected);
        prop_assert_eq!(retrieval.excluded + found.len(), fields.len());
        let counted = retrieval.facets.unwrap().remove("field").unwrap();
        for (value, count) in counted.as_object().unwrap() {
            prop_assert!((1..=fields.len() as u64).contains(&count.as_u64().unwrap()), "{value}");
        }
    }
}
