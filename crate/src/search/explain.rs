//! Why a document is, or is not, among the candidates.

use serde::Serialize;

use super::collection::Collection;
use super::fuse::{Evidence, List, Scored};
use super::options::Options;

/// Where a document stands for a query.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation<'a> {
    /// The id asked for.
    pub document_id: String,
    /// Whether the collection has it.
    pub in_index: bool,
    /// The first field whose condition it does not meet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excluded_by: Option<String>,
    /// Its passages, in order.
    pub passages: Vec<Standing<'a>>,
    /// How many candidates there are at most: a passage of a greater fused rank is not among them.
    pub cut: usize,
}

/// Where a passage stands. Ranks count from 1, among the passages that take part; one that a filter shuts out has those
/// it would have had.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Standing<'a> {
    /// The passage's id in the collection.
    pub passage_id: u32,
    /// The path of headings over the passage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heading: Option<&'a str>,
    /// The passage's text; none while it is still to be fetched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<&'a str>,
    /// With the query's vector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cosine: Option<f32>,
    /// 0 when no word is shared.
    pub bm25: f32,
    /// What the caller's preferences add.
    pub boost: f32,
    /// What passages are ordered by.
    pub fused: f32,
    /// The place by BM25; none when no word is shared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lexical_rank: Option<usize>,
    /// The place by cosine; none without a cosine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dense_rank: Option<usize>,
    /// The place by the fused score; none when nothing speaks for the passage, so that it is never a candidate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fused_rank: Option<usize>,
}

impl Collection {
    pub(super) fn explain(&self, id: &str, evidence: &Evidence, options: &Options) -> Explanation<'_> {
        let mut explanation = Explanation {
            document_id: id.to_owned(),
            in_index: false,
            excluded_by: None,
            passages: Vec::new(),
            cut: options.limit,
        };
        let Some((key, stored)) = self.document(id) else { return explanation };
        explanation.in_index = true;
        explanation.excluded_by = options.filter.excluded_by(stored.document()).map(str::to_owned);
        let scored: Vec<Scored> =
            (key..).take(stored.passages().len()).map(|passage_id| evidence.scored(passage_id)).collect();
        // All at once: each call reads the scores of all the passages there are.
        let ranks =
            |list, score: fn(&Scored) -> f32| evidence.ranks(list, &scored.iter().map(score).collect::<Vec<_>>());
        let lexical = ranks(List::Lexical, |scored| scored.bm25);
        let dense = ranks(List::Dense, |scored| scored.cosine.unwrap_or(f32::NEG_INFINITY));
        let fused = ranks(List::Fused, |scored| scored.fused);
        for (at, (scored, passage)) in scored.iter().zip(stored.passages()).enumerate() {
            let is_found = scored.bm25 > 0.0 || scored.cosine.is_some();
            explanation.passages.push(Standing {
                passage_id: scored.passage,
                heading: passage.heading.as_deref(),
                text: stored.text(passage),
                cosine: scored.cosine,
                bm25: scored.bm25,
                boost: scored.boost,
                fused: scored.fused,
                lexical_rank: (scored.bm25 > 0.0).then_some(lexical[at]),
                dense_rank: scored.cosine.map(|_| dense[at]),
                fused_rank: is_found.then_some(fused[at]),
            });
        }
        explanation
    }
}
