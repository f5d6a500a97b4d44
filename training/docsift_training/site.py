"""One site out of a folder of groups, as its owner would have it: pairs, passages, and questions to judge by.

It shows what own pairs give, on a site that the model which is trained further has never seen.
"""

import random
from pathlib import Path

from .errors import InvalidInput
from .files import write_lines
from .groups import WITHOUT_HEADING, Group, read_corpus, read_groups


def export_site(data: Path, site: str, out: Path, pairs: int, dev_queries: int, seed: int) -> int:
    """Writes `pairs.jsonl` and `passages.jsonl` to train on, and the folder of groups `dev/`. Returns how many pairs.

    No passage that answers a question of `dev/` answers one of the pairs. Of those, written questions come first, then
    headings, whose passages are without them.
    """
    corpus = read_corpus(data)
    groups = [group for group in read_groups(data, len(corpus.passages)) if group.site == site]
    written = [group for group in groups if group.kind == "written"]
    if not written:
        raise InvalidInput(f"{data}: expected written groups of the site {site!r}, found none")
    sections = sorted({_answer(group) for group in written})
    random.Random(seed).shuffle(sections)
    dev: list[Group] = []
    held_out: set[int] = set()
    for section in sections:
        if len(dev) >= dev_queries:
            break
        held_out.add(section)
        dev += [group for group in written if _answer(group) == section]
    kept = [
        group
        for kind in ("written", WITHOUT_HEADING)
        for group in groups
        if group.kind == kind and _answer(group) not in held_out
    ]
    if len(kept) < pairs:
        raise InvalidInput(f"{site}: expected {pairs} pairs, found {len(kept)}")
    write_lines(
        out / "pairs.jsonl",
        [{"query": group.query, "passage": corpus.text(_answer(group), group.kind)} for group in kept[:pairs]],
    )
    numbers = sorted({candidate for group in groups for candidate in group.candidates})
    texts = [corpus.text(number, "written") for number in numbers]
    # A passage that is in a pair without its heading must not be found with it, and taken for one that does not answer.
    bare = {_answer(group) for group in kept[:pairs] if group.kind == WITHOUT_HEADING}
    others = [text for number, text in zip(numbers, texts, strict=True) if number not in bare]
    write_lines(out / "passages.jsonl", others)
    write_lines(out / "dev" / "passages.jsonl", texts)
    places = {number: place for place, number in enumerate(numbers)}
    write_lines(
        out / "dev" / "groups.jsonl",
        [
            {"q": group.query, "cand": [places[number] for number in group.candidates], "kind": "written", "src": site}
            for group in dev
        ],
    )
    return min(pairs, len(kept))


def _answer(group: Group) -> int:
    return group.candidates[group.gains.index(max(group.gains))]
