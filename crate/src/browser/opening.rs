//! Opening an index, in the engine and in its lexical half.

use js_sys::Uint8Array;

use crate::index::manifest::Manifest;
use crate::search::collection::Collection;
use crate::{Error, Result};

/// Opens an index from the bytes of its manifest and of its first parts, in the manifest's order. They are copied into
/// WebAssembly's memory one at a time.
pub(super) fn open(manifest: &Uint8Array, parts: Vec<Uint8Array>, first_passage: u32) -> Result<Collection> {
    let mut parts = parts.into_iter();
    Collection::open(&Manifest::parse(&manifest.to_vec())?, first_passage, |part| {
        let missing = || Error::InvalidInput(format!("expected part \"{}\" to open the index, found none", part.file));
        parts.next().map(|bytes| bytes.to_vec()).ok_or_else(missing)
    })
}
