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
//!
//! Without the feature `models` there is [`scan`](mod@scan) alone, in plain Rust.
#![allow(unsafe_code)]

#[cfg(feature = "models")]
pub mod activation;
#[cfg(feature = "models")]
pub mod attention;
#[cfg(feature = "models")]
mod block;
#[cfg(feature = "models")]
pub mod feed_forward;
#[cfg(feature = "models")]
pub mod instructions;
#[cfg(feature = "models")]
mod int16;
#[cfg(feature = "models")]
pub mod lanes;
#[cfg(feature = "models")]
pub mod layer_norm;
#[cfg(feature = "models")]
pub mod linear;
#[cfg(feature = "models")]
pub mod portable;
#[cfg(feature = "models")]
pub mod quantize;
#[cfg(all(target_arch = "wasm32", feature = "relaxed-simd"))]
pub mod relaxed;
pub mod scan;
#[cfg(feature = "models")]
pub mod scratch;
#[cfg(all(target_arch = "wasm32", feature = "models"))]
pub mod simd128;
#[cfg(feature = "models")]
mod softmax;
#[cfg(feature = "models")]
pub mod tile;
#[cfg(feature = "models")]
mod tune;

#[cfg(feature = "models")]
pub use attention::{attention, attention_first_row};
#[cfg(feature = "models")]
pub use feed_forward::feed_forward;
#[cfg(feature = "models")]
pub use instructions::{Instructions, WeightBits};
#[cfg(feature = "models")]
pub use layer_norm::{add_layer_norm, layer_norm};
#[cfg(feature = "models")]
pub use linear::PackedLinear;
pub use scan::scan;
#[cfg(feature = "models")]
pub use scratch::Arena;
#[cfg(feature = "models")]
pub use tune::tune;
