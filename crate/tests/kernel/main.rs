//! The kernels against naive references, and their implementations against each other.
//!
//! Runs natively (portable code) and in a browser (`wasm-bindgen-test`), where the portable, simd128 and, with the feature
//! `relaxed-simd`, the relaxed forms are all in one binary and must agree to the bit.

mod attention;
mod functions;
mod linear;
mod noise;
mod scan;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
