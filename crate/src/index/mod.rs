//! What is stored about a corpus: postings, vectors, and the file that holds both.
