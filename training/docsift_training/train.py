"""A run: from a config and a folder of groups to a cross-encoder, its log and its curves."""

import time
from pathlib import Path

import numpy as np
import torch
from datasets import Dataset
from safetensors.torch import load_file
from sentence_transformers import CrossEncoder
from sentence_transformers.cross_encoder import CrossEncoderTrainer, CrossEncoderTrainingArguments
from sentence_transformers.cross_encoder.losses import LambdaLoss, ListNetLoss

from .config import Config
from .errors import InvalidInput
from .evaluation import METRIC, evaluator
from .files import write_lines
from .groups import Row, read_corpus, read_groups, sample_rows, split
from .models import average, freeze_words, keep_layers, load, share_layers
from .run import arguments, has_checkpoint, keep_config, keep_log, note
from .targets import target


def train(config: Config, data: Path, out: Path, device: str, start: str | Path, teacher: Path | None) -> Path:
    """Trains, or goes on where a run of the same folder was broken off. Returns the folder of the model.

    `start` is what training begins with, `teacher` whose scores it learns from: folders or GGUF files of cross-encoders, or
    `bi-encoder`. `out` gets `model/`, `run.json` (config, versions, time), `log.json` (loss and dev nDCG by step),
    `curves.png`, and `dev.jsonl`, the queries that were held out.
    """
    started = time.monotonic()
    keep_config(config, out)
    corpus = read_corpus(data)
    groups = read_groups(data, len(corpus.passages))
    groups, dev = split(groups, config.held_out, config.held_out_groups, config.seed)
    write_lines(out / "dev.jsonl", [{"q": group.query, "src": group.site} for group in dev])
    rows = sample_rows(groups, corpus, config.shares, config.steps * config.batch, config.list_size, config.seed)
    dataset = _dataset(config, rows, teacher, device, out)

    torch.manual_seed(config.seed)
    model = load(start, device, config.max_tokens)
    keep_layers(model, config.layers)
    share_layers(model, config.shared_layers)
    freeze_words(model)
    judge = evaluator(dev, corpus, config.dev_queries, config.seed)
    before = judge(model)[METRIC]

    loss = LambdaLoss(model) if config.loss == "lambda" else ListNetLoss(model, mini_batch_size=-1)
    told = CrossEncoderTrainingArguments(**arguments(config, out, device))
    trainer = CrossEncoderTrainer(model=model, args=told, train_dataset=dataset, loss=loss, evaluator=judge)
    trainer.train(resume_from_checkpoint=has_checkpoint(out))

    _average_last(model, out, config.average)
    after = judge(model)
    model.save_pretrained(str(out / "model"))
    keep_log(out, before, trainer.state.log_history, METRIC)
    note(
        out,
        started,
        device,
        {
            "dev": {name: round(float(value), 4) for name, value in after.items()},
            "before": round(before, 4),
            "start": Path(start).name,
            "teacher": teacher.name if teacher else None,
        },
    )
    return out / "model"


def _dataset(config: Config, rows: list[Row], teacher: Path | None, device: str, out: Path) -> Dataset:
    scores = teacher_scores(config, rows, teacher, device, out)
    labels = [
        # LambdaLoss takes gains as they are.
        list(row.gains) if config.loss == "lambda" else target(row.gains, taught, config.teacher_share, config.temperature)
        for row, taught in zip(rows, scores, strict=True)
    ]
    return Dataset.from_dict(
        {"query": [row.query for row in rows], "docs": [list(row.texts) for row in rows], "labels": labels}
    )


def teacher_scores(
    config: Config, rows: list[Row], teacher: Path | None, device: str, out: Path
) -> list[tuple[float, ...] | None]:
    """For each row the scores that its target is mixed with. Those of a model are kept, so that a run can go on."""
    if config.teacher == "none":
        return [None] * len(rows)
    if config.teacher == "hints":
        return [row.hints for row in rows]
    if teacher is None:
        raise InvalidInput('expected --teacher, a cross-encoder, for teacher = "model"')
    kept = out / "teacher.npy"
    if kept.exists():
        flat = np.load(kept)
    else:
        model = load(teacher, device, config.max_tokens)
        flat = score(model, [(row.query, text) for row in rows for text in row.texts], device)
        np.save(kept, flat)
    ends = np.cumsum([len(row.texts) for row in rows])
    return [tuple(part.tolist()) for part in np.split(flat, ends[:-1])]


def score(model: CrossEncoder, pairs: list[tuple[str, str]], device: str) -> np.ndarray:
    """The logits of pairs, in bfloat16."""
    with torch.autocast(device.split(":")[0], torch.bfloat16):
        return model.predict(pairs, batch_size=64, show_progress_bar=True, convert_to_numpy=True).astype(np.float32)


def _average_last(model: CrossEncoder, out: Path, count: int) -> None:
    if count < 2:
        return
    folders = sorted((out / "checkpoints").glob("checkpoint-*"), key=lambda folder: int(folder.name.split("-")[1]))
    weights = [load_file(folder / "model.safetensors") for folder in folders[-count:]]
    model.model.load_state_dict(average(weights))
