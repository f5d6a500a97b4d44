"""Trains rerankers for docsift: from pairs of queries and passages to a packed model. See training/README.md."""
