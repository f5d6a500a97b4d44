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
//! Without the feature `kernels` there is [`scan`](mod@scan) alone, in plain Rust.
#![allow(unsafe_code)]

#[cfg(feature = "kernels")]
pub mod activation;
#[cfg(feature = "kernels")]
pub mod attention;
#[cfg(feature = "kernels")]
mod block;
#[cfg(feature = "kernels")]
pub mod feed_forward;
#[cfg(feature = "kernels")]
pub mod instructions;
#[cfg(feature = "kernels")]
mod int16;
#[cfg(feature = "kernels")]
pub mod lanes;
#[cfg(feature = "kernels")]
pub mod layer_norm;
#[cfg(feature = "kernels")]
pub mod linear;
#[cfg(feature = "kernels")]
pub mod portable;
#[cfg(feature = "kernels")]
pub mod quantize;
#[cfg(all(target_arch = "wasm32", feature = "relaxed-simd"))]
pub mod relaxed;
pub mod scan;
#[cfg(feature = "kernels")]
pub mod scratch;
#[cfg(all(target_arch = "wasm32", feature = "kernels"))]
pub mod simd128;
#[cfg(feature = "kernels")]
mod softmax;
#[cfg(feature = "kernels")]
pub mod tile;
#[cfg(feature = "kernels")]
mod tune;

#[cfg(feature = "kernels")]
pub use attention::{attention, attention_first_row};
#[cfg(feature = "kernels")]
pub use feed_forward::feed_forward;
#[cfg(feature = "kernels")]
pub use instructions::{Instructions, WeightBits};
#[cfg(feature = "kernels")]
pub use layer_norm::{add_layer_norm, layer_norm};
#[cfg(feature = "kernels")]
pub use linear::PackedLinear;
pub use scan::scan;
#[cfg(feature = "kernels")]
pub use scratch::Arena;
#[cfg(feature = "kernels")]
pub use tune::tune;
