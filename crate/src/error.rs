//! The one error type of the crate. Each variant has a stable [`code`](Error::code) that reaches JavaScript unchanged,
//! and a message that says what was expected, what was found, and what to do.

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The model file describes a network that is neither BERT nor ELECTRA.
    #[error(
        "unsupported architecture: found \"{found}\", expected one of {expected}; \
         use a BERT bi-encoder, or a BERT or ELECTRA cross-encoder"
    )]
    UnsupportedArchitecture {
        /// What the file names.
        found: String,
        /// What would have been accepted.
        expected: &'static str,
    },
    /// A model file is damaged, incomplete or inconsistent.
    #[error("invalid model: {0}")]
    InvalidModel(String),
    /// A tokenizer is damaged or not a WordPiece tokenizer.
    #[error("invalid tokenizer: {0}")]
    InvalidTokenizer(String),
    /// A caller passed something that cannot be used.
    #[error("invalid input: {0}")]
    InvalidInput(String),
    /// A stored index is damaged, of another version, or made with another model.
    #[error("invalid index: {0}")]
    InvalidIndex(String),
    /// A file could not be fetched.
    #[error("download failed: {0}")]
    Download(String),
    /// A file was fetched but is not the one the manifest describes.
    #[error("integrity check failed: {0}")]
    Integrity(String),
    /// A fault in the tensor library: always a bug here, never the caller's.
    #[error("internal error: {0}")]
    Internal(String),
}

impl Error {
    /// The stable identifier of the kind of error, the same in Rust and in JavaScript.
    pub fn code(&self) -> &'static str {
        match self {
            Error::UnsupportedArchitecture { .. } => "unsupported_architecture",
            Error::InvalidModel(_) => "invalid_model",
            Error::InvalidTokenizer(_) => "invalid_tokenizer",
            Error::InvalidInput(_) => "invalid_input",
            Error::InvalidIndex(_) => "invalid_index",
            Error::Download(_) => "download_failed",
            Error::Integrity(_) => "integrity",
            Error::Internal(_) => "internal",
        }
    }
}

#[cfg(feature = "models")]
impl From<candle_core::Error> for Error {
    fn from(error: candle_core::Error) -> Self {
        Error::Internal(error.to_string())
    }
}

/// A result whose error is [`Error`].
pub type Result<T> = std::result::Result<T, Error>;
