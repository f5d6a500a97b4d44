//! Reading and writing bytes that nobody vouches for.
//!
//! Integers are little-endian, or LEB128 where they are called varints: seven bits a byte, the lowest first, the high
//! bit set on all but the last. A size that is read is compared with the bytes there are before anything is made of it.

use crate::{Error, Result};

/// Appends a varint.
pub(super) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends the length of a string as a varint, then its UTF-8.
pub(super) fn put_string(out: &mut Vec<u8>, string: &str) {
    put_varint(out, string.len() as u64);
    out.extend_from_slice(string.as_bytes());
}

/// What is left to read.
#[derive(Debug, Clone)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// How many bytes are left.
    pub(super) fn left(&self) -> usize {
        self.bytes.len()
    }

    /// The next `count` bytes. A count too large for this machine's `usize` is also too large for the bytes.
    pub(super) fn take(&mut self, count: u64, what: &str) -> Result<&'a [u8]> {
        let split = usize::try_from(count).ok().and_then(|count| self.bytes.split_at_checked(count));
        let (taken, rest) = split.ok_or_else(|| cut_short(what, count, self.bytes.len() as u64))?;
        self.bytes = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self, what: &str) -> Result<[u8; N]> {
        let split = self.bytes.split_first_chunk();
        let (taken, rest) = split.ok_or_else(|| cut_short(what, N as u64, self.bytes.len() as u64))?;
        self.bytes = rest;
        Ok(*taken)
    }

    pub(super) fn u32(&mut self, what: &str) -> Result<u32> {
        self.array(what).map(u32::from_le_bytes)
    }

    pub(super) fn varint(&mut self, what: &str) -> Result<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array(what)?;
            let bits = u64::from(byte & 0x7f);
            if bits << shift >> shift != bits {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(damaged(&format!("{what} is a number of more than 64 bits")))
    }

    /// A varint that fits `u32`.
    pub(super) fn varint32(&mut self, what: &str) -> Result<u32> {
        let value = self.varint(what)?;
        u32::try_from(value).map_err(|_| damaged(&format!("{what} is {value}, expected a number of 32 bits")))
    }

    /// How many items follow, each at least one byte long.
    pub(super) fn count(&mut self, what: &str) -> Result<usize> {
        let count = self.varint(what)?;
        match usize::try_from(count) {
            Ok(count) if count <= self.left() => Ok(count),
            _ => Err(cut_short(what, count, self.left() as u64)),
        }
    }

    pub(super) fn string(&mut self, what: &str) -> Result<&'a str> {
        let length = self.varint(what)?;
        std::str::from_utf8(self.take(length, what)?).map_err(|_| damaged(&format!("{what} is not UTF-8")))
    }

    /// Checks that nothing is left.
    pub(super) fn finish(self, what: &str) -> Result<()> {
        match self.bytes.len() {
            0 => Ok(()),
            left => Err(damaged(&format!("found {left} bytes after {what}, expected none"))),
        }
    }
}

/// Fewer bytes than announced.
pub(super) fn cut_short(what: &str, expected: u64, found: u64) -> Error {
    Error::InvalidIndex(format!(
        "it ends within {what}: expected {expected} bytes, found {found}: it is cut short; fetch or build the index again"
    ))
}

/// Bytes that mean nothing.
pub(super) fn damaged(why: &str) -> Error {
    Error::InvalidIndex(format!("{why}; fetch or build the index again"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_past_64_bits_are_refused() {
        let mut eleven = vec![0xff; 10];
        eleven.push(0);
        for bytes in [&eleven[..], &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02]] {
            assert!(Reader::new(bytes).varint("n").unwrap_err().to_string().contains("more than 64 bits"));
        }
        assert!(Reader::new(&[0x80]).varint("n").unwrap_err().to_string().contains("cut short"));
        assert!(Reader::new(&[5, 0]).count("n").unwrap_err().to_string().contains("expected 5 bytes, found 1"));
    }

    proptest! {
        #[test]
        fn varints_and_strings_come_back(value in any::<u64>(), string in any::<String>()) {
            let mut bytes = Vec::new();
            put_varint(&mut bytes, value);
            put_string(&mut bytes, &string);
            let mut reader = Reader::new(&bytes);
            prop_assert_eq!(reader.varint("n").unwrap(), value);
            prop_assert_eq!(reader.string("s").unwrap(), string);
            reader.finish("s").unwrap();
        }
    }
}
