//! How token ids become embeddings and relevance logits.
//!
//! [`config`] says which network a file holds, [`weights`] reads its tensors one at a time, [`encoder`] is the
//! transformer trunk, and [`bi_encoder`] and [`cross_encoder`] put a pooling or a head on it. [`pack`] writes the
//! quantized files that ship with the package, with what [`calibrate`] measured; [`convert`] does both for a folder.
//! [`words`] is what the two models may have in common, and [`prune`] says which of them a site needs.

pub mod bi_encoder;
pub mod calibrate;
pub mod config;
pub mod convert;
pub mod cross_encoder;
pub mod encoder;
mod gguf;
mod gptq;
pub mod pack;
pub mod prune;
pub mod weights;
pub mod words;

pub use bi_encoder::BiEncoder;
pub use cross_encoder::CrossEncoder;
pub use encoder::Precision;
