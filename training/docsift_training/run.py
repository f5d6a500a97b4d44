"""The folder of a run: its config, which a run that goes on must share, and what is noted in the end."""

import json
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from .config import Config
from .curves import draw_curves
from .errors import InvalidInput


def keep_config(config: Config, out: Path) -> None:
    """Refuses to go on with a run of another config: its checkpoints are of other data."""
    out.mkdir(parents=True, exist_ok=True)
    path = out / "run.json"
    mine = config.to_dict()
    if path.exists():
        theirs = json.loads(path.read_text(encoding="utf-8"))["config"]
        differ = [name for name in mine if theirs.get(name) != mine[name]]
        if differ:
            raise InvalidInput(f"{out}: expected a new folder, or the config it was begun with; {differ[0]} differs")
    else:
        path.write_text(json.dumps({"config": mine}, indent=1) + "\n", encoding="utf-8")


def has_checkpoint(out: Path) -> bool:
    return any((out / "checkpoints").glob("checkpoint-*/trainer_state.json"))


def arguments(config: Config, out: Path, device: str) -> dict[str, Any]:
    """What the trainers of cross-encoders and of bi-encoders are both told."""
    return {
        "output_dir": str(out / "checkpoints"),
        "seed": config.seed,
        "max_steps": config.steps,
        "per_device_train_batch_size": config.batch,
        "learning_rate": config.learning_rate,
        "weight_decay": config.weight_decay,
        "warmup_steps": round(config.warmup * config.steps),
        "use_cpu": device == "cpu",
        "bf16": True,
        "eval_strategy": "steps",
        "eval_steps": config.evaluate_every,
        "save_strategy": "steps",
        "save_steps": config.evaluate_every,
        "save_total_limit": max(2, config.average),
        "logging_steps": max(1, config.evaluate_every // 10),
        # A line for each log instead of a bar.
        "disable_tqdm": True,
        "report_to": "none",
        "dataloader_pin_memory": device != "cpu",
    }


def keep_log(out: Path, before: float, logged: list[dict], metric: str) -> None:
    """Writes `log.json` and `curves.png`: what the trainer logged, and the metric before the first step."""
    history = [{"step": 0, f"eval_{metric}": before}, *logged]
    (out / "log.json").write_text(json.dumps(history, indent=1) + "\n", encoding="utf-8")
    draw_curves(history, out / "curves.png", metric)


def note(out: Path, started: float, device: str, what: dict[str, Any]) -> None:
    """Adds to `run.json`. `started` is of `time.monotonic`."""
    path = out / "run.json"
    values = {
        **json.loads(path.read_text(encoding="utf-8")),
        **what,
        "minutes": round((time.monotonic() - started) / 60, 1),
        "device": device,
        "versions": {name: version(name) for name in ("torch", "transformers", "sentence-transformers")},
    }
    path.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
