//! Where a body's headings are.
//!
//! Two conventions are read, one per body. In Markdown, a heading is a line of one to six `#` at the start of a block
//! outside fenced code, of at most 300 characters, and its level nests it; it may end in its own anchor, as in
//! `## Title {#anchor}`. In plain text, a heading is a block of one short line that does not end like a sentence and has
//! another block after it. A body whose `#` lines are outnumbered by plain headings is plain text with a code comment in it.
//!
//! Plain text has no levels, so runs of such lines are read by the shape they most often have in help centers: two in a
//! row are a heading and its first subheading; of three or more, the first and the last are headings and those between
//! are the first's text.

use std::collections::HashMap;
use std::ops::Range;

use super::passages::{ends_a_phrase, trim};

/// The longest line that is taken for a plain heading, in characters.
const HEADING_CHARS: usize = 100;

/// The longest line that is taken for a Markdown heading, and the longest path, in characters. Every passage is matched and
/// read with its path, so that a heading of megabytes would fill the memory.
const PATH_CHARS: usize = 300;

/// How many headings of a body are told apart; those after them are text. Without an end to them, a document of a few
/// megabytes could be a million passages.
const MAX_HEADINGS: usize = 2000;

/// What separates the headings of a path.
pub(super) const PATH_SEPARATOR: &str = " > ";

/// A stretch of body under one heading.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Section {
    /// The path of headings, joined by ` > `.
    pub heading: Option<String>,
    /// The anchor of the innermost heading: its own, or its slug.
    pub anchor: Option<String>,
    /// The text in bytes of the body; empty when the heading stands alone.
    pub range: Range<usize>,
}

/// Ranges of the blocks of `text`: what blank lines separate, trimmed.
pub(super) fn blocks(text: &str) -> Vec<Range<usize>> {
    let mut blocks = Vec::new();
    let mut open: Option<Range<usize>> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let range = at..at + line.len();
        at = range.end;
        if line.trim().is_empty() {
            blocks.extend(open.take());
        } else {
            open = Some(open.map_or(range.start, |block| block.start)..range.end);
        }
    }
    blocks.extend(open);
    blocks.into_iter().filter_map(|block| trim(text, block)).collect()
}

/// The sections of a body, in order, at least one. A heading that only repeats the title divides, but is not shown.
pub(super) fn sections(body: &str, title: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut slugs = Slugs::default();
    // The open headings, outermost first, and whether the innermost has had text or a subheading.
    let mut path: Vec<(usize, &str)> = Vec::new();
    let mut open: Option<Section> = None;
    for element in elements(body) {
        match element {
            Element::Text(range) => match &mut open {
                Some(section) if section.range.is_empty() => section.range = range,
                Some(section) => section.range.end = range.end,
                None => open = Some(Section { heading: None, anchor: None, range }),
            },
            Element::Heading { level, text, anchor: own } => {
                // An empty section is not lost: it is in the path of a deeper one, or else stands alone.
                let deeper = path.last().is_some_and(|last| last.0 < level);
                sections.extend(open.take().filter(|section| !section.range.is_empty() || !deeper));
                path.retain(|&(other, _)| other < level);
                path.push((level, text));
                let mut shown: Vec<&str> =
                    path.iter().map(|&(_, text)| text).filter(|text| *text != title.trim()).collect();
                while shown.len() > 1 && shown.iter().map(|text| text.chars().count()).sum::<usize>() > PATH_CHARS {
                    shown.remove(0);
                }
                let heading = (!shown.is_empty()).then(|| shown.join(PATH_SEPARATOR));
                let anchor = match own {
                    Some(own) => (!own.is_empty()).then(|| own.to_owned()),
                    None => slugs.next(text),
                };
                open = Some(Section { heading, anchor, range: 0..0 });
            }
        }
    }
    sections.extend(open);
    // A heading that repeats the title and has no text says nothing that the next section does not.
    sections.retain(|section| section.heading.is_some() || !section.range.is_empty());
    if sections.is_empty() {
        sections.push(Section { heading: None, anchor: None, range: 0..0 });
    }
    sections
}

enum Element<'a> {
    /// `anchor` is the one that the heading names; empty where it says that the page has none.
    Heading {
        level: usize,
        text: &'a str,
        anchor: Option<&'a str>,
    },
    Text(Range<usize>),
}

fn elements(body: &str) -> Vec<Element<'_>> {
    let blocks = blocks(body);
    let plain: Vec<bool> = blocks.iter().map(|block| is_plain_heading(&body[block.clone()])).collect();
    let markdown = markdown_elements(body, &blocks);
    let hashes = markdown.iter().filter(|element| matches!(element, Element::Heading { .. })).count();
    if hashes > 0 && hashes >= plain.iter().filter(|&&is| is).count() {
        markdown
    } else {
        plain_elements(body, &blocks, plain)
    }
}

