//! docsift: help-center search in the browser.
//!
//! A bi-encoder embeds the corpus and the query, the nearest passages are retrieved, and a cross-encoder that reads
//! the query and each passage together puts them in order. Everything below [`browser`] is plain Rust, compiled and
//! tested natively; `browser` is the thin WebAssembly boundary.
//!
//! | module | question it answers |
//! |---|---|
//! | [`text`] | how does text become passages and token ids? |
//! | `model` | how do token ids become embeddings and relevance logits? |
//! | `kernel` | how is that arithmetic done fast? |
//! | [`index`] | what is stored about a corpus? |
//! | [`search`] | how does a query become ranked hits? |
//! | [`eval`] | how good is a ranking? |
//! | `browser` | how does JavaScript call all this? |
//!
//! Without the default feature `models` there is no `model` and no tokenizer, and of `kernel` only the scan of vectors: what
//! is left searches by words alone. The feature `kernels` brings the rest of `kernel` back by itself, to be tested.
#![deny(unsafe_code)]
#![warn(missing_docs)]

pub mod error;
pub mod eval;
pub mod index;
pub mod kernel;
#[cfg(feature = "models")]
pub mod model;
pub mod search;
pub mod text;

#[cfg(target_arch = "wasm32")]
pub mod browser;

pub use error::{Error, Result};
