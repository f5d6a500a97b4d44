//! The buffers of an encoder, allocated once.

use super::attention::AttentionScratch;
use super::linear::{LinearScratch, BLOCK_ROWS};

/// What a forward pass writes to, so that no operation allocates. The fields are separate so that one can be read while
/// another is written.
#[derive(Clone, Debug, Default)]
pub struct Arena {
    /// The residual stream, `[tokens, hidden]`.
    pub hidden: Vec<f32>,
    /// Results on their way back into it, `[tokens, hidden]`.
    pub update: Vec<f32>,
    /// Queries, keys and values side by side, `[tokens, 3 · hidden]`.
    pub qkv: Vec<f32>,
    /// What attention gathered, `[tokens, hidden]`.
    pub context: Vec<f32>,
    /// The intermediate of [`feed_forward`](super::feed_forward), one block of rows.
    pub intermediate: Vec<f32>,
    /// For linear layers.
    pub linear: LinearScratch,
    /// For attention.
    pub attention: AttentionScratch,
}

impl Arena {
    /// Makes room for a batch of `tokens` tokens and sets the lengths of the buffers to fit it.
    ///
    /// Memory only grows, and is kept: a smaller batch after a larger one allocates nothing.
    pub fn reserve(&mut self, tokens: usize, hidden: usize, intermediate: usize) {
        for (buffer, length) in [
            (&mut self.hidden, tokens * hidden),
            (&mut self.update, tokens * hidden),
            (&mut self.qkv, tokens * 3 * hidden),
            (&mut self.context, tokens * hidden),
            (&mut self.intermediate, tokens.min(BLOCK_ROWS) * intermediate),
        ] {
            buffer.resize(length, 0.0);
        }
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        let buffers = [&self.hidden, &self.update, &self.qkv, &self.context, &self.intermediate];
        let floats: usize = buffers.iter().map(|buffer| buffer.capacity()).sum();
        4 * floats + self.linear.bytes() + self.attention.bytes()
    }
}
