//! How text becomes token ids ([`tokenizer`]) and how a document becomes passages ([`document`], [`passages`]).

pub mod document;
mod headings;
pub mod passages;
pub mod tokenizer;
