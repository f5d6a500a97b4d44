"""From a folder of a cross-encoder to a GGUF file, by docsift's own packer."""

import json
import subprocess
from pathlib import Path

from .errors import InvalidInput
from .models import bi_encoder_folder

ROOT = Path(__file__).resolve().parent.parent.parent


def pack(model: Path, out: Path, name: str, licence: str, calibration: Path | None, words_of: Path | None = None) -> dict:
    """Packs with the bi-encoder's word table, from which training never departs, or without words: then the reranker takes
    those of `words_of`, the bi-encoder's GGUF file. Returns what the manifest needs.

    Raises `InvalidInput` with the packer's message where it refuses.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    command = ["cargo", "run", "--locked", "--quiet", "--bin", "docsift", "--", "pack", str(model.resolve())]
    command += ["--out", str(out.resolve()), "--name", name, "--license", licence]
    if words_of:
        command += ["--words-of", str(words_of.resolve())]
    else:
        command += ["--word-embeddings-from", str(bi_encoder_folder())]
    command += ["--calibration", str(calibration or ROOT / "models" / "calibration.jsonl")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise InvalidInput(f"the packer refused {model}: {done.stderr.strip()}")
    return json.loads(done.stdout)
