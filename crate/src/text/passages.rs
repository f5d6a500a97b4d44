//! Heading-aware passages.
