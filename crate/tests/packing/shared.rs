//! Two models, one of which has no words of its own.

use docsift::model::convert::Options;
use docsift::model::words::Words;
use docsift::Error;

use crate::support::{cross_encoder, open, options, pack, word_bits, words, Bytes, TEXTS};

/// A file with words for `bert-12x96`, in as many bits. It is a cross-encoder itself: what shares is of no account.
fn whole(bits: &str) -> Vec<u8> {
    pack("bert-12x96", word_bits(bits)).unwrap().0
}

/// The same without words, which are those of `of`.
fn without_words(of: &[u8]) -> docsift::Result<Vec<u8>> {
    let shared: Options<Bytes> = Options { words_of: Some(words(of)), ..options() };
    Ok(pack("bert-12x96", shared)?.0)
}

#[track_caller]
fn refused(outcome: docsift::Result<impl Sized>, code: &str, needle: &str) {
    let error: Error = outcome.err().unwrap();
    assert_eq!(error.code(), code);
    assert!(error.to_string().contains(needle), "{error}");
}

/// The file with other bytes in place of these, of the same length.
fn with(file: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut file = file.to_vec();
    let at = file.windows(old.len()).position(|bytes| bytes == old).unwrap();
    file[at..at + new.len()].copy_from_slice(new);
    file
}

#[test]
fn a_model_with_shared_words_scores_to_the_bit_as_with_its_own() {
    for bits in ["8", "5"] {
        let own = whole(bits);
        let file = without_words(&own).unwrap();
        assert!(own.len() - file.len() > words(&own).table().storage_size_in_bytes(), "{} bytes", file.len());
        let shared = words(&own);
        let model = cross_encoder(&file, Some(&shared)).unwrap();
        let expected = cross_encoder(&own, None).unwrap().score(TEXTS[0], &TEXTS).unwrap();
        assert_eq!(model.score(TEXTS[0], &TEXTS).unwrap(), expected);
        // The table is there once.
        assert!(std::sync::Arc::ptr_eq(model.words().table(), shared.table()));
    }
}

/// Other fine-tunings of one model have the same words.
#[test]
fn the_words_of_a_table_in_fewer_bits_are_taken_for_the_models_own() {
    assert!(without_words(&whole("4")).is_ok());
}

#[test]
fn words_are_asked_for_where_there_are_none() {
    let file = without_words(&whole("8")).unwrap();
    refused(cross_encoder(&file, None), "invalid_model", "load it with that embedder");
    refused(Words::load(&mut open(&file), None, None), "invalid_model", "load it with that embedder");
}

#[test]
fn other_words_are_refused() {
    let own = whole("8");
    let file = without_words(&own).unwrap();
    // Of another type, of another shape, and with one bit of the table, the last in the file, changed.
    refused(cross_encoder(&file, Some(&words(&whole("5")))), "invalid_model", "SHA-256");
    let other = words(&pack("bert-2x128", options()).unwrap().0);
    refused(cross_encoder(&file, Some(&other)), "invalid_model", "needs a word table of shape [300, 96]");
    let row = words(&own).table().data().unwrap()[..64].to_vec();
    let mut changed = row.clone();
    changed[40] ^= 1;
    refused(cross_encoder(&file, Some(&words(&with(&own, &row, &changed)))), "invalid_model", "SHA-256");
    // The tokens count as well as their rows.
    let renamed = words(&with(&own, b"[MASK]", b"[MOSK]"));
    refused(cross_encoder(&file, Some(&renamed)), "invalid_model", "SHA-256");
}

#[test]
fn a_file_that_says_of_no_words_how_many_it_needs_is_refused() {
    let file = without_words(&whole("8")).unwrap();
    let open = |file: &[u8]| docsift::model::weights::Weights::open_gguf(std::io::Cursor::new(file.to_vec()));
    refused(open(&with(&file, b"bert.vocab_size", b"bert.vocab_sixe")), "invalid_model", "positive vocabulary");
    // And one that does not say which.
    let unnamed = with(&file, b"docsift.words.sha256", b"docsift.words.sha255");
    refused(cross_encoder(&unnamed, None), "invalid_tokenizer", "tokenizer.ggml.model");
    let size = [b"bert.vocab_size".as_slice(), &4u32.to_le_bytes()].concat();
    let huge = [size.as_slice(), &u32::MAX.to_le_bytes()].concat();
    let file = with(&file, &size, &huge);
    refused(cross_encoder(&file, Some(&words(&whole("8")))), "invalid_model", "[4294967295, 96]");
}

#[test]
fn words_that_were_trained_apart_are_not_shared() {
    let own = whole("8");
    let table = words(&own).table().data().unwrap().to_vec();
    // Every row by the next one's bytes.
    let moved: Vec<u8> = table.iter().cycle().skip(102).take(table.len()).copied().collect();
    refused(without_words(&with(&own, &table, &moved)), "invalid_model", "pack this model with its own words");
    let strange = with(&own, b"[MASK]", b"[MOSK]");
    refused(without_words(&strange), "invalid_tokenizer", "[MOSK]");
    let both = Options { words_of: Some(words(&own)), ..word_bits("5") };
    refused(pack("bert-12x96", both), "invalid_input", "no other option about words");
}

/// What indexes are bound to: it must be that of the words too.
#[test]
fn the_fingerprint_tells_words_apart() {
    let [a, b] = ["8", "5"].map(whole);
    let fingerprint = |own: &[u8]| {
        let file = without_words(own).unwrap();
        cross_encoder(&file, Some(&words(own))).unwrap().fingerprint().to_owned()
    };
    assert_ne!(fingerprint(&a), fingerprint(&b));
    assert_eq!(fingerprint(&a), fingerprint(&a));
}
