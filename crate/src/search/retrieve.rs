//! Candidates for a query, before any reranking.

use std::collections::BTreeMap;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::collection::{check_unit, Collection};
use super::explain::Explanation;
use super::facets::{self, Facets};
use super::fuse::{Evidence, List, Scored};
use super::options::Options;
use crate::index::documents::{ContentHash, StoredDocument};
use crate::index::lexical::expand::{QueryTerm, TermKind};
use crate::index::lexical::score::Bm25;
use crate::text::document::Document;
use crate::Result;

/// Which evidence an order rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Stage {
    /// Shared words only.
    Lexical,
    /// Shared words and nearness of meaning.
    Hybrid,
}

/// A passage that may answer the query.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Candidate<'a> {
    /// The passage's id in the collection.
    pub passage_id: u32,
    /// The document's id.
    pub document_id: &'a str,
    /// The path of headings over the passage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heading: Option<&'a str>,
    /// The innermost heading's slug.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anchor: Option<&'a str>,
    /// The passage's text; none while it is still to be fetched, and where it was not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<&'a str>,
    /// `title. heading. text`, as embedded; cut as [`Options::rerank_tokens`] asks. None without the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// The part of the index to fetch for the text; none once it is there, and where it was not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_part: Option<&'a str>,
    /// The first 8 bytes of the SHA-256 of `input`, in hexadecimal: tells whether a score can be used again. Without the
    /// text it is that of the whole input.
    pub hash: ContentHash,
    /// Tokens of `input`: at most so many, or about so many where it is cut.
    pub tokens: usize,
    /// With the query's vector; none in the lexical stage and while the passage has no vector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cosine: Option<f32>,
    /// 0 when no word is shared.
    pub bm25: f32,
    /// What the caller's preferences added.
    pub boost: f32,
    /// What the candidates are ordered by: see [`fuse`](super::fuse).
    pub fused: f32,
    /// The place by BM25 among the passages that take part, from 1; none when no word is shared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lexical_rank: Option<usize>,
    /// The place by cosine among the passages that take part, from 1; none without a cosine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dense_rank: Option<usize>,
}

/// The beginning of a document, from which a reranker tells what it is about.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DocumentOpening {
    /// `title. heading. text`, the text cut.
    pub input: String,
    /// Of `input`, as a candidate's.
    pub hash: ContentHash,
    /// Of `input`, about.
    pub tokens: usize,
}

/// A term of the query and what it found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Term {
    /// As in the query, in lower case and without accents.
    pub text: String,
    /// How it was matched.
    pub kind: TermKind,
    /// The words of the index that it found, in lower case and without accents.
    pub matched: Vec<String>,
    /// How many documents have any of them, whatever the filter.
    pub documents: usize,
}

/// The candidates, best first, and what they rest on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Retrieval<'a> {
    /// What they were found by.
    pub stage: Stage,
    /// At most the limit asked for.
    pub candidates: Vec<Candidate<'a>>,
    /// The documents of the candidates, once each.
    pub documents: Found<'a>,
    /// If they were asked for: the openings of those of the documents whose texts are given, by id.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub openings: BTreeMap<&'a str, DocumentOpening>,
    /// The terms of the query, in order.
    pub terms: Vec<Term>,
    /// If they were asked for: counts over the documents that share a term with the query or are among the candidates;
    /// over all that the filter lets through when the query has no terms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facets: Option<Facets>,
    /// How many documents the filter shut out.
    pub excluded: usize,
    /// If it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Explanation<'a>>,
}

/// Documents, written as an object that has each at its id.
#[derive(Debug, Clone, PartialEq)]
pub struct Found<'a> {
    /// In the order of their best candidates.
    pub documents: Vec<&'a Document>,
    /// How many of them are written with their bodies; those of the others are empty.
    pub whole: usize,
}

impl Found<'_> {
    /// Whether the texts of a document among them are given.
    fn has_texts(&self, document: &Document) -> bool {
        self.documents.iter().take(self.whole).any(|whole| std::ptr::eq(*whole, document))
    }
}

impl Serialize for Found<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let whole = self.whole.min(self.documents.len());
        let mut written = serializer.serialize_map(Some(self.documents.len()))?;
        for document in &self.documents[..whole] {
            written.serialize_entry(&document.id, document)?;
        }
        for document in &self.documents[whole..] {
            written.serialize_entry(&document.id, &document.head())?;
        }
        written.end()
    }
}

