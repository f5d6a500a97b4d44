//! How token ids become embeddings and relevance logits.
