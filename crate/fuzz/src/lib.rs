//! What each fuzz target does with its bytes, so that the same code runs under libFuzzer (`fuzz_targets/`) and, over kept
//! inputs and their mutations, in a plain `cargo test` (`crate/tests/hostile/`).
//!
//! A target opens its bytes as the product does and, where that succeeds, uses what came of it. It may be refused with a
//! typed error, but must not panic, hang, or allocate by what is only announced.

pub mod index;
#[cfg(feature = "models")]
pub mod models;

/// A target's name and what it does. It says whether the bytes were read to the end.
pub type Target = (&'static str, fn(&[u8]) -> bool);

/// Every parser of bytes that nobody vouches for.
pub const TARGETS: &[Target] = &[
    #[cfg(feature = "models")]
    ("gguf", models::gguf),
    #[cfg(feature = "models")]
    ("safetensors", models::safetensors),
    #[cfg(feature = "models")]
    ("config", models::config),
    #[cfg(feature = "models")]
    ("tokenizer", models::tokenizer),
    ("manifest", index::manifest),
    ("documents", index::documents),
    ("lexical", index::lexical),
    ("vectors", index::vectors),
    ("texts", index::texts),
    ("index", index::file),
];

/// Runs a target, and says whether it read the bytes to the end.
///
/// # Panics
/// If there is none of this name, or if the target finds a fault.
pub fn run(name: &str, bytes: &[u8]) -> bool {
    let (_, target) = TARGETS.iter().find(|(other, _)| *other == name).expect("a target of this name");
    target(bytes)
}
