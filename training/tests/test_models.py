from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from docsift_training.errors import InvalidInput
from docsift_training.models import BI_ENCODER, average_folders, bi_encoder_folder, load, share_layers


def model(folder: Path, **tensors: list[float]) -> Path:
    folder.mkdir()
    save_file({name: torch.tensor(values) for name, values in tensors.items()}, folder / "model.safetensors")
    (folder / "config.json").write_text(f'"{folder.name}"', encoding="utf-8")
    return folder


def test_the_mean_of_two_models(tmp_path: Path):
    folders = [model(tmp_path / "a", x=[1.0, 2.0], y=[0.0]), model(tmp_path / "b", x=[3.0, -2.0], y=[0.5])]
    average_folders(folders, tmp_path / "out")
    found = load_file(tmp_path / "out" / "model.safetensors")
    assert {name: values.tolist() for name, values in found.items()} == {"x": [2.0, 0.0], "y": [0.25]}
    assert (tmp_path / "out" / "config.json").read_text(encoding="utf-8") == '"a"'
    assert load_file(folders[0] / "model.safetensors")["x"].tolist() == [1.0, 2.0]


def test_models_of_other_shapes_are_refused(tmp_path: Path):
    one, other = model(tmp_path / "a", x=[1.0]), model(tmp_path / "b", x=[1.0, 2.0])
    with pytest.raises(InvalidInput, match="expected the tensors"):
        average_folders([one, other], tmp_path / "out")
    with pytest.raises(InvalidInput, match="expected a folder"):
        average_folders([one, tmp_path / "none"], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_shared_layers_are_the_bi_encoders_and_stay():
    model = load(BI_ENCODER, "cpu", 64)
    with torch.no_grad():
        for values in model.model.bert.parameters():
            values.add_(1.0)
    share_layers(model, 2)
    published = load_file(bi_encoder_folder() / "model.safetensors")
    own = dict(model.model.bert.named_parameters())
    same = {name for name, values in own.items() if name in published and torch.equal(values, published[name])}
    stay = {name for name, values in own.items() if not values.requires_grad}
    assert same == stay == {name for name in own if name.startswith(("embeddings.", "encoder.layer.0.", "encoder.layer.1."))}
    with pytest.raises(InvalidInput, match="0 to 6, found 7"):
        share_layers(model, 7)
