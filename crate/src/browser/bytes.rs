//! A JavaScript byte array as a Rust reader, so that a model file is read piece by piece and never copied whole into
//! WebAssembly memory, which cannot be given back.

use std::io::{Error, ErrorKind, Read, Result, Seek, SeekFrom};

use js_sys::Uint8Array;

/// Reads a `Uint8Array` that stays in JavaScript's memory.
pub(super) struct JsBytes {
    array: Uint8Array,
    position: u64,
}

impl JsBytes {
    pub(super) fn new(array: Uint8Array) -> Self {
        Self { array, position: 0 }
    }
}

impl Read for JsBytes {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let length = u64::from(self.array.length());
        let start = self.position.min(length);
        let count = (length - start).min(buffer.len() as u64) as usize;
        self.array.subarray(start as u32, start as u32 + count as u32).copy_to(&mut buffer[..count]);
        self.position = start + count as u64;
        Ok(count)
    }
}

impl Seek for JsBytes {
    fn seek(&mut self, target: SeekFrom) -> Result<u64> {
        let position = match target {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::End(offset) => u64::from(self.array.length()).checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or_else(|| Error::new(ErrorKind::InvalidInput, "seek before the start"))?;
        Ok(self.position)
    }
}
