//! The boundary to JavaScript: typed arrays and plain objects in and out, errors with a stable `code`, no logic.
//!
//! `Engine` runs inside a worker, and `fetchFile` is the one place that touches the network. `Lexical` is what the small
//! binary without models has instead.

#[cfg(feature = "models")]
mod bytes;
#[cfg(feature = "models")]
mod download;
#[cfg(feature = "models")]
mod engine;
mod error;
#[cfg(feature = "models")]
mod index;
#[cfg(feature = "lexical")]
mod lexical;
mod opening;
#[cfg(feature = "models")]
mod pack;
mod value;

#[cfg(feature = "models")]
pub use download::fetch_file;
#[cfg(feature = "models")]
pub use engine::Engine;
#[cfg(feature = "lexical")]
pub use lexical::Lexical;
#[cfg(feature = "models")]
pub use pack::pack_model;

use wasm_bindgen::prelude::wasm_bindgen;

/// Runs once when the module is instantiated: a panic is then printed to the console with its place before it ends
/// the worker.
#[wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
}

/// How many tokens this instance has computed, special tokens included: what a benchmark compares.
#[cfg(feature = "models")]
#[wasm_bindgen(js_name = tokensComputed)]
pub fn tokens_computed() -> f64 {
    crate::model::encoder::tokens_computed() as f64
}
