//! How good is a ranking? See [`metrics`].

pub mod metrics;
