//! Which sections only point to other articles.
//!
//! The titles of other articles are the best match there is for questions those articles answer, so "Related articles"
//! would be found in place of the articles it names. Both the heading and the text must speak for it: a list of links
//! under "Downloads" is an answer.

/// Headings of lists of other articles, in lower case.
const RELATED: &[&str] = &[
    "further reading",
    "more articles",
    "related",
    "related articles",
    "related content",
    "related documentation",
    "related guides",
    "related help articles",
    "related links",
    "related pages",
    "related reading",
    "related resources",
    "related topics",
    "see also",
];

/// Headings under which there may be text as well, so that only lines that are written as links count.
const POINTERS: &[&str] =
    &["additional resources", "learn more", "more information", "next steps", "read more", "resources", "useful links"];

/// The longest line that is taken for a title, in characters.
const TITLE_CHARS: usize = 120;

/// Whether a section under a path of headings (`heading`, the innermost last) is only a list of other articles.
pub(super) fn is_link_list(heading: &str, text: &str) -> bool {
    let innermost = heading.rsplit(super::headings::PATH_SEPARATOR).next().unwrap_or_default();
    let innermost = innermost.trim().trim_end_matches([':', '.', '…']).to_lowercase();
    let mut lines = text.lines().map(item).filter(|line| !line.is_empty()).peekable();
    if lines.peek().is_none() {
        return false;
    }
    if RELATED.contains(&innermost.as_str()) {
        return lines.all(|line| is_link(line) || is_title(line));
    }
    POINTERS.contains(&innermost.as_str()) && lines.all(is_link)
}

/// A line without what marks it as an item of a list.
fn item(line: &str) -> &str {
    let line = line.trim();
    let unmarked = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let unmarked = match unmarked.strip_prefix(['.', ')']) {
        Some(rest) if unmarked.len() < line.len() => rest,
        _ => line.strip_prefix(['-', '*', '+', '•']).unwrap_or(line),
    };
    // "2FA" and "-v" begin with a mark, but no space follows it.
    if unmarked.len() == line.len() || unmarked.is_empty() || unmarked.starts_with(char::is_whitespace) {
        unmarked.trim()
    } else {
        line
    }
}

/// Whether a line is nothing but Markdown links and addresses.
fn is_link(line: &str) -> bool {
    let mut rest = line;
    let mut links = 0;
    while let Some(at) = rest.find(['[', '<', 'h']) {
        let Some(length) = link(&rest[at..]) else { return false };
        if rest[..at].contains(char::is_alphanumeric) {
            return false;
        }
        rest = &rest[at + length..];
        links += 1;
    }
    links > 0 && !rest.contains(char::is_alphanumeric)
}

/// The length of the link that `text` begins with: `[text](address)`, `<address>` or an address.
fn link(text: &str) -> Option<usize> {
    if text.starts_with('[') {
        let middle = text.find("](")?;
        return text[middle..].find(')').map(|end| middle + end + 1);
    }
    let address = text.strip_prefix('<').unwrap_or(text);
    if !address.starts_with("http://") && !address.starts_with("https://") {
        return None;
    }
    let end = address.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(address.len());
    Some(text.len() - address.len() + end)
}

/// Whether a line may be the title of an article: in quotation marks, or short and not ended like a sentence.
fn is_title(line: &str) -> bool {
    let quoted = line.starts_with(['"', '“', '«']);
    let short = line.chars().count() <= TITLE_CHARS;
    let end = line.trim_end_matches(['"', '”', '»', ')']);
    short && (quoted || !end.ends_with(['.', '!', ':', ';', ',']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_titles_under_a_heading_that_says_so() {
        assert!(is_link_list("Related articles", "Edit a bot\nDeactivate or reactivate a bot"));
        assert!(is_link_list("Use > Further Reading:", "\"About READMEs\" in the guide.\n\n- What is a fork?"));
        assert!(is_link_list("See also", "* [Sign in](/sign-in)\n1. <https://example.org/a>"));
        assert!(is_link_list("Next steps", "[Sign in](/sign-in), [sign out](/sign-out).\nhttps://example.org/b"));
    }

    #[test]
    fn text_is_kept() {
        assert!(!is_link_list("Further reading", "To learn how, see \"Using templates.\""));
        assert!(!is_link_list("Related articles", "Edit a bot\n\nWrite to us when nothing helps."));
        assert!(!is_link_list("Downloads", "[Windows](/win)\n[macOS](/mac)"));
        assert!(!is_link_list("Next steps", "Install the app"));
        assert!(!is_link_list("Next steps", "Then read [this](/a)"));
        assert!(!is_link_list("Next steps", "[Windows](/win"));
        assert!(!is_link_list("Related articles", ""));
        assert!(!is_link_list("Related articles > Edit a bot", "Sign in first"));
    }

    #[test]
    fn items_lose_their_marks_only() {
        assert_eq!(
            ["- a", "12. b", "3) c", "2FA", "-v", "1.5 mm", "*"].map(item),
            ["a", "b", "c", "2FA", "-v", "1.5 mm", ""]
        );
    }
}
