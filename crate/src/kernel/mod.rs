//! The arithmetic of the encoder, written for WebAssembly SIMD. The only home of `unsafe` in the crate.
#![allow(unsafe_code)]
