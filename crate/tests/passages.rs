//! Where documents are cut into passages.

use docsift::text::document::Document;
use docsift::text::passages::{estimate_tokens, passage_input, passages, Passage, PASSAGE_TOKENS};
use proptest::prelude::*;
use serde_json::json;

fn document(title: &str, body: &str) -> Document {
    Document::from_value(json!({"id": "1", "title": title, "body": body}), 0).unwrap()
}

/// A stand-in for WordPiece: every letter of a CJK script and every mark is a token, other words one for five letters.
fn count_tokens(text: &str) -> usize {
    let mut tokens = 0;
    let mut word = 0usize;
    for c in text.chars().chain([' ']) {
        let alone = !c.is_alphanumeric() || c > '\u{2e7f}';
        if alone {
            tokens += word.div_ceil(5) + usize::from(!c.is_whitespace());
            word = 0;
        } else {
            word += 1;
        }
    }
    tokens
}

/// (heading, anchor, text) of each passage.
fn cut<'a>(document: &'a Document, passages: &'a [Passage]) -> Vec<(&'a str, &'a str, &'a str)> {
    let parts = |passage: &'a Passage| {
        let heading = passage.heading.as_deref().unwrap_or("");
        (heading, passage.anchor.as_deref().unwrap_or(""), passage.text(document))
    };
    passages.iter().map(parts).collect()
}

#[track_caller]
fn check(body: &str, expected: &[(&str, &str, &str)]) {
    let document = document("Title", body);
    assert_eq!(cut(&document, &passages(&document, PASSAGE_TOKENS, &count_tokens)), expected);
}

#[test]
fn plain_headings_divide() {
    check(
        "Intro text.\n\nWhat is it?\n\nIt is this.\nAnd that.\n\nMore.\n\nReset a password\n\nClick here.",
        &[
            ("", "", "Intro text."),
            ("What is it?", "what-is-it", "It is this.\nAnd that.\n\nMore."),
            ("Reset a password", "reset-a-password", "Click here."),
        ],
    );
}

#[test]
fn lists_of_other_articles_are_left_out() {
    check("Open settings.\n\nRelated articles\n\nReset a password\nDelete an account", &[("", "", "Open settings.")]);
    check(
        "Open settings.\n\n## See also\n\n- [Reset](/reset)\n- \"Sign in\"\n\n## Contact\n\nWrite to us.",
        &[("", "", "Open settings."), ("Contact", "contact", "Write to us.")],
    );
    // What says more than titles is kept, and so is all that there is.
    let prose = "To reset a password, open the settings.";
    check(
        &format!("Text.\n\nFurther reading\n\n{prose}"),
        &[("", "", "Text."), ("Further reading", "further-reading", prose)],
    );
    check("## See also\n\n- [Reset](/reset)", &[("See also", "see-also", "- [Reset](/reset)")]);
}

#[test]
fn a_heading_may_name_its_anchor() {
    check(
        "## Über uns {#about}\n\nText.\n\n### Team {#}\n\nNames.\n\n## Sets {#a b}\n\n{1, 2}\n\n## Map {x}\n\nHere.",
        &[
            ("Über uns", "about", "Text."),
            ("Über uns > Team", "", "Names."),
            ("Sets {#a b}", "sets-a-b", "{1, 2}"),
            ("Map {x}", "map-x", "Here."),
        ],
    );
    check("# {#only}\n\nText.", &[("{#only}", "only", "Text.")]);
}

#[test]
fn the_last_block_heads_nothing() {
    check("Related articles\n\nSign in", &[("Related articles", "related-articles", "Sign in")]);
    check("Sign in", &[("", "", "Sign in")]);
}

#[test]
fn two_plain_headings_nest_and_more_enclose_text() {
    check(
        "Troubleshooting\n\nNo camera\n\nUse another phone.\n\nContact\n\nWrite to us.",
        &[("Troubleshooting > No camera", "no-camera", "Use another phone."), ("Contact", "contact", "Write to us.")],
    );
    check(
        "Example\n\nid\n\ntype\n\nName\n\nText here.",
        &[("Example", "example", "id\n\ntype"), ("Name", "name", "Text here.")],
    );
}

#[test]
fn sentences_lists_and_long_lines_are_not_headings() {
    let long = "word ".repeat(25);
    for block in ["See \"Reset.\"", "Note:", "- item", "1,\n2", "***", long.trim()] {
        let body = format!("{block}\n\nText.");
        check(&body, &[("", "", &body)]);
    }
}

#[test]
fn markdown_headings_nest_by_level() {
    check(
        "# Title\n\nIntro\n\n## Install ##\n### On Linux\nRun it.\n\nShort line\n\nDone.\n### On C#\n\nRun.\n\n## Install\n\nAgain.\n\n## Empty",
        &[
            ("", "title", "Intro"),
            ("Install > On Linux", "on-linux", "Run it.\n\nShort line\n\nDone.\n### On C#\n\nRun."),
            ("Install", "install-1", "Again."),
            ("Empty", "empty", ""),
        ],
    );
}

