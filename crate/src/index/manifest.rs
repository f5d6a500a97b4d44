//! An index is a manifest and parts.
//!
//! A part is a file that is named by its kind and the hash of its content, so that it can be kept for ever under its
//! name, fetched on its own, and shared by two versions of an index that agree on it. The manifest, `index.json`, lists
//! them. The same manifest and the same parts lie in a folder on a server, in a browser's storage, and in one exported
//! file ([`format`](mod@super::format)).
//!
//! | kind | what it holds | when it is needed |
//! |---|---|---|
//! | `documents` | every document but for its body, and where its passages are ([`documents`](super::documents)) | first |
//! | `lexical` | words and their passages ([`postings`](super::postings)) | first |
//! | `vectors` | passages' vectors ([`vectors`](super::vectors)) | before meaning counts |
//! | `texts` | bodies ([`texts`](super::texts)) | when a passage of them is to be read |
//!
//! A part begins with 16 bytes: the magic `docsift\0`, the format's version (u32), the kind (u32).

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::bytes::{cut_short, damaged, Reader};
use crate::{Error, Result};

/// The version of the manifest and of everything it lists.
pub const VERSION: u32 = 2;
/// What a manifest calls itself.
const FORMAT: &str = "docsift-index";
const MAGIC: &[u8; 8] = b"docsift\0";
/// A part is smaller than this, which static hosts take (Cloudflare Pages: 25 MiB).
pub const MAX_PART_BYTES: u64 = 25 << 20;

/// What bytes hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A whole index in one file.
    File = 0,
    /// Documents without their bodies.
    Documents = 1,
    /// Postings.
    Lexical = 2,
    /// Vectors.
    Vectors = 3,
    /// Bodies.
    Texts = 4,
}

impl Kind {
    const ALL: [Self; 5] = [Self::File, Self::Documents, Self::Lexical, Self::Vectors, Self::Texts];

    /// The first word of a part's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Documents => "documents",
            Self::Lexical => "lexical",
            Self::Vectors => "vectors",
            Self::Texts => "texts",
        }
    }

    /// The bytes that everything of this kind begins with.
    pub(super) fn header(self) -> Vec<u8> {
        [&MAGIC[..], &VERSION.to_le_bytes(), &(self as u32).to_le_bytes()].concat()
    }

    /// Reads the header; what follows it is left.
    pub(super) fn open(self, bytes: &[u8]) -> Result<Reader<'_>> {
        let mut reader = Reader::new(bytes);
        if reader.array("the magic number")? != *MAGIC {
            return Err(damaged("expected bytes that begin with \"docsift\", found others; is it an index?"));
        }
        let version = reader.u32("the version")?;
        if version != VERSION {
            return Err(other_version(u64::from(version)));
        }
        let kind = reader.u32("the kind")?;
        if kind != self as u32 {
            let found = Self::ALL.into_iter().find(|other| *other as u32 == kind).map_or("unknown", Self::name);
            return Err(damaged(&format!("expected bytes of kind \"{}\", found kind {kind} ({found})", self.name())));
        }
        Ok(reader)
    }
}

/// One file of an index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// `<kind>.<first 16 hex digits of sha256>.bin`
    pub file: String,
    /// Its size.
    pub bytes: u64,
    /// Of all its bytes, in hex.
    pub sha256: String,
}

impl Part {
    /// Describes the bytes of a part.
    pub(crate) fn of(kind: Kind, bytes: &[u8]) -> Self {
        let sha256 = hex(&Sha256::digest(bytes));
        Self { file: file_name(kind, &sha256), bytes: bytes.len() as u64, sha256 }
    }

    /// Checks that `bytes` are this part.
    ///
    /// # Errors
    /// [`Error::InvalidIndex`] saying which part is cut short or damaged.
    pub(crate) fn check(&self, bytes: &[u8]) -> Result<()> {
        let (file, found) = (&self.file, bytes.len() as u64);
        if found < self.bytes {
            return Err(cut_short(&format!("part \"{file}\""), self.bytes, found));
        }
        if found > self.bytes {
            return Err(damaged(&format!("part \"{file}\" has {found} bytes, expected {}", self.bytes)));
        }
        let sha256 = hex(&Sha256::digest(bytes));
        if sha256 != self.sha256 {
            return Err(damaged(&format!(
                "part \"{file}\" is damaged: expected SHA-256 {}, found {sha256}",
                self.sha256
            )));
        }
        Ok(())
    }

