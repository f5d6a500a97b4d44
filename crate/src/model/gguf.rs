//! What candle's GGUF reader takes on trust, checked before it reads: it divides by the alignment that a file declares,
//! and makes a value of 32 bytes of every element of an array, however small.

use std::io::{BufReader, Error, ErrorKind, Read, Result, Seek};

/// The most elements that the arrays of a file's metadata have together: a multilingual BERT has 120,000 tokens.
const MAX_ELEMENTS: u64 = 1 << 22;

/// Arrays in arrays are followed as far as candle does.
const MAX_DEPTH: usize = 64;

/// The kinds of value that are not numbers.
const STRING: u32 = 8;
const ARRAY: u32 = 9;

/// Why candle must not read the file that begins here. Nothing where the metadata cannot be read to the end, as candle
/// then says what is wrong.
pub(super) fn fault<R: Read + Seek>(reader: &mut BufReader<R>) -> Option<String> {
    let mut walk = Walk { reader, wide: true, elements: 0, fault: None };
    let _ = walk.metadata();
    walk.fault
}

/// A way through a file's metadata that keeps nothing.
struct Walk<'a, R> {
    reader: &'a mut BufReader<R>,
    /// Whether lengths have 64 bits, as they do since version 2.
    wide: bool,
    /// Of all arrays so far.
    elements: u64,
    fault: Option<String>,
}

impl<R: Read + Seek> Walk<'_, R> {
    /// An error ends the walk: the file does, or there is a fault.
    fn metadata(&mut self) -> Result<()> {
        let [_magic, version] = [self.u32()?, self.u32()?];
        self.wide = version != 1;
        let _tensors = self.length()?;
        for _ in 0..self.length()? {
            let key = self.key()?;
            let kind = self.u32()?;
            match number_bytes(kind) {
                Some(bytes) if key == b"general.alignment" => {
                    let mut value = [0; 8];
                    self.reader.read_exact(&mut value[..bytes])?;
                    if value == [0; 8] {
                        return self.stop("its general.alignment is 0, expected a power of two".into());
                    }
                }
                _ => self.skip_value(kind, 0)?,
            }
        }
        Ok(())
    }

    fn stop(&mut self, fault: String) -> Result<()> {
        self.fault = Some(fault);
        Err(ErrorKind::InvalidData.into())
    }

    fn u32(&mut self) -> Result<u32> {
        let mut bytes = [0; 4];
        self.reader.read_exact(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn length(&mut self) -> Result<u64> {
        let low = self.u32()?;
        let high = if self.wide { self.u32()? } else { 0 };
        Ok(u64::from(high) << 32 | u64::from(low))
    }

    /// A key without the zeros at its end, which candle drops too.
    fn key(&mut self) -> Result<Vec<u8>> {
        let length = self.length()?;
        let mut key = Vec::new();
        if (self.reader.by_ref().take(length).read_to_end(&mut key)? as u64) < length {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        while key.last() == Some(&0) {
            key.pop();
        }
        Ok(key)
    }

    fn skip(&mut self, bytes: u64) -> Result<()> {
        self.reader.seek_relative(i64::try_from(bytes).map_err(Error::other)?)
    }

    fn skip_value(&mut self, kind: u32, depth: usize) -> Result<()> {
        match (kind, number_bytes(kind)) {
            (STRING, _) => {
                let length = self.length()?;
                self.skip(length)
            }
            (ARRAY, _) if depth <= MAX_DEPTH => {
                let kind = self.u32()?;
                let count = self.length()?;
                self.elements = self.elements.saturating_add(count);
                if self.elements > MAX_ELEMENTS {
                    let found = self.elements;
                    return self.stop(format!("its metadata has {found} elements, expected at most {MAX_ELEMENTS}"));
                }
                match number_bytes(kind) {
                    Some(bytes) => self.skip(count * bytes as u64),
                    None => (0..count).try_for_each(|_| self.skip_value(kind, depth + 1)),
                }
            }
            (_, Some(bytes)) => self.skip(bytes as u64),
            _ => Err(ErrorKind::InvalidData.into()),
        }
    }
}

/// How long a number of this kind is.
fn number_bytes(kind: u32) -> Option<usize> {
    match kind {
        0 | 1 | 7 => Some(1),
        2 | 3 => Some(2),
        4..=6 => Some(4),
        10..=12 => Some(8),
        _ => None,
    }
}
