//! The arithmetic of the encoder, written for WebAssembly SIMD. The only home of `unsafe` in the crate.
//!
//! | module | what it computes |
//! |---|---|
//! | [`linear`] | `x · Wᵀ + b` with int8 weights packed once and activations quantized on the fly |
//! | [`feed_forward`](mod@feed_forward) | the two linear layers of a transformer block with GELU between them |
//! | [`attention`] | softmax attention over a ragged batch |
//! | [`scan`](mod@scan) | the dot products of a query with every vector of an index |
//! | [`layer_norm`](mod@layer_norm), [`activation`] | the functions between the matrix products |
//!
//! Everything takes plain slices and buffers owned by the caller ([`Arena`]), so that nothing is allocated per call once
//! the buffers have grown to the largest batch seen.
//!
//! # Three implementations, one result
//! `portable` is plain Rust and runs everywhere; `simd128` and `relaxed` hold the same loops in WebAssembly
//! intrinsics. A dot product of integers has one right answer, so the matrix products agree to the bit whatever
//! computes them ([`tile`]). The f32 parts are written once, over four lanes ([`lanes`]), with separate multiply and
//! add in a fixed order, and agree to the bit as well.
#![allow(unsafe_code)]

pub mod activation;
pub mod attention;
mod block;
pub mod feed_forward;
pub mod instructions;
mod int16;
pub mod lanes;
pub mod layer_norm;
pub mod linear;
pub mod portable;
pub mod quantize;
#[cfg(all(target_arch = "wasm32", feature = "relaxed-simd"))]
pub mod relaxed;
pub mod scan;
pub mod scratch;
#[cfg(target_arch = "wasm32")]
pub mod simd128;
mod softmax;
pub mod tile;
mod tune;

pub use attention::{attention, attention_first_row};
pub use feed_forward::feed_forward;
pub use instructions::{Instructions, WeightBits};
pub use layer_norm::{add_layer_norm, layer_norm};
pub use linear::PackedLinear;
pub use scan::scan;
pub use scratch::Arena;
pub use tune::tune;
