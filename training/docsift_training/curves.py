"""The loss, and what is judged by, by step, as a picture."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot as plt


def draw_curves(history: list[dict], path: Path, metric: str) -> None:
    losses = [(entry["step"], entry["loss"]) for entry in history if "loss" in entry]
    scores = [(entry["step"], entry[f"eval_{metric}"]) for entry in history if f"eval_{metric}" in entry]
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
    for axes, points, title in ((left, losses, "training loss"), (right, scores, metric)):
        if points:
            axes.plot(*zip(*points, strict=True), marker="." if axes is right else None)
        axes.set(title=title, xlabel="step")
        axes.grid(alpha=0.3)
    figure.savefig(path, dpi=120)
    plt.close(figure)