    fn check_entry(&self, kind: Kind) -> Result<()> {
        let Self { file, bytes, sha256 } = self;
        if sha256.len() != 64 || !sha256.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(damaged(&format!(
                "the manifest's part \"{file}\" has SHA-256 \"{sha256}\", expected 64 hex digits"
            )));
        }
        let expected = file_name(kind, sha256);
        if *file != expected {
            return Err(damaged(&format!("the manifest has a part called \"{file}\", expected \"{expected}\"")));
        }
        if *bytes >= MAX_PART_BYTES {
            return Err(damaged(&format!("part \"{file}\" has {bytes} bytes, expected less than {MAX_PART_BYTES}")));
        }
        Ok(())
    }
}

fn file_name(kind: Kind, sha256: &str) -> String {
    format!("{}.{}.bin", kind.name(), &sha256[..16])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A part that holds `count` consecutive documents or passages, the first of which is number `first` in the index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RangePart {
    /// The file.
    #[serde(flatten)]
    pub part: Part,
    /// Of documents (`documents`, `texts`) or passages (`lexical`, `vectors`), from 0.
    pub first: u32,
    /// How many.
    pub count: u32,
}

/// The model that vectors are from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Model {
    /// What it is called in the models' manifest, for people and for choosing it again.
    pub id: String,
    /// Its identity: vectors of different fingerprints must not be compared.
    pub fingerprint: String,
    /// Components of a vector; 0 while there is none.
    pub dims: u32,
}

/// The parts by kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Parts {
    /// All documents, in order.
    pub documents: Vec<RangePart>,
    /// All passages, in order.
    pub lexical: Vec<RangePart>,
    /// All passages, in order.
    pub vectors: Vec<RangePart>,
    /// All documents, in order.
    pub texts: Vec<RangePart>,
}

/// What `index.json` holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Manifest {
    /// `docsift-index`
    pub format: String,
    /// [`VERSION`]
    pub version: u32,
    /// Whose vectors.
    pub model: Model,
    /// How many documents.
    pub documents: u32,
    /// How many passages.
    pub passages: u32,
    /// How many passages have a vector.
    pub embedded: u32,
    /// The files.
    pub parts: Parts,
}

impl Manifest {
    pub(crate) fn new(model: Model, documents: u32, passages: u32, embedded: u32, parts: Parts) -> Self {
        Self { format: FORMAT.to_owned(), version: VERSION, model, documents, passages, embedded, parts }
    }

    /// Reads `index.json`.
    ///
    /// # Errors
    /// [`Error::InvalidIndex`] if it is not a manifest, of another version, or does not add up.
    pub fn parse(json: &[u8]) -> Result<Self> {
        let value: Value = serde_json::from_slice(json)
            .map_err(|error| damaged(&format!("the manifest cannot be read: {error}; is it an index.json?")))?;
        let manifest = Entry { value: &value, place: "the manifest" };
        let format = manifest.text("format")?;
        if format != FORMAT {
            return Err(damaged(&format!("expected a manifest of format \"{FORMAT}\", found \"{format}\"")));
        }
        let version = manifest.number("version")?;
        if version != u64::from(VERSION) {
            return Err(other_version(version));
        }
        let (model, parts) = (manifest.entry("model")?, manifest.entry("parts")?);
        let model =
            Model { id: model.text("id")?, fingerprint: model.text("fingerprint")?, dims: model.count("dims")? };
        let parts = Parts {
            documents: parts.ranges("documents")?,
            lexical: parts.ranges("lexical")?,
            vectors: parts.ranges("vectors")?,
            texts: parts.ranges("texts")?,
        };
        let [documents, passages, embedded] = ["documents", "passages", "embedded"].map(|name| manifest.count(name));
        let manifest = Self::new(model, documents?, passages?, embedded?, parts);
        manifest.check()?;
        Ok(manifest)
    }

