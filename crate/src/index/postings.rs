//! Postings, as they are kept.
//!
//! A part of kind `lexical` holds, after the header, the words of a run of passages, in ascending order of their bytes. It
//! says nothing of other passages, so that a change elsewhere leaves it as it is.
//!
//! | content |
//! |---|
//! | numbers a posting has (varint, [`FIELDS`]), number of passages (varint), number of words (varint) |
//! | for each word: bytes shared with the word before (varint), the rest of it (length as varint, UTF-8), its number of passages (varint), and for each of those a varint: twice the distance from the passage before (from −1 for the first), plus 1 if its numbers follow, as varints; otherwise they are all 0 but for the last, which is 1 |
//!
//! Most postings take one byte: nearly every word occurs once, in the text, in passages near each other.

use super::bytes::{damaged, put_string, put_varint, Reader};
use super::lexical::{LexicalIndex, FIELDS};
use super::manifest::Kind;
use crate::Result;

/// A passage's number in the part, from 0 in the order of the passages, and how often each field of it has the word.
type Posting = (u32, [u32; FIELDS]);

/// What is not written: the word is once in the last field and not in any other.
const ONCE: [u32; FIELDS] = {
    let mut once = [0; FIELDS];
    once[FIELDS - 1] = 1;
    once
};

impl LexicalIndex {
    /// Writes the part of these passages, whose ids ascend. There is at least one.
    pub(crate) fn encode(&self, passages: &[u32]) -> Vec<u8> {
        let (Some(&first), Some(&last)) = (passages.first(), passages.last()) else { return Run::default().finish(0) };
        let mut numbers = vec![None; (last - first) as usize + 1];
        for (number, &passage) in (0..).zip(passages) {
            numbers[(passage - first) as usize] = Some(number);
        }
        let mut run = Run::default();
        for (word, postings) in self.postings(first..=last) {
            // Words that a removed passage's text did not have stay behind where a forged file said that it had them.
            let there = postings.filter_map(|(passage, counts)| Some((numbers[(passage - first) as usize]?, counts)));
            let there: Vec<Posting> = there.collect();
            if !there.is_empty() {
                run.push(word, &there);
            }
        }
        run.finish(passages.len() as u32)
    }

    /// Reads the part of the `passages` passages that have ids from `first` and come after all that were read before.
    ///
    /// # Errors
    /// [`Error::InvalidIndex`](crate::Error::InvalidIndex) for bytes that are not an undamaged part of so many passages.
    pub(crate) fn decode(&mut self, bytes: &[u8], passages: u32, first: u32) -> Result<()> {
        decode(bytes, passages, |word, postings| self.restore_word(word, postings, first))
    }
}

/// Terms on their way into a part.
#[derive(Default)]
struct Run<'a> {
    words: u64,
    last: &'a str,
    body: Vec<u8>,
}

impl<'a> Run<'a> {
    fn push(&mut self, word: &'a str, postings: &[Posting]) {
        let shared = shared_prefix(self.last, word);
        put_varint(&mut self.body, shared as u64);
        put_string(&mut self.body, &word[shared..]);
        put_varint(&mut self.body, postings.len() as u64);
        let mut next = 0;
        for &(passage, counts) in postings {
            let distance = u64::from(passage - next) << 1;
            next = passage + 1;
            if counts == ONCE {
                put_varint(&mut self.body, distance);
                continue;
            }
            put_varint(&mut self.body, distance | 1);
            for count in counts {
                put_varint(&mut self.body, u64::from(count));
            }
        }
        self.words += 1;
        self.last = word;
    }

    fn finish(self, passages: u32) -> Vec<u8> {
        let mut out = Kind::Lexical.header();
        for number in [FIELDS as u64, u64::from(passages), self.words] {
            put_varint(&mut out, number);
        }
        out.extend_from_slice(&self.body);
        out
    }
}

/// Bytes that both begin with, up to the end of a character.
fn shared_prefix(a: &str, b: &str) -> usize {
    let mut shared = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    while !b.is_char_boundary(shared) {
        shared -= 1;
    }
    shared
}

/// Reads a part of `passages` passages and hands out each word with its postings, both ascending.
fn decode(bytes: &[u8], passages: u32, mut sink: impl FnMut(&str, Vec<Posting>)) -> Result<()> {
    let mut reader = Kind::Lexical.open(bytes)?;
    for (what, expected) in [("numbers of a posting", FIELDS as u64), ("passages of the postings", u64::from(passages))]
    {
        let found = reader.varint(what)?;
        if found != expected {
            return Err(damaged(&format!("{what}: expected {expected}, found {found}")));
        }
    }
    let (mut word, mut last) = (String::new(), String::new());
    for _ in 0..reader.count("the number of words")? {
        let shared = reader.varint("a word's beginning")?;
        let shared = usize::try_from(shared).ok().filter(|&shared| word.is_char_boundary(shared));
        word.truncate(shared.ok_or_else(|| damaged("a word begins with more than the word before has"))?);
        word.push_str(reader.string("a word")?);
        if word.is_empty() || last >= word {
            return Err(damaged(&format!("word \"{word}\" comes after \"{last}\", expected ascending words")));
        }
        let postings = decode_postings(&mut reader, passages)?;
        sink(&word, postings);
        last.clone_from(&word);
    }
    reader.finish("the last word")
}

fn decode_postings(reader: &mut Reader, passages: u32) -> Result<Vec<Posting>> {
    let count = reader.count("a word's passages")?;
    if count == 0 {
        return Err(damaged("a word is in no passage"));
    }
    let mut postings = Vec::with_capacity(count);
    let mut next = 0u64;
    for _ in 0..count {
        let code = reader.varint("a passage")?;
        let passage = next.saturating_add(code >> 1);
        if passage >= u64::from(passages) {
            return Err(damaged(&format!("a word is in passage {passage} of {passages}")));
        }
        let mut counts = ONCE;
        if code & 1 == 1 {
            for count in &mut counts {
                *count = reader.varint32("a word's frequency")?;
            }
        }
        postings.push((passage as u32, counts));
        next = passage + 1;
    }
    Ok(postings)
}

#[cfg(test)]
mod tests {
    use super::super::lexical::Fields;
    use super::*;

    #[test]
    fn what_a_forged_file_leaves_behind_is_not_written() {
        let kept = {
            let mut index = LexicalIndex::with_passages(1, 0);
            index.restore_word("forged", vec![(0, ONCE)], 0);
            index
        };
        let mut forged = LexicalIndex::with_passages(2, 0);
        forged.restore_word("alone", vec![(1, ONCE)], 0);
        forged.restore_word("forged", vec![(0, ONCE), (1, ONCE)], 0);
        forged.remove(1, &Fields { title: "", heading: None, body: "what the text has" });
        let mut read = LexicalIndex::with_passages(1, 0);
        read.decode(&forged.encode(&[0]), 1, 0).unwrap();
        assert_eq!(read, kept);
    }
}
