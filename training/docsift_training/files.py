"""JSON Lines, plain or compressed."""

import json
import lzma
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from .errors import InvalidInput


def read_lines(path: Path) -> Iterator[Any]:
    """The values of a JSON Lines file; `.xz` is unpacked. Empty lines are passed over.

    Raises `InvalidInput` for a file that is not there, and for a line that is no JSON, with its number.
    """
    if not path.is_file():
        raise InvalidInput(f"{path}: expected a JSON Lines file, found nothing")
    open_text = lzma.open if path.suffix == ".xz" else open
    with open_text(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                yield json.loads(line)
            except json.JSONDecodeError as error:
                raise InvalidInput(f"{path}:{number}: expected JSON, found {line[:60]!r} ({error})") from None


def write_lines(path: Path, values: Iterable[Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as out:
        for value in values:
            out.write(json.dumps(value, ensure_ascii=False) + "\n")


def find(folder: Path, name: str) -> Path:
    """`name` in a folder, or `name.xz`."""
    plain = folder / name
    packed = folder / f"{name}.xz"
    return packed if packed.exists() and not plain.exists() else plain