    /// As `index.json`.
    ///
    /// # Errors
    /// [`Error::Internal`] if it cannot be written as JSON.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        serde_json::to_vec(self).map_err(|error| Error::Internal(error.to_string()))
    }

    /// Every part, in the order in which they are needed.
    pub fn all_parts(&self) -> impl Iterator<Item = (Kind, &Part)> {
        let Parts { documents, lexical, vectors, texts } = &self.parts;
        documents
            .iter()
            .map(|range| (Kind::Documents, &range.part))
            .chain(lexical.iter().map(|range| (Kind::Lexical, &range.part)))
            .chain(vectors.iter().map(|range| (Kind::Vectors, &range.part)))
            .chain(texts.iter().map(|range| (Kind::Texts, &range.part)))
    }

    /// Checks that the vectors are of the model that `fingerprint` identifies; any will do where it is none.
    ///
    /// # Errors
    /// [`Error::InvalidIndex`] naming both models.
    pub fn check_model(&self, fingerprint: Option<&str>) -> Result<()> {
        let Some(fingerprint) = fingerprint.filter(|&expected| expected != self.model.fingerprint) else {
            return Ok(());
        };
        Err(Error::InvalidIndex(format!(
            "expected vectors of model \"{fingerprint}\", found those of \"{}\"; build the index again with this model",
            self.model.fingerprint
        )))
    }

    fn check(&self) -> Result<()> {
        for (kind, part) in self.all_parts() {
            part.check_entry(kind)?;
        }
        let Parts { documents, lexical, vectors, texts } = &self.parts;
        for (parts, kind, total) in [
            (documents, Kind::Documents, self.documents),
            (lexical, Kind::Lexical, self.passages),
            (vectors, Kind::Vectors, self.passages),
            (texts, Kind::Texts, self.documents),
        ] {
            let mut next = 0u32;
            for part in parts {
                if part.first != next || part.count == 0 {
                    return Err(damaged(&format!(
                        "part \"{}\" begins at {}, expected {next}",
                        part.part.file, part.first
                    )));
                }
                next = next.saturating_add(part.count);
            }
            if next != total {
                return Err(damaged(&format!(
                    "the manifest's {} parts hold {next} items, expected {total}",
                    kind.name()
                )));
            }
        }
        if self.embedded > self.passages || (self.embedded > 0 && self.model.dims == 0) {
            return Err(damaged(&format!(
                "the manifest has {} vectors of {} dims for {} passages",
                self.embedded, self.model.dims, self.passages
            )));
        }
        let dims = self.model.dims;
        if u64::from(dims) >= MAX_PART_BYTES {
            return Err(damaged(&format!(
                "the manifest's vectors have {dims} dims, expected less than {MAX_PART_BYTES}, as many as a part holds"
            )));
        }
        Ok(())
    }
}

fn other_version(found: u64) -> Error {
    Error::InvalidIndex(format!(
        "expected format version {VERSION}, found {found}; build the index again with this version of docsift"
    ))
}

/// An object of the manifest. Read by hand: derived deserializers would take a twentieth of the lexical binary.
struct Entry<'a> {
    value: &'a Value,
    /// What it is called in errors.
    place: &'static str,
}

impl<'a> Entry<'a> {
    fn field<T>(&self, name: &str, expected: &str, read: impl Fn(&'a Value) -> Option<T>) -> Result<T> {
        let missing =
            || damaged(&format!("expected {} to have {expected} \"{name}\"; is it an index.json?", self.place));
        self.value.get(name).and_then(read).ok_or_else(missing)
    }

    fn text(&self, name: &str) -> Result<String> {
        self.field(name, "a text", |value| value.as_str().map(str::to_owned))
    }

    fn number(&self, name: &str) -> Result<u64> {
        self.field(name, "a whole number", Value::as_u64)
    }

    fn count(&self, name: &str) -> Result<u32> {
        self.field(name, "a whole number below 2³²", |value| value.as_u64()?.try_into().ok())
    }

    fn entry(&self, name: &'static str) -> Result<Entry<'a>> {
        Ok(Entry { value: self.field(name, "an object", |value| value.is_object().then_some(value))?, place: name })
    }

    fn ranges(&self, name: &'static str) -> Result<Vec<RangePart>> {
        let entries = self.field(name, "a list", Value::as_array)?;
        let range = |value| {
            let entry = Entry { value, place: "a part" };
            let part = Part { file: entry.text("file")?, bytes: entry.number("bytes")?, sha256: entry.text("sha256")? };
            Ok(RangePart { part, first: entry.count("first")?, count: entry.count("count")? })
        };
        entries.iter().map(range).collect()
    }
}
