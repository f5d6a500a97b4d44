//! Packed files: what the words and layers are stored in, what is left out, and what is left of the model's answers.

mod bits;
mod shared;
mod support;
mod vocabulary;
