"""Makes calibration.json: random scores with outcomes, and what other tools say of them.

    pip install scikit-learn==1.9.1 torchmetrics==1.9.0 && python make_calibration.py

scikit-learn for Platt scaling with Platt's targets, torchmetrics for the expected calibration error.
"""

import json
import math
import random
from pathlib import Path

import numpy as np
import torch
from sklearn.calibration import _sigmoid_calibration
from torchmetrics.functional.classification import binary_calibration_error


def fit_case(rng):
    size = rng.choice([8, 60, 400])
    center, spread = rng.choice([(0, 1), (12, 3), (0.6, 0.1)])
    final, relevant = [], []
    while len(set(relevant)) < 2:
        final = [round(rng.gauss(center, spread), 4) for _ in range(size)]
        relevant = [rng.random() < 1 / (1 + math.exp(-2 * (x - center) / spread + 1)) for x in final]
    # Their probability is 1 / (1 + exp(a × score + b)).
    a, b = _sigmoid_calibration(np.array(final), np.array(relevant, dtype=float))
    return {"final": final, "relevant": relevant, "slope": -float(a), "intercept": -float(b)}


def error_case(rng):
    size = rng.choice([1, 10, 300])
    bins = rng.choice([5, 15])
    score = [round(rng.random() ** rng.choice([1, 3]), 5) for _ in range(size)]
    relevant = [rng.random() < p**1.5 for p in score]
    value = binary_calibration_error(
        torch.tensor(score, dtype=torch.float64), torch.tensor(relevant).int(), n_bins=bins, norm="l1"
    )
    return {"score": score, "relevant": relevant, "bins": bins, "error": float(value)}


def main():
    rng = random.Random(11)
    cases = {
        "fits": [fit_case(rng) for _ in range(12)],
        "errors": [error_case(rng) for _ in range(12)],
    }
    out = Path(__file__).with_name("calibration.json")
    out.write_text(json.dumps(cases, separators=(",", ":")) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
