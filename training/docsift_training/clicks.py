"""From clicks to relevance, corrected for position: what stands first is clicked because it is seen.

The position-based model (Richardson et al. 2007, doi:10.1145/1242572.1242643): a result is clicked when its place is looked
at and it looks like the answer, P(click) = examined(position) × attractive(query, passage). Both are estimated by
expectation maximisation (Wang et al. 2018, doi:10.1145/3159652.3159732).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

ROUNDS = 500
# A passage shown seldom is taken to be like most: this many clicks among so many looks are added to its own.
PRIOR_CLICKS, PRIOR_LOOKS = 0.2, 1.0


@dataclass(frozen=True)
class Shown:
    """How often a passage was shown for a query at one place, from 1, and clicked there."""

    query: str
    passage: str
    position: int
    impressions: float
    clicks: float


@dataclass(frozen=True)
class ClickModel:
    # By place; the first one's is 1, as only their ratios can be told.
    examined: dict[int, float]
    # By query and passage, 0 to 1.
    attractive: dict[tuple[str, str], float]
    # By query and passage: how often it was looked at.
    looks: dict[tuple[str, str], float]


def fit_clicks(log: Sequence[Shown]) -> ClickModel:
    """Estimates both factors. Places are told from passages only by passages that were shown at several of them; where none
    was, all places start out as 1 / rank and are moved little by the fit."""
    pairs = sorted({(each.query, each.passage) for each in log})
    places = sorted({each.position for each in log})
    pair_numbers = {each: i for i, each in enumerate(pairs)}
    pair = np.array([pair_numbers[each.query, each.passage] for each in log])
    place = np.array([places.index(each.position) for each in log])
    shown = np.array([each.impressions for each in log], dtype=float)
    clicks = np.array([each.clicks for each in log], dtype=float)

    examined = 1.0 / np.array(places, dtype=float)
    attractive = np.full(len(pairs), 0.5)
    for _ in range(ROUNDS):
        seen, liked = examined[place], attractive[pair]
        # Of those that were not clicked: was it seen but not liked, or liked but not seen?
        neither = 1 - seen * liked
        passed = shown - clicks
        saw = clicks + passed * seen * (1 - liked) / neither
        like = clicks + passed * liked * (1 - seen) / neither
        examined = _ratio(np.bincount(place, saw), np.bincount(place, shown))
        attractive = _ratio(np.bincount(pair, like) + PRIOR_CLICKS, np.bincount(pair, shown) + PRIOR_LOOKS)
    looks = np.bincount(pair, shown * examined[place])
    return ClickModel(
        {each: float(value / examined[0]) for each, value in zip(places, examined, strict=True)},
        dict(zip(pairs, attractive.tolist(), strict=True)),
        dict(zip(pairs, looks.tolist(), strict=True)),
    )


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.clip(part / np.maximum(whole, 1e-9), 1e-6, 1 - 1e-6)
