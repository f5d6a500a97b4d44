//! What is stored about a corpus: postings ([`lexical`]), vectors ([`vectors`]), and the file that holds both
//! ([`format`](mod@format)).

pub mod format;
pub mod lexical;
mod terms;
pub mod vectors;
