//! Word tables in fewer bits.

use docsift::model::convert::Options;
use docsift::model::pack::Bits;
use docsift::model::{BiEncoder, Precision};

use crate::support::{bi_encoder, open, options, pack, word_bits, TEXTS};

fn packed(bits: &str) -> Vec<u8> {
    pack("bert-2x128", word_bits(bits)).unwrap().0
}

/// The file with another type declared for its word table.
fn with_type(file: &[u8], kind: u32) -> Vec<u8> {
    const NAME: &[u8] = b"token_embd.weight";
    let mut file = file.to_vec();
    let name = file.windows(NAME.len()).position(|bytes| bytes == NAME).unwrap();
    // After the name: how many dimensions, two of 64 bits, the type.
    let at = name + NAME.len() + 4 + 16;
    file[at..at + 4].copy_from_slice(&kind.to_le_bytes());
    file
}

#[test]
fn fewer_bits_take_fewer_bytes_and_keep_the_vectors_near() {
    let whole = packed("8");
    let reference = bi_encoder(&whole).embed(&TEXTS).unwrap();
    // 300 rows of 128: four blocks of 32 each, of 34, 24, 22 and 18 bytes.
    for (bits, block, least) in [("8", 34, 1.0 - 1e-6), ("6", 24, 0.999), ("5", 22, 0.998), ("4", 18, 0.99)] {
        let file = packed(bits);
        assert_eq!(whole.len() - file.len(), 300 * 4 * (34 - block), "{bits} bits");
        let vectors = bi_encoder(&file).embed(&TEXTS).unwrap();
        for (found, expected) in vectors.chunks(128).zip(reference.chunks(128)) {
            let cosine: f32 = found.iter().zip(expected).map(|(a, b)| a * b).sum();
            assert!(cosine > least, "{bits} bits: cosine {cosine}");
            assert!(bits == "8" || cosine < 1.0 - 1e-7, "{bits} bits: the table is that of 8 bits");
        }
    }
}

/// The layers' matrices, and then also positions, in Q8_0.
#[test]
fn layers_in_fewer_bits_are_smaller_and_answer_nearly_the_same() {
    let reference = bi_encoder(&packed("8")).embed(&TEXTS).unwrap();
    let file = |bits: &str| pack("bert-2x128", Options { layer_bits: bits.parse().unwrap(), ..options() }).unwrap().0;
    let sizes = ["8", "6", "5", "4"].map(|bits| file(bits).len());
    assert!(sizes.is_sorted_by(|a, b| a > b), "{sizes:?}");
    let vectors = bi_encoder(&file("6")).embed(&TEXTS).unwrap();
    for (found, expected) in vectors.chunks(128).zip(reference.chunks(128)) {
        let cosine: f32 = found.iter().zip(expected).map(|(a, b)| a * b).sum();
        assert!(cosine > 0.99 && cosine < 1.0 - 1e-7, "cosine {cosine}");
    }
}

#[test]
fn other_numbers_of_bits_are_refused() {
    for bits in ["7", "", "8.5", "q4_0"] {
        let error = bits.parse::<Bits>().unwrap_err();
        assert_eq!(error.code(), "invalid_input");
        assert!(error.to_string().contains("expected 8, 6, 5 or 4"), "{error}");
    }
}

#[test]
fn rows_that_no_block_fits_stay_as_they_are() {
    let file = |bits: &str| pack("bert-2x72", word_bits(bits)).unwrap().0;
    assert_eq!(file("4"), file("8"));
}

/// Q6_K, Q8_K, Q8_1: types that candle knows, and whose rows no BERT's width divides into or no file has.
#[test]
fn a_table_of_another_type_is_refused_by_its_name() {
    for (kind, name) in [(14, "Q6K"), (15, "Q8K"), (9, "Q8_1")] {
        let weights = open(&with_type(&packed("4"), kind));
        let error = BiEncoder::load(weights, None, Precision::Int8, None).err().unwrap();
        assert_eq!(error.code(), "invalid_model");
        assert!(error.to_string().contains("token_embd.weight: expected one of"), "{error}");
        assert!(error.to_string().contains(name), "{error}");
    }
}

/// Every type takes another number of bytes; what a file has not is not read, nor room made for it.
#[test]
fn a_type_of_more_bytes_than_the_file_has_is_refused() {
    let mut file = packed("4");
    file.truncate(file.len() / 8);
    let error = BiEncoder::load(open(&with_type(&file, 8)), None, Precision::Int8, None).err().unwrap();
    assert_eq!(error.code(), "invalid_model");
    assert!(error.to_string().contains("remaining in file"), "{error}");
}
