"""From one's own pairs to groups: passages that look like answers and are none are found by the bi-encoder."""

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import torch
from datasets import Dataset
from sentence_transformers import CrossEncoder, SentenceTransformer
from sentence_transformers.util import mine_hard_negatives

from .clicks import Shown, fit_clicks
from .errors import InvalidInput
from .files import read_lines, write_lines
from .models import bi_encoder_folder

# Of a query's clicked passages: from this share of the best one's attraction on one is taken to answer.
ANSWERS = 0.5
# A passage that was looked at less often than this, and hardly clicked, is neither an answer nor a negative.
ENOUGH_LOOKS = 5.0
# Negatives are chosen from so many times their number; a cross-encoder reads all of these.
SEARCHED = 2


@dataclass
class Judged:
    """What is known of one query: gains of passages that help, and passages that do not."""

    gains: dict[str, float] = field(default_factory=dict)
    rejected: set[str] = field(default_factory=set)


def read_pairs(path: Path) -> dict[str, Judged]:
    """Reads `{"query", "passage"}` with `"label"` (0 for no answer, more for better ones; 1 where it is left out), or with
    `"position"`, `"impressions"` and `"clicks"`. All lines of a file are of one kind.

    Raises `InvalidInput` with the line's number.
    """
    judged: dict[str, Judged] = defaultdict(Judged)
    shown: list[Shown] = []
    for number, value in enumerate(read_lines(path), 1):
        where = f"{path}:{number}"
        query, passage = (value.get(name) if isinstance(value, dict) else None for name in ("query", "passage"))
        if not (isinstance(query, str) and query.strip() and isinstance(passage, str) and passage.strip()):
            raise InvalidInput(f'{where}: expected "query" and "passage", texts; found {str(value)[:80]}')
        if "clicks" in value:
            shown.append(_shown(value, where))
        else:
            label = value.get("label", 1)
            if not isinstance(label, (int, float)) or label < 0:
                raise InvalidInput(f'{where}: expected "label", a number from 0 on, found {label!r}')
            if label > 0:
                judged[query].gains[passage] = float(label)
            else:
                judged[query].rejected.add(passage)
    if shown and judged:
        raise InvalidInput(f"{path}: expected clicks in all lines or in none")
    return _judge(shown) if shown else dict(judged)


def _shown(value: dict, where: str) -> Shown:
    position, impressions, clicks = (value.get(name) for name in ("position", "impressions", "clicks"))
    if not isinstance(position, int) or position < 1:
        raise InvalidInput(f'{where}: expected "position", a place from 1 on, found {position!r}')
    numbers = isinstance(impressions, (int, float)) and isinstance(clicks, (int, float))
    if not numbers or not 0 <= clicks <= impressions or impressions <= 0:
        raise InvalidInput(f'{where}: expected "clicks" from 0 to "impressions", found {clicks!r} of {impressions!r}')
    return Shown(value["query"], value["passage"], position, float(impressions), float(clicks))


def _judge(shown: list[Shown]) -> dict[str, Judged]:
    model = fit_clicks(shown)
    best: dict[str, float] = defaultdict(float)
    for (query, _), attraction in model.attractive.items():
        best[query] = max(best[query], attraction)
    judged: dict[str, Judged] = defaultdict(Judged)
    for (query, passage), attraction in model.attractive.items():
        if attraction >= ANSWERS * best[query]:
            judged[query].gains[passage] = attraction
        elif model.looks[query, passage] >= ENOUGH_LOOKS:
            judged[query].rejected.add(passage)
    return dict(judged)


def mine(
    judged: dict[str, Judged],
    passages: list[str],
    out: Path,
    device: str,
    negatives: int = 15,
    denoise: CrossEncoder | None = None,
) -> int:
    """Writes a folder of groups and returns how many. Negatives are the passages nearest to the query by cosine.

    Some of those may answer as well, though nobody said so. `denoise` leaves out what it scores above the answer; without it
    none is left out, since where visitors and articles use different words the answer itself is far from the query.
    """
    judged = {query: found for query, found in judged.items() if found.gains}
    if not judged:
        raise InvalidInput("expected queries with a passage that answers, found none")
    known = [text for found in judged.values() for text in [*found.gains, *found.rejected]]
    texts = list(dict.fromkeys([*passages, *known]))
    numbers = {text: i for i, text in enumerate(texts)}
    pairs = [(query, text) for query, found in judged.items() for text in found.gains]
    # Twice as fast on a core that has it (39 pairs a second through six layers, 18 in f32), and which negatives are taken
    # is no matter of the last digits.
    with torch.autocast(device.split(":")[0], torch.bfloat16):
        mined = mine_hard_negatives(
            Dataset.from_dict({"query": [query for query, _ in pairs], "answer": [text for _, text in pairs]}),
            SentenceTransformer(str(bi_encoder_folder()), device=device, local_files_only=True),
            corpus=texts,
            cross_encoder=denoise,
            num_negatives=min(negatives, len(texts) - 1),
            range_max=min(SEARCHED * negatives, len(texts) - 1),
            absolute_margin=0.0 if denoise else None,
            output_format="labeled-list",
            verbose=False,
        )
    candidates: dict[str, dict[str, float]] = {query: dict(found.gains) for query, found in judged.items()}
    for query, found in judged.items():
        candidates[query].update(dict.fromkeys(sorted(found.rejected), 0.0))
    label_column = next(name for name in mined.column_names if name.startswith("label"))
    for row in mined:
        for text, label in zip(row["answer"], row[label_column], strict=True):
            if not label:
                candidates[row["query"]].setdefault(text, 0.0)
    write_lines(out / "passages.jsonl", texts)
    groups = [
        {"q": query, "cand": [numbers[text] for text in gains], "gains": list(gains.values()), "kind": "own"}
        for query, gains in candidates.items()
        if len(gains) > 1
    ]
    write_lines(out / "groups.jsonl", groups)
    return len(groups)
