//! Vocabularies pruned to a corpus.

use std::fs;
use std::path::Path;

use docsift::model::convert::Options;
use docsift::model::prune::{kept, texts, Pruning};
use docsift::text::document::Document;
use docsift::text::passages::{passages, PASSAGE_TOKENS};
use docsift::text::tokenizer::Tokenizer;
use serde_json::Value;

use crate::support::{bi_encoder, cross_encoder, options, pack, tokenizer_file, words, Bytes};

/// The tokenizer of the default models, and its vocabulary.
fn default_tokenizer() -> (Tokenizer, Vec<String>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
    let manifest: Value = serde_json::from_slice(&fs::read(folder.join("manifest.json")).unwrap()).unwrap();
    let file = manifest["models"]["all-minilm-l6-v2"]["file"].as_str().unwrap();
    let tokenizer = words(&fs::read(folder.join(file)).unwrap());
    let tokens = tokenizer.tokenizer().uncased_vocabulary().unwrap();
    (Tokenizer::from_vocabulary(&tokens).unwrap(), tokens)
}

fn pruned(tokens: &[String], ids: &[u32]) -> Tokenizer {
    let tokens: Vec<&String> = ids.iter().map(|&id| &tokens[id as usize]).collect();
    Tokenizer::from_vocabulary(&tokens).unwrap()
}

/// The tokens of a text, as text.
fn pieces<'a>(tokenizer: &Tokenizer, tokens: &[&'a str], text: &str) -> Vec<&'a str> {
    tokenizer.encode(text, usize::MAX).unwrap().ids.iter().map(|&id| tokens[id as usize]).collect()
}

/// The demo's help center: every passage and title is cut into the same tokens as before.
#[test]
fn the_corpus_is_tokenized_as_with_the_whole_vocabulary() {
    let (whole, tokens) = default_tokenizer();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web/demo/corpus/zulip-help.json");
    let corpus = fs::read(path).unwrap();
    let texts = texts(&corpus, &whole).unwrap();
    let ids = kept(&whole, &tokens, &Pruning { texts, common: 0 }).unwrap();
    assert!(ids.len() < 6000, "{} tokens", ids.len());
    let small = pruned(&tokens, &ids);
    let all: Vec<&str> = tokens.iter().map(String::as_str).collect();
    let few: Vec<&str> = ids.iter().map(|&id| tokens[id as usize].as_str()).collect();
    let values: Vec<Value> = serde_json::from_slice(&corpus).unwrap();
    let mut compared = 0;
    for document in Document::from_values(values).unwrap() {
        let cut = passages(&document, PASSAGE_TOKENS, &|text| small.count_tokens(text));
        let inputs = cut.iter().map(|passage| passage.input(&document));
        for text in inputs.chain([document.title.clone(), document.body.clone()]) {
            assert_eq!(pieces(&small, &few, &text), pieces(&whole, &all, &text));
            compared += 1;
        }
    }
    assert!(compared > 1000, "{compared} texts");
}

/// Every token of the whole vocabulary is a word, or part of one, that can still be read.
#[test]
fn no_word_becomes_unknown() {
    let (whole, tokens) = default_tokenizer();
    let ids = kept(&whole, &tokens, &Pruning { texts: vec!["password".into()], common: 0 }).unwrap();
    assert!(ids.len() < 2100, "{} tokens", ids.len());
    let small = pruned(&tokens, &ids);
    let unknown = small.token_to_id("[UNK]").unwrap();
    for token in tokens.iter().filter(|token| !token.starts_with('[')) {
        let word = token.strip_prefix("##").map_or_else(|| token.clone(), |end| format!("x{end}"));
        let read = |tokenizer: &Tokenizer, unknown: u32| !tokenizer.encode(&word, 512).unwrap().ids.contains(&unknown);
        assert!(!read(&whole, whole.token_to_id("[UNK]").unwrap()) || read(&small, unknown), "{word}");
    }
}

#[test]
fn the_most_frequent_tokens_stay_and_unused_ones_go() {
    let (whole, tokens) = default_tokenizer();
    let size = |common| kept(&whole, &tokens, &Pruning { texts: Vec::new(), common }).unwrap();
    let (none, some) = (size(0), size(100));
    assert_eq!(some.len() - none.len(), 100);
    let added: Vec<&str> =
        some.iter().filter(|id| !none.contains(id)).map(|&id| tokens[id as usize].as_str()).collect();
    assert_eq!(&added[..5], ["the", "of", "and", "in", "to"]);
    assert!(some.iter().all(|&id| !tokens[id as usize].starts_with("[unused")));
    assert!(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        .iter()
        .all(|token| pruned(&tokens, &none).token_to_id(token).is_some()));
}

/// Texts whose tokens are all kept have the same vectors, to the bit, since their rows are the same.
#[test]
fn a_pruned_model_answers_its_corpus_as_the_whole_one_does() {
    const TEXT: &str = "a garden of plants";
    let pruning = || Some(Pruning { texts: vec![TEXT.into()], common: 0 });
    let (whole, few) = (
        pack("bert-2x128", options()).unwrap().0,
        pack("bert-2x128", Options { pruning: pruning(), ..options() }).unwrap().0,
    );
    assert!(words(&few).table().shape().dims()[0] < 300 && few.len() < whole.len());
    assert_eq!(bi_encoder(&few).embed(&[TEXT]).unwrap(), bi_encoder(&whole).embed(&[TEXT]).unwrap());

    // And a model that shares the words of a pruned one.
    let own = pack("bert-12x96", Options { pruning: pruning(), ..options() }).unwrap().0;
    let shared: Options<Bytes> = Options { words_of: Some(words(&own)), ..options() };
    let file = pack("bert-12x96", shared).unwrap().0;
    let whole = pack("bert-12x96", options()).unwrap().0;
    let scores = |file: &[u8]| cross_encoder(file, Some(&words(&own))).unwrap().score("garden", &[TEXT]).unwrap();
    assert_eq!(scores(&file), scores(&own));
    assert_eq!(scores(&file), cross_encoder(&whole, None).unwrap().score("garden", &[TEXT]).unwrap());
}

#[test]
fn a_corpus_may_be_documents_or_anything_with_text() {
    let tokenizer = Tokenizer::from_bytes(&tokenizer_file("bert-2x128")).unwrap();
    let of = |corpus: &str| texts(corpus.as_bytes(), &tokenizer);
    assert_eq!(of("{\"query\": \"a\", \"more\": [{\"b\": \"c\"}, 1]}").unwrap(), ["a", "c"]);
    let document = of("[{\"id\": \"1\", \"title\": \"T\", \"body\": \"# H\\n\\ntext\"}]").unwrap();
    assert!(document.iter().any(|text| text == "T. H. text"), "{document:?}");
    for (corpus, needle) in
        [("", "found none"), ("[1, 2]", "found none"), ("{", "expected JSON Lines"), ("<html>", "expected JSON Lines")]
    {
        let error = of(corpus).unwrap_err();
        assert_eq!(error.code(), "invalid_input");
        assert!(error.to_string().contains(needle), "{error}");
    }
}
