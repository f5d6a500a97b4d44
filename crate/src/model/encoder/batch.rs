//! A ragged batch: sequences of any lengths laid end to end, without padding.

use crate::text::tokenizer::Encoding;

/// Sequences laid end to end.
#[derive(Debug, Default, Clone)]
pub struct Batch {
    pub(super) ids: Vec<u32>,
    pub(super) type_ids: Vec<u32>,
    pub(super) positions: Vec<u32>,
    lengths: Vec<usize>,
}

impl Batch {
    /// Appends one sequence.
    pub fn push(&mut self, encoding: &Encoding) {
        self.ids.extend(&encoding.ids);
        self.type_ids.extend(&encoding.type_ids);
        self.positions.extend(0..encoding.ids.len() as u32);
        self.lengths.push(encoding.ids.len());
    }

    /// Tokens of each sequence.
    pub fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    /// The row at which each sequence starts.
    pub fn starts(&self) -> Vec<u32> {
        let before = self.lengths.iter().scan(0, |next, length| Some(std::mem::replace(next, *next + *length as u32)));
        before.collect()
    }

    /// Tokens in all.
    pub fn tokens(&self) -> usize {
        self.ids.len()
    }

    /// Splits encodings into batches of at most `max_tokens` (or of one longer sequence), in order.
    pub fn split(encodings: &[Encoding], max_tokens: usize) -> Vec<Batch> {
        let mut batches: Vec<Batch> = Vec::new();
        for encoding in encodings {
            match batches.last_mut() {
                Some(batch) if batch.tokens() + encoding.ids.len() <= max_tokens => batch.push(encoding),
                _ => {
                    let mut batch = Batch::default();
                    batch.push(encoding);
                    batches.push(batch);
                }
            }
        }
        batches
    }
}
