//! The boundary to JavaScript: typed arrays and plain objects in and out, errors with a stable `code`, no logic.
//!
//! [`Engine`] runs inside a worker. [`fetchFile`](download::fetch_file) is the one place that touches the network.

mod bytes;
mod download;
mod engine;
mod error;
mod index;

pub use download::fetch_file;
pub use engine::Engine;

use wasm_bindgen::prelude::wasm_bindgen;

/// Runs once when the module is instantiated: a panic is then printed to the console with its place before it ends
/// the worker.
#[wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
}

/// How many tokens this instance has computed, special tokens included: what a benchmark compares.
#[wasm_bindgen(js_name = tokensComputed)]
pub fn tokens_computed() -> f64 {
    crate::model::encoder::tokens_computed() as f64
}
