//! Candidates for a query, before any reranking.

use serde::Serialize;

use super::collection::{check_unit, Collection};
use super::fuse::{self, Scored};
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
    /// The document.
    pub document: &'a Document,
    /// The path of headings over the passage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heading: Option<&'a str>,
    /// The innermost heading's slug.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anchor: Option<&'a str>,
    /// The passage's text; none while it is still to be fetched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<&'a str>,
    /// `title. heading. text`, as embedded and reranked; none without the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// The part of the index to fetch for the text; none once it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_part: Option<&'a str>,
    /// With the query's vector; none in the lexical stage and while the passage has no vector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cosine: Option<f32>,
    /// 0 when no word is shared.
    pub bm25: f32,
    /// What the candidates are ordered by: [`fuse::hybrid`] or [`fuse::lexical`], by stage.
    pub fused: f32,
}

/// The candidates, best first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Retrieval<'a> {
    /// What they were found by.
    pub stage: Stage,
    /// At most the limit asked for.
    pub candidates: Vec<Candidate<'a>>,
}

impl Collection {
    /// The `limit` best passages for `query`. With its `vector` (unit length, from the collection's model), and once any
    /// passage has one, the stage is hybrid; else lexical.
    ///
    /// # Errors
    /// [`Error::InvalidInput`](crate::Error::InvalidInput) if the vector has other dims than the collection's, or is not
    /// of unit length.
    pub fn retrieve(&self, query: &str, vector: Option<&[f32]>, limit: usize) -> Result<Retrieval<'_>> {
        let matches = self.lexical.search(query);
        let (stage, scored) = match vector.filter(|_| !self.vectors.is_empty()) {
            Some(vector) => {
                self.check_dims(vector.len())?;
                check_unit(vector, "the query's vector")?;
                let cosines = self.vectors.cosines(vector);
                // No other passage can be among the best: without a word in common the fused score is the cosine.
                let mut near = cosines.top(limit, |_| true);
                near.extend(matches.iter().filter_map(|&(id, _)| Some((id, cosines.get(id)?))));
                (Stage::Hybrid, fuse::hybrid(near.into_iter(), &matches, limit))
            }
            None => (Stage::Lexical, fuse::lexical(&matches, limit)),
        };
        Ok(Retrieval { stage, candidates: scored.iter().filter_map(|scored| self.candidate(scored)).collect() })
    }

    fn candidate(&self, scored: &Scored) -> Option<Candidate<'_>> {
        let (stored, passage) = self.passage(scored.passage)?;
        let document = stored.document();
        Some(Candidate {
            passage_id: scored.passage,
            document_id: &document.id,
            document,
            heading: passage.heading.as_deref(),
            anchor: passage.anchor.as_deref(),
            text: stored.text(passage),
            input: stored.input(passage),
            text_part: self.text_part(scored.passage),
            cosine: scored.cosine,
            bm25: scored.bm25,
            fused: scored.fused,
        })
    }
}
