from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoTokenizer

from docsift_training.errors import InvalidInput
from docsift_training.unpacking import unpack

GOLDEN = Path(__file__).resolve().parents[2] / "tests" / "golden" / "models"


@pytest.mark.parametrize(
    ("model", "file"),
    [("bert-2x128", "model.f16.gguf"), ("bert-2x72", "model.f32.gguf")],
    ids=["a bi-encoder", "a cross-encoder"],
)
def test_a_file_holds_the_values_of_the_folder_it_was_made_from(model: str, file: str, tmp_path: Path):
    unpack(GOLDEN / model / file, tmp_path)
    found, expected = (load_file(folder / "model.safetensors") for folder in (tmp_path, GOLDEN / model))
    # The folder of a cross-encoder may have more than is computed with.
    assert set(found) <= set(expected)
    assert len(found) > 30
    for name, values in found.items():
        assert torch.equal(values, expected[name].float()), name
    assert len(AutoTokenizer.from_pretrained(tmp_path)) == len(found[next(n for n in found if "word_embeddings" in n)])


def test_a_file_that_is_no_model_is_refused(tmp_path: Path):
    path = tmp_path / "model.gguf"
    path.write_bytes(b"<!doctype html>" * 9)
    with pytest.raises(InvalidInput, match="expected a GGUF file"):
        unpack(path, tmp_path / "out")


def test_a_file_without_words_says_what_it_needs(tmp_path: Path):
    light = GOLDEN.parents[2] / "models" / "docsift-rerank-l2.gguf"
    with pytest.raises(InvalidInput, match="packed without"):
        unpack(light, tmp_path)


def test_words_are_taken_from_the_bi_encoder_s_file(tmp_path: Path):
    models = GOLDEN.parents[2] / "models"
    unpack(models / "docsift-rerank-l2.gguf", tmp_path / "reranker", models / "all-minilm-l6-v2.gguf")
    unpack(models / "all-minilm-l6-v2.gguf", tmp_path / "embedder")
    words, own = (
        load_file(tmp_path / role / "model.safetensors")[f"{prefix}embeddings.word_embeddings.weight"]
        for role, prefix in (("reranker", "bert."), ("embedder", ""))
    )
    assert torch.equal(words, own)