fn markdown_elements<'a>(body: &'a str, blocks: &[Range<usize>]) -> Vec<Element<'a>> {
    let mut elements = Vec::new();
    let mut headings = 0;
    let mut fenced = false;
    for block in blocks {
        let text = &body[block.clone()];
        let mut range = block.clone();
        if !fenced {
            // Headings may follow each other, and text may follow a heading, without a blank line.
            while let Some((level, heading, length)) = markdown_heading(&body[range.clone()]) {
                if headings == MAX_HEADINGS {
                    break;
                }
                headings += 1;
                let (text, anchor) = split_anchor(heading);
                elements.push(Element::Heading { level, text, anchor });
                range.start += length;
            }
        }
        elements.extend(trim(body, range).map(Element::Text));
        let fences = text.lines().filter(|line| {
            let line = line.trim_start();
            line.starts_with("```") || line.starts_with("~~~")
        });
        fenced ^= fences.count() % 2 == 1;
    }
    elements
}

/// The level, the text and the length in bytes of the heading line that `text` begins with.
fn markdown_heading(text: &str) -> Option<(usize, &str, usize)> {
    let line = text.split_inclusive('\n').next()?;
    let level = line.bytes().take_while(|&byte| byte == b'#').count();
    let rest = &line[level..];
    if !(1..=6).contains(&level) || !rest.starts_with([' ', '\t']) || line.trim_end().chars().nth(PATH_CHARS).is_some()
    {
        return None;
    }
    let heading = rest.trim();
    // A closing run of # is decoration, unless it is part of a word, as in "C#".
    let bare = heading.trim_end_matches('#');
    let heading = if bare.ends_with([' ', '\t']) { bare.trim_end() } else { heading };
    heading.contains(char::is_alphanumeric).then_some((level, heading, line.len()))
}

/// Takes `{#anchor}`, as Docusaurus, VitePress and kramdown know it, from the end of a heading.
fn split_anchor(heading: &str) -> (&str, Option<&str>) {
    let parts = heading.strip_suffix('}').and_then(|rest| rest.rsplit_once("{#"));
    match parts {
        Some((text, anchor))
            if text.contains(char::is_alphanumeric) && !anchor.contains(|c: char| c.is_whitespace() || c == '{') =>
        {
            (text.trim_end(), Some(anchor))
        }
        _ => (heading, None),
    }
}

fn plain_elements<'a>(body: &'a str, blocks: &[Range<usize>], mut heading: Vec<bool>) -> Vec<Element<'a>> {
    // Nothing follows the last block, so it heads nothing.
    if let Some(last) = heading.last_mut() {
        *last = false;
    }
    let headings = heading.iter_mut().filter(|is| **is);
    headings.skip(MAX_HEADINGS).for_each(|is| *is = false);
    let mut elements = Vec::with_capacity(blocks.len());
    let mut run = 0;
    for (index, block) in blocks.iter().enumerate() {
        run = if heading[index] { run + 1 } else { 0 };
        let last_of_run = run > 0 && !heading[index + 1];
        elements.push(match run {
            1 => Element::Heading { level: 1, text: &body[block.clone()], anchor: None },
            2 if last_of_run => Element::Heading { level: 2, text: &body[block.clone()], anchor: None },
            _ if last_of_run => Element::Heading { level: 1, text: &body[block.clone()], anchor: None },
            _ => Element::Text(block.clone()),
        });
    }
    elements
}

fn is_plain_heading(block: &str) -> bool {
    let end = block.trim_end_matches(['"', '\'', '”', '’', ')', '*', '_']);
    !block.contains('\n')
        && block.chars().count() <= HEADING_CHARS
        && block.contains(char::is_alphanumeric)
        && !block.starts_with(['#', '-', '*', '+', '•', '>', '|'])
        // A question is a heading: help centers are full of them.
        && (end.ends_with(['?', '？']) || !end.ends_with(ends_a_phrase))
}

/// Anchors as GitHub makes them: lower case, spaces to hyphens, other punctuation dropped, and `-1`, `-2` … for those
/// that come again.
#[derive(Default)]
struct Slugs(HashMap<String, usize>);

impl Slugs {
    fn next(&mut self, heading: &str) -> Option<String> {
        let slug: String = heading
            .chars()
            .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
            .flat_map(char::to_lowercase)
            .map(|c| if c == ' ' { '-' } else { c })
            .collect();
        if slug.is_empty() {
            return None;
        }
        let seen = self.0.entry(slug.clone()).or_insert(0);
        let numbered = if *seen == 0 { slug } else { format!("{slug}-{seen}") };
        *seen += 1;
        Some(numbered)
    }
}
