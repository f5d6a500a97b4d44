//! How text becomes token ids ([`tokenizer`]) and how a document becomes passages ([`passages`]).

pub mod passages;
pub mod tokenizer;