/// A heading comes with every passage below it.
#[test]
fn a_line_too_long_for_a_heading_is_text() {
    for (letters, is_heading) in [(298, true), (299, false)] {
        let line = format!("# {}", "x".repeat(letters));
        let body = format!("# A\n\nText.\n\n{line}\n\nMore.");
        let document = document("Title", &body);
        let passages = passages(&document, PASSAGE_TOKENS, &count_tokens);
        assert_eq!(passages.len(), if is_heading { 2 } else { 1 });
        assert!(is_heading || passages[0].text(&document).contains(&line));
    }
}

#[test]
fn a_path_too_long_is_its_innermost_headings() {
    let [outer, middle, inner] = ["a", "b", "c"].map(|letter| letter.repeat(140));
    let body = format!("# {outer}\n\n## {middle}\n\nText.\n\n### {inner}\n\nMore.");
    check(
        &body,
        &[(&format!("{outer} > {middle}"), &middle, "Text."), (&format!("{middle} > {inner}"), &inner, "More.")],
    );
}

#[test]
fn headings_past_two_thousand_are_text() {
    for [heading, text] in [["## H", "\n\nText.\n\n"], ["Heading", "\n\nText.\n\n"]] {
        let body = format!("{heading}{text}").repeat(2002);
        let document = document("Title", &body);
        let passages = passages(&document, PASSAGE_TOKENS, &count_tokens);
        assert_eq!(passages.len(), 2000);
        let last = format!("Text.\n\n{heading}\n\nText.\n\n{heading}\n\nText.");
        assert_eq!(passages[1999].text(&document), last);
    }
}

#[test]
fn fenced_code_has_no_headings() {
    check(
        "## Use\n\n```sh\n# comment\n\n# another\n```\n\n#hashtag\n\nText.",
        &[("Use", "use", "```sh\n# comment\n\n# another\n```\n\n#hashtag\n\nText.")],
    );
}

#[test]
fn a_code_comment_in_plain_text_is_not_a_heading() {
    check(
        "First part\n\nText.\n\n# a comment\n\nSecond part\n\nText.",
        &[("First part", "first-part", "Text.\n\n# a comment"), ("Second part", "second-part", "Text.")],
    );
}

#[test]
fn a_document_without_body_is_its_title() {
    for body in ["", " \n\n "] {
        check(body, &[("", "", "")]);
        let document = document("Title", body);
        assert_eq!(passages(&document, 10, &count_tokens)[0].input(&document), "Title");
    }
}

#[test]
fn sections_are_packed_evenly() {
    // 24 sentences of 10 tokens: two passages of 12, where filling the first would leave 20 and 4.
    let sentences: Vec<String> =
        (0..24).map(|_| "Aaaaa bbbbb ccccc ddddd eeeee fffff ggggg hhhhh iiiii.".into()).collect();
    let document = document("T", &sentences.join(" "));
    let passages = passages(&document, 200, &count_tokens);
    let tokens: Vec<usize> = passages.iter().map(|passage| count_tokens(passage.text(&document))).collect();
    assert_eq!(tokens, [120, 120]);
}

#[test]
fn unbroken_text_is_cut() {
    for (text, least) in [("漢".repeat(1_000), 5), ("x".repeat(10_000), 4), ("👩‍👩‍👧‍👦".repeat(500), 5)]
    {
        let document = document("T", &text);
        let passages = passages(&document, 200, &|text| count_tokens(text).min(text.len()));
        assert!(passages.len() >= least, "{}", passages.len());
        assert_eq!(passages.iter().map(|passage| passage.text(&document)).collect::<String>(), text);
    }
}

#[test]
fn a_word_that_is_one_unknown_token_is_cut_all_the_same() {
    let document = document("T", &"x".repeat(10_000));
    let passages = passages(&document, 200, &|text| text.split_whitespace().count());
    assert_eq!(passages.iter().map(|passage| passage.range.len()).collect::<Vec<_>>(), [3200, 3200, 3200, 400]);
}

#[test]
fn input_has_one_full_stop_between_parts() {
    assert_eq!(passage_input("T", Some("H"), "text"), "T. H. text");
    assert_eq!(passage_input("What is it?", Some("Note:"), " text."), "What is it? Note: text.");
    assert_eq!(passage_input("T.", None, "text"), "T. text");
    assert_eq!(passage_input("", None, "text"), "text");
    assert_eq!(passage_input("T", Some(""), ""), "T");
}