impl Collection {
    /// The best passages for `query`. With its `vector` (unit length, from the collection's model), and once any passage
    /// has one, the stage is hybrid; else lexical.
    ///
    /// # Errors
    /// [`Error::InvalidInput`](crate::Error::InvalidInput) if the vector has other dims than the collection's, or is not
    /// of unit length.
    pub fn retrieve(&self, query: &str, vector: Option<&[f32]>, options: &Options) -> Result<Retrieval<'_>> {
        let Some(vector) = vector.filter(|_| !self.vectors.is_empty()) else {
            return Ok(self.retrieve_by_words(query, options));
        };
        self.check_dims(vector.len())?;
        check_unit(vector, "the query's vector")?;
        Ok(self.found(query, Some(self.vectors.cosines(vector)), options))
    }

    /// The best passages for `query` by its words alone.
    pub fn retrieve_by_words(&self, query: &str, options: &Options) -> Retrieval<'_> {
        self.found(query, None::<std::iter::Empty<(u32, f32)>>, options)
    }

    fn found(
        &self,
        query: &str,
        cosines: Option<impl Iterator<Item = (u32, f32)>>,
        options: &Options,
    ) -> Retrieval<'_> {
        let stage = if cosines.is_some() { Stage::Hybrid } else { Stage::Lexical };
        let terms = self.lexical.expand(query, options.typing);
        let matches = self.lexical.score(&terms, &Bm25::default());
        let (allowed, excluded) = self.allowed(options);
        let evidence = Evidence::new(cosines, &matches, self.boosts(options), allowed);

        let best = evidence.best(options.limit);
        let mut documents = Found { documents: Vec::new(), whole: options.texts.unwrap_or(usize::MAX) };
        let mut openings = BTreeMap::new();
        for (stored, _) in best.iter().filter_map(|scored| self.passage(scored.passage)) {
            let document = stored.document();
            if documents.documents.iter().any(|other| other.id == document.id) {
                continue;
            }
            documents.documents.push(document);
            let opening = options.openings.filter(|_| documents.has_texts(document));
            if let Some((input, tokens)) = opening.and_then(|tokens| stored.opening_within(tokens)) {
                let opening = DocumentOpening { hash: ContentHash::of(&input), input, tokens };
                openings.insert(document.id.as_str(), opening);
            }
        }
        let candidates = self.candidates(&best, &evidence, &documents, options.rerank_tokens);
        let keys = self.keys_by_passage();
        let facets = options.facets.as_ref().map(|fields| {
            let found: Vec<&Document> = match terms.is_empty() && best.is_empty() {
                true => self.documents.values().map(StoredDocument::document).collect(),
                false => {
                    let mut found: Vec<u32> =
                        matches.scores.iter().map(|&(passage, _)| keys[passage as usize]).collect();
                    found.extend(best.iter().map(|scored| keys[scored.passage as usize]));
                    found.sort_unstable();
                    found.dedup();
                    found.iter().filter_map(|key| self.documents.get(key)).map(StoredDocument::document).collect()
                }
            };
            facets::count(fields, &options.filter, found.into_iter())
        });
        Retrieval {
            stage,
            candidates,
            documents,
            openings,
            facets,
            excluded,
            explanation: options.explain.as_deref().map(|id| self.explain(id, &evidence, options)),
            terms: terms.into_iter().map(|term| self.term(term, &keys)).collect(),
        }
    }

    /// The key of each passage's document, by passage id. What was removed has any.
    fn keys_by_passage(&self) -> Vec<u32> {
        let mut keys = vec![0; self.next_passage() as usize];
        for (&key, stored) in &self.documents {
            keys[key as usize..][..stored.passages().len()].fill(key);
        }
        keys
    }

    /// Whether each passage takes part, by passage id, and how many documents do not.
    fn allowed(&self, options: &Options) -> (Vec<bool>, usize) {
        let mut allowed = vec![false; self.next_passage() as usize];
        let mut excluded = 0;
        for (&key, stored) in &self.documents {
            let takes_part = options.filter.excluded_by(stored.document()).is_none();
            allowed[key as usize..][..stored.passages().len()].fill(takes_part);
            excluded += usize::from(!takes_part);
        }
        (allowed, excluded)
    }

    /// What is added to the score of each passage, by passage id.
    fn boosts(&self, options: &Options) -> Option<Vec<f32>> {
        let boosts = options.boost.among(self.documents.values().map(StoredDocument::document));
        if boosts.is_empty() {
            return None;
        }
        let mut by_passage = vec![0.0; self.next_passage() as usize];
        for (&key, stored) in &self.documents {
            by_passage[key as usize..][..stored.passages().len()].fill(boosts.of(stored.document()));
        }
        Some(by_passage)
    }

    fn candidates(
        &self,
        best: &[Scored],
        evidence: &Evidence,
        documents: &Found,
        tokens: Option<usize>,
    ) -> Vec<Candidate<'_>> {
        let bm25: Vec<f32> = best.iter().map(|scored| scored.bm25).collect();
        let cosines: Vec<f32> = best.iter().map(|scored| scored.cosine.unwrap_or(f32::NEG_INFINITY)).collect();
        let lexical_ranks = evidence.ranks(List::Lexical, &bm25);
        let dense_ranks = evidence.ranks(List::Dense, &cosines);
        let candidate = |((scored, lexical_rank), dense_rank): ((&Scored, usize), usize)| {
            let (stored, passage) = self.passage(scored.passage)?;
            let whole = self.hash(scored.passage)?;
            let most = tokens.unwrap_or(usize::MAX);
            let asked = documents.has_texts(stored.document());
            let (input, tokens) = if asked { stored.input_within(passage, most) } else { None }.unzip();
            let hash = match &input {
                Some(input) if passage.tokens > most => ContentHash::of(input),
                _ => whole,
            };
            Some(Candidate {
                passage_id: scored.passage,
                document_id: &stored.document().id,
                heading: passage.heading.as_deref(),
                anchor: passage.anchor.as_deref(),
                text: stored.text(passage).filter(|_| asked),
                input,
                text_part: self.text_part(scored.passage).filter(|_| asked),
                hash,
                tokens: tokens.unwrap_or(passage.tokens.min(most)),
                cosine: scored.cosine,
                bm25: scored.bm25,
                boost: scored.boost,
                fused: scored.fused,
                lexical_rank: (scored.bm25 > 0.0).then_some(lexical_rank),
                dense_rank: scored.cosine.map(|_| dense_rank),
            })
        };
        best.iter().zip(lexical_ranks).zip(dense_ranks).filter_map(candidate).collect()
    }

    fn term(&self, term: QueryTerm, keys: &[u32]) -> Term {
        // Both passages and keys ascend, so equal keys are neighbours.
        let mut found: Vec<u32> =
            self.lexical.passages_of(&term).into_iter().map(|passage| keys[passage as usize]).collect();
        found.dedup();
        Term { text: term.text, kind: term.kind, matched: term.words, documents: found.len() }
    }
}
