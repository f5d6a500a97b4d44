"""What a list of passages is to be scored like: the shares of a listwise softmax."""

import math
from collections.abc import Sequence

# The logarithm of a share of zero; its exponential is far below what a float tells from zero beside one.
NOTHING = -30.0


def softmax(scores: Sequence[float], temperature: float = 1.0) -> list[float]:
    top = max(scores)
    powers = [math.exp((score - top) / temperature) for score in scores]
    return [power / sum(powers) for power in powers]


def target(gains: Sequence[float], teacher: Sequence[float] | None, teacher_share: float, temperature: float) -> list[float]:
    """The logarithms of the shares, which ListNet (Cao et al. 2007) takes through a softmax and so gets the shares again.

    Gains, scaled to sum to one, are mixed with the softmax of a teacher's scores (distillation, Hinton et al. 2015): the
    teacher knows of passages that answer though nobody said so.
    """
    total = sum(gains)
    shares = [gain / total for gain in gains]
    if teacher is not None and teacher_share > 0:
        taught = softmax(teacher, temperature)
        shares = [(1 - teacher_share) * own + teacher_share * his for own, his in zip(shares, taught, strict=True)]
    return [math.log(share) if share > 0 else NOTHING for share in shares]
