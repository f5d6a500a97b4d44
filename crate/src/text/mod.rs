//! How text becomes token ids (`tokenizer`) and how a document becomes passages ([`document`], [`passages`]).

pub mod document;
mod headings;
mod links;
pub mod passages;
pub mod scalar;
#[cfg(feature = "models")]
pub mod tokenizer;
