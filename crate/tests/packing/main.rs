//! Packed files: what the word table is stored in, and what is left of the model's answers.

mod bits;
mod support;