#[test]
fn estimates_are_near_the_tokens_of_plain_english() {
    assert_eq!(estimate_tokens(""), 0);
    assert_eq!(estimate_tokens("Reset the password, then sign in."), 9);
    assert_eq!(estimate_tokens("日本語 ok"), 4);
}

fn bodies() -> impl Strategy<Value = String> {
    let block = prop_oneof![
        3 => "([a-z]{1,12}[ ,.\n]{1,2}){1,40}",
        2 => "[A-Z][a-z]{1,8}( [a-z]{1,8}){0,3}",
        1 => "#{1,3} [a-z]{1,8}\n?",
        1 => "[漢字かな。]{1,60}",
        1 => "\\PC{0,80}",
        1 => "```\n?",
    ];
    prop::collection::vec(block, 0..12).prop_map(|blocks| blocks.join("\n\n"))
}

/// What must survive: letters and digits.
fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// Tokens of a text are only counted where it may fit: of a body of megabytes they would take as long at each level.
#[test]
fn what_is_counted_is_no_longer_than_what_may_fit() {
    let body = "word ".repeat(100_000) + &"x".repeat(500_000);
    let document = document("Title", &body);
    let longest = std::cell::Cell::new(0);
    passages(&document, PASSAGE_TOKENS, &|text| {
        longest.set(longest.get().max(text.len()));
        count_tokens(text)
    });
    assert!((1..=16 * PASSAGE_TOKENS).contains(&longest.get()), "{}", longest.get());
}

/// Lines as they come from anywhere: of any characters, in any order.
fn any_body() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => any::<String>(),
        2 => "[a-z]{1,20}",
        1 => prop::sample::select(vec!["\n\n", "\n", "\r\n\r\n", " ", "# ", "```", "\u{301}\u{301}", "👩‍👩‍👧", "\0", "？"])
            .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
}

proptest! {
    /// The characters that are in no passage are white space or in a line that is a heading.
    #[test]
    fn passages_of_any_text_are_cut_between_characters(body in any_body(), budget in 1usize..60) {
        let document = document("Title", &body);
        let passages = passages(&document, budget, &count_tokens);
        prop_assert!(!passages.is_empty());
        let filled: Vec<_> = passages.iter().map(|passage| passage.range.clone()).filter(|range| !range.is_empty()).collect();
        prop_assert!(filled.is_sorted_by(|a, b| a.end <= b.start));
        let mut end = 0;
        for range in filled.iter().cloned().chain(std::iter::once(body.len()..body.len())) {
            prop_assert!(body.is_char_boundary(range.start) && body.is_char_boundary(range.end));
            let left_out = &body[end..range.start];
            let is_shown = |line: &str| {
                let line = line.trim().trim_matches('#').trim();
                line == "Title" || passages.iter().any(|other| other.heading.as_deref().unwrap_or("").contains(line))
            };
            let heading_lines = left_out.split('\n').all(|line| line.trim().is_empty() || is_shown(line));
            prop_assert!(heading_lines, "left out: {left_out:?}");
            end = range.end;
        }
    }

    #[test]
    fn passages_are_in_order_and_lose_nothing(body in bodies(), budget in 1usize..60) {
        let document = document("Title", &body);
        let passages = passages(&document, budget, &count_tokens);
        let mut end = 0;
        for passage in &passages {
            if passage.range.is_empty() {
                continue;
            }
            prop_assert!(passage.range.start >= end);
            // What lies between two passages is white space and headings, which some passage's path shows.
            for line in body[end..passage.range.start].lines() {
                let line = line.trim().trim_start_matches('#').trim_end_matches('#').trim();
                prop_assert!(
                    letters(line).is_empty()
                        || line == "Title"
                        || passages.iter().any(|other| other.heading.as_deref().unwrap_or("").contains(line)),
                    "lost {line:?}"
                );
            }
            end = passage.range.end;
        }
    }

    #[test]
    fn running_text_is_kept_whole(words in prop::collection::vec("[a-z]{1,30}[.!,;:]?[ \n]", 1..200), budget in 1usize..60) {
        let body = words.concat() + ".";
        let document = document("Title", &body);
        let kept: String = passages(&document, budget, &count_tokens)
            .iter()
            .flat_map(|passage| passage.text(&document).split_whitespace())
            .collect();
        prop_assert_eq!(kept, body.split_whitespace().collect::<String>());
    }

    #[test]
    fn passages_stay_within_the_budget(body in bodies(), budget in 1usize..60) {
        let document = document("Title", &body);
        for passage in passages(&document, budget, &count_tokens) {
            let text = passage.text(&document);
            let one_grapheme = unicode_segmentation::UnicodeSegmentation::graphemes(text, true).count() <= 1;
            prop_assert!(count_tokens(text) <= budget || one_grapheme, "{text:?}");
            prop_assert!(count_tokens(&passage.input(&document)) <= passage.tokens);
        }
    }
}
