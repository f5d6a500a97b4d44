"""How well a cross-encoder orders the candidates of queries it has not seen."""

import random

import torch
from sentence_transformers import CrossEncoder
from sentence_transformers.cross_encoder.evaluation import CrossEncoderRerankingEvaluator

from .groups import Corpus, Group

METRIC = "dev_ndcg@10"


class Evaluator(CrossEncoderRerankingEvaluator):
    """The one of sentence-transformers, computed as the training computes: in bfloat16."""

    def __call__(self, model: CrossEncoder, *args, **kwargs) -> dict[str, float]:
        with torch.autocast(model.device.type, torch.bfloat16):
            return super().__call__(model, *args, **kwargs)


def evaluator(groups: list[Group], corpus: Corpus, queries: int, seed: int) -> Evaluator:
    """Judges by nDCG@10 and MRR@10 over `queries` groups, chosen by `seed`; a passage helps or does not."""
    chosen = groups if len(groups) <= queries else random.Random(seed).sample(groups, queries)
    samples = []
    for group in chosen:
        texts = [corpus.text(index, group.kind) for index in group.candidates]
        best = max(group.gains)
        positive = [text for text, gain in zip(texts, group.gains, strict=True) if gain == best]
        negative = [text for text, gain in zip(texts, group.gains, strict=True) if gain < best]
        samples.append({"query": group.query, "positive": positive, "negative": negative})
    return Evaluator(samples, name="dev", write_csv=False, batch_size=64)
