//! What is stored about a corpus.
//!
//! | module | what it holds |
//! |---|---|
//! | [`lexical`] | words and their passages, matched and scored by BM25 |
//! | [`vectors`] | passages' vectors, searched exactly |
//! | [`documents`] | documents and their passages |
//! | [`manifest`] | how an index is kept: a manifest and content-addressed parts |
//! | [`postings`], [`texts`], [`documents`], [`vectors`] | what is in a part of each kind |
//! | [`format`](mod@format) | all of them in one file |

mod bytes;
pub mod documents;
pub mod format;
pub mod lexical;
pub mod manifest;
pub mod postings;
pub(crate) mod terms;
pub mod texts;
pub mod vectors;
