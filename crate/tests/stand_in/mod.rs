//! A model's stand-in for tests of collections: an embedder and a tokenizer that need no weights.

use docsift::search::collection::Collection;
use sha2::{Digest, Sha256};

pub const DIMS: usize = 4;
pub const MODEL: &str = "model-a";

pub fn count_tokens(text: &str) -> usize {
    text.split_whitespace().count()
}

/// A unit vector that depends on the text alone, as an encoder's would.
pub fn embed(text: &str) -> Vec<f32> {
    let digest = Sha256::digest(text);
    let vector: Vec<f32> = digest.iter().take(DIMS).map(|&byte| f32::from(byte) - 127.5).collect();
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    vector.iter().map(|x| x / length).collect()
}

/// Embeds what waits, in batches.
pub fn embed_all(collection: &mut Collection) {
    loop {
        let batch = collection.pending(20);
        if batch.is_empty() {
            return;
        }
        let ids: Vec<u32> = batch.iter().map(|(id, _)| *id).collect();
        let vectors: Vec<f32> = batch.iter().flat_map(|(_, input)| embed(input)).collect();
        collection.set_vectors(&ids, &vectors, DIMS).unwrap();
    }
}
