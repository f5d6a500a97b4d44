"""Makes metrics.json: random judged rankings, and what other tools say of them.

    pip install ir_measures==0.4.3 scipy && python make_metrics.py

ir_measures 0.4.3 (by pytrec_eval) for the ranking metrics, its gains set to 2^grade - 1; scipy for Spearman.
"""

import json
import random
from pathlib import Path

import ir_measures
from ir_measures import RR, P, R, Success, nDCG
from scipy.stats import spearmanr

GAINS = {grade: 2**grade - 1 for grade in range(4)}
MEASURES = {
    "ndcg@10": nDCG(gains=GAINS) @ 10,
    "ndcg@3": nDCG(gains=GAINS) @ 3,
    "mrr@10": RR @ 10,
    "recall@3": R @ 3,
    "recall@10": R @ 10,
    "recall@50": R @ 50,
    "precision@3": P @ 3,
    "hit@3": Success @ 3,
}


def ranking_case(rng, number):
    documents = [f"d{i}" for i in range(rng.choice([4, 20, 80]))]
    grades = {d: rng.choice([0, 0, 1, 2, 3]) for d in rng.sample(documents, rng.randint(1, min(12, len(documents))))}
    grades[rng.choice(list(grades))] = rng.randint(1, 3)
    ranking = rng.sample(documents, rng.randint(0, len(documents)))
    query = f"q{number}"
    qrels = [ir_measures.Qrel(query, d, g) for d, g in grades.items()]
    run = [ir_measures.ScoredDoc(query, d, float(len(ranking) - i)) for i, d in enumerate(ranking)]
    values = {}
    for name, measure in MEASURES.items():
        found = list(ir_measures.iter_calc([measure], qrels, run))
        # Nothing is reported of a query without results.
        values[name] = found[0].value if found else 0.0
    return {"grades": grades, "ranking": ranking, "values": values}


def correlation_case(rng):
    size = rng.choice([2, 5, 50])
    draw = rng.choice([lambda: rng.gauss(0, 1), lambda: float(rng.randint(0, 3))])
    a, b = [[draw() for _ in range(size)] for _ in range(2)]
    value = None if len(set(a)) < 2 or len(set(b)) < 2 else float(spearmanr(a, b).statistic)
    return {"a": a, "b": b, "spearman": value}


def main():
    rng = random.Random(7)
    cases = {
        "rankings": [ranking_case(rng, i) for i in range(40)],
        "correlations": [correlation_case(rng) for _ in range(20)],
    }
    out = Path(__file__).with_name("metrics.json")
    out.write_text(json.dumps(cases, separators=(",", ":")) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
