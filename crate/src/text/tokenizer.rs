//! WordPiece.
