"""What a run is made of: a TOML file, every field of which is checked."""

import tomllib
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from .errors import InvalidInput


@dataclass(frozen=True)
class Config:
    """One run. Steps and lists are counted in whole; rates are AdamW's."""

    # Which transformer layers of the model that is started from are kept, from 0; none named: all.
    layers: list[int] = field(default_factory=list)
    # So many of the lowest layers, and the embeddings under them, are the bi-encoder's and stay so.
    shared_layers: int = 0
    seed: int = 1
    # Steps, each over `batch` lists of `list_size` passages.
    steps: int = 1000
    batch: int = 8
    list_size: int = 6
    # Tokens of query and passage together; what is longer is cut.
    max_tokens: int = 128
    learning_rate: float = 1e-4
    warmup: float = 0.05
    weight_decay: float = 0.01
    # How much of the lists each kind of groups makes up.
    shares: dict[str, float] = field(default_factory=lambda: {"own": 1.0})
    # Sites that are judged by and not trained on; where none is named, so many groups of those there are.
    held_out: list[str] = field(default_factory=list)
    held_out_groups: int = 0
    # How many of the groups held out are judged by.
    dev_queries: int = 200
    evaluate_every: int = 250
    # Whose scores are learned from beside the gains: `none`, `hints` (the groups' own scores), or `model`.
    teacher: str = "none"
    teacher_share: float = 0.5
    temperature: float = 1.0
    loss: str = "listnet"
    # The mean of the last so many checkpoints becomes the model.
    average: int = 1

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


LOSSES = ("listnet", "lambda")
TEACHERS = ("none", "hints", "model")


def read_config(path: Path, changes: dict[str, Any] | None = None) -> Config:
    """Raises `InvalidInput` for a field that is unknown, or of another type, and for numbers out of bounds."""
    if not path.is_file():
        raise InvalidInput(f"{path}: expected a TOML file, found nothing")
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(f"{path}: expected TOML, found {error}") from None
    values.update({name: value for name, value in (changes or {}).items() if value is not None})
    known = {each.name: each for each in fields(Config)}
    for name, value in values.items():
        if name not in known:
            raise InvalidInput(f"{path}: expected one of {', '.join(known)}, found {name!r}")
        default = getattr(Config(), name)
        allowed = (int, float) if isinstance(default, float) else type(default)
        if not isinstance(value, allowed) or isinstance(value, bool):
            raise InvalidInput(f"{path}: {name}: expected {type(default).__name__}, found {value!r}")
    config = Config(**values)
    _check(config, path)
    return config


def _check(config: Config, path: Path) -> None:
    for name in ("steps", "batch", "max_tokens", "dev_queries", "evaluate_every", "average"):
        if getattr(config, name) < 1:
            raise InvalidInput(f"{path}: {name}: expected 1 or more, found {getattr(config, name)}")
    if config.shared_layers < 0:
        raise InvalidInput(f"{path}: shared_layers: expected 0 or more, found {config.shared_layers}")
    if config.list_size < 2:
        raise InvalidInput(f"{path}: list_size: expected 2 or more, found {config.list_size}")
    if config.loss not in LOSSES:
        raise InvalidInput(f"{path}: loss: expected one of {', '.join(LOSSES)}, found {config.loss!r}")
    if config.teacher not in TEACHERS:
        raise InvalidInput(f"{path}: teacher: expected one of {', '.join(TEACHERS)}, found {config.teacher!r}")
    if not 0 <= config.teacher_share <= 1:
        raise InvalidInput(f"{path}: teacher_share: expected 0 to 1, found {config.teacher_share}")
    if config.loss == "lambda" and config.teacher != "none":
        raise InvalidInput(f"{path}: teacher: LambdaLoss learns from gains alone; expected 'none' with loss = 'lambda'")
    if config.learning_rate <= 0 or config.temperature <= 0:
        raise InvalidInput(f"{path}: expected learning_rate and temperature above 0")
    if bool(config.held_out) == bool(config.held_out_groups):
        raise InvalidInput(f"{path}: expected held_out, sites, or held_out_groups, a number: what the model is judged by")
    if not config.shares or any(share <= 0 for share in config.shares.values()):
        raise InvalidInput(f"{path}: shares: expected kinds of groups with shares above 0, found {config.shares}")
