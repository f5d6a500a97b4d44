"""Groups: a query and passages of which some answer it. What is trained on, and what is judged by.

A folder of groups holds

- `passages.jsonl`: a JSON string a line, and `headings.jsonl` (optional): the heading of each, or null;
- `groups.jsonl`: `{"q", "cand", "gains"?, "t"?, "kind"?, "src"?}`, `cand` being positions in the passages, hardest first.
  `gains` says how much each candidate helps, 0 for not at all; without it the first one answers and the rest do not.
  `t` are scores of another ranker, on a scale of its own;
- `graded.jsonl` (optional): `{"q", "cand", "grades", "src"}`, grades 0 to 3, whose gains are 2^grade - 1.

Any of them may be compressed (`.jsonl.xz`).
"""

import random
from dataclasses import dataclass
from pathlib import Path

from .errors import InvalidInput
from .files import find, read_lines

# A heading is its query, so that it must not be read with the passage.
WITHOUT_HEADING = "docs"


@dataclass(frozen=True)
class Group:
    query: str
    candidates: tuple[int, ...]
    gains: tuple[float, ...]
    hints: tuple[float, ...] | None
    kind: str
    site: str


@dataclass(frozen=True)
class Corpus:
    passages: list[str]
    headings: list[str | None]

    def text(self, index: int, kind: str) -> str:
        """What the reranker reads of a passage: `heading. passage`, as docsift passes it."""
        heading = self.headings[index]
        return self.passages[index] if kind == WITHOUT_HEADING or not heading else f"{heading}. {self.passages[index]}"


def read_corpus(folder: Path) -> Corpus:
    passages = list(read_lines(find(folder, "passages.jsonl")))
    path = find(folder, "headings.jsonl")
    headings = list(read_lines(path)) if path.exists() else [None] * len(passages)
    if len(headings) != len(passages):
        raise InvalidInput(f"{path}: expected a line for each of {len(passages)} passages, found {len(headings)}")
    return Corpus(passages, headings)


def read_groups(folder: Path, passages: int) -> list[Group]:
    """All groups of a folder, `graded` ones as a kind of their own.

    Raises `InvalidInput` for a candidate that is no passage, and for gains or scores that are not one for each candidate.
    """
    path = find(folder, "groups.jsonl")
    groups = [_group(value, path, number, passages) for number, value in enumerate(read_lines(path), 1)]
    path = find(folder, "graded.jsonl")
    if path.exists():
        for number, value in enumerate(read_lines(path), 1):
            gains = [2.0**grade - 1 for grade in value.get("grades", [])]
            groups.append(_group({**value, "gains": gains, "kind": "graded"}, path, number, passages))
    return groups


def _group(value: dict, path: Path, number: int, passages: int) -> Group:
    where = f"{path}:{number}"
    candidates = value.get("cand")
    if not isinstance(value.get("q"), str) or not isinstance(candidates, list) or not candidates:
        raise InvalidInput(f'{where}: expected "q", a text, and "cand", positions of passages; found {str(value)[:80]}')
    wrong = [each for each in candidates if not isinstance(each, int) or not 0 <= each < passages]
    if wrong:
        raise InvalidInput(f"{where}: expected candidates from 0 to {passages - 1}, found {wrong[0]}")
    gains = value.get("gains") or [1.0] + [0.0] * (len(candidates) - 1)
    hints = value.get("t")
    for name, numbers in (("gains", gains), ("t", hints)):
        if numbers is not None and len(numbers) != len(candidates):
            raise InvalidInput(f"{where}: expected {len(candidates)} of {name!r}, found {len(numbers)}")
    return Group(
        value["q"],
        tuple(candidates),
        tuple(map(float, gains)),
        None if hints is None else tuple(map(float, hints)),
        value.get("kind", "own"),
        value.get("src", ""),
    )


def split(groups: list[Group], sites: list[str], count: int, seed: int) -> tuple[list[Group], list[Group]]:
    """Groups to train on and groups to judge by: those of whole `sites`, or else `count` of them, chosen by `seed`.

    Of those to judge by only queries that someone wrote are kept, where there are any. Raises `InvalidInput` where nothing
    is left of either.
    """
    if sites:
        train = [group for group in groups if group.site not in sites]
        dev = [group for group in groups if group.site in sites]
    else:
        chosen = set(random.Random(seed).sample(range(len(groups)), min(count, len(groups))))
        train = [group for i, group in enumerate(groups) if i not in chosen]
        dev = [group for i, group in enumerate(groups) if i in chosen]
    dev = [group for group in dev if group.kind == "written"] or dev
    if not train or not dev:
        raise InvalidInput(f"expected groups to train on and to judge by, found {len(train)} and {len(dev)}")
    return train, dev


@dataclass(frozen=True)
class Row:
    """A query with the passages of one list of a training step."""

    query: str
    texts: tuple[str, ...]
    gains: tuple[float, ...]
    hints: tuple[float, ...] | None


def sample_rows(
    groups: list[Group], corpus: Corpus, shares: dict[str, float], count: int, size: int, seed: int
) -> list[Row]:
    """`count` lists of at most `size` passages, of each kind its share; a kind is gone through wholly before it repeats.

    A list has one passage that answers, half of the rest from the hardest quarter of the others, and half from all of them.
    """
    draw = random.Random(seed)
    by_kind = {kind: [group for group in groups if group.kind == kind and any(group.gains)] for kind in shares}
    missing = [kind for kind, found in by_kind.items() if not found]
    if missing:
        kinds = sorted({group.kind for group in groups})
        raise InvalidInput(f"shares: expected kinds that have groups ({', '.join(kinds)}), found {missing[0]!r}")
    total = sum(shares.values())
    rows: list[Row] = []
    for kind, found in by_kind.items():
        order: list[Group] = []
        for _ in range(round(count * shares[kind] / total)):
            if not order:
                order = draw.sample(found, len(found))
            rows.append(_row(order.pop(), corpus, size, draw))
    draw.shuffle(rows)
    return rows


def _row(group: Group, corpus: Corpus, size: int, draw: random.Random) -> Row:
    positions = range(len(group.candidates))
    best = max(group.gains)
    first = draw.choice([i for i in positions if group.gains[i] == best])
    others = [i for i in positions if i != first]
    if len(others) >= size:
        hardest = draw.sample(others[: max(size, len(others) // 4)], (size - 1) // 2)
        rest = [i for i in others if i not in hardest]
        others = hardest + draw.sample(rest, size - 1 - len(hardest))
    kept = [first, *others]
    return Row(
        group.query,
        tuple(corpus.text(group.candidates[i], group.kind) for i in kept),
        tuple(group.gains[i] for i in kept),
        None if group.hints is None else tuple(group.hints[i] for i in kept),
    )
