from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from sentence_transformers import SentenceTransformer

from docsift_training import distill
from docsift_training.config import Config
from docsift_training.errors import InvalidInput
from docsift_training.files import write_lines
from docsift_training.models import bi_encoder_folder

TEXTS = ["Renting a locker.", "Opening hours of the welding room.", "How to pay by card."]
CONFIG = Config(
    steps=4, batch=2, list_size=2, max_tokens=16, learning_rate=1e-4, held_out=["dev"], evaluate_every=4, teacher="model"
)


def groups(folder: Path) -> Path:
    write_lines(folder / "passages.jsonl", TEXTS)
    write_lines(
        folder / "groups.jsonl",
        [{"q": "where do i get a locker", "cand": [1, 0], "kind": "own", "src": "shop"}] * 4
        + [{"q": "paying", "cand": [2, 0], "kind": "own", "src": "dev"}],
    )
    return folder


def test_cosines_learn_the_order_of_the_teacher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def prefers_hours(_config, rows, *_):
        return [tuple(4.0 * text.startswith("Opening") for text in row.texts) for row in rows]

    monkeypatch.setattr(distill, "teacher_scores", prefers_hours)
    out = distill.distill(CONFIG, groups(tmp_path / "data"), tmp_path / "run", "cpu", Path("teacher"))

    def lead(folder: Path) -> float:
        query, lockers, hours = torch.tensor(
            SentenceTransformer(str(folder), device="cpu").encode(["where do i get a locker", TEXTS[0], TEXTS[1]])
        )
        return float(query @ hours - query @ lockers)

    assert lead(out) > lead(bi_encoder_folder()) + 0.1
    words = "embeddings.word_embeddings.weight"
    before, after = (load_file(folder / "model.safetensors") for folder in (bi_encoder_folder(), out))
    assert torch.equal(before[words], after[words]), "rerankers share the word table"
    assert (tmp_path / "run" / "curves.png").stat().st_size > 1000


@pytest.mark.parametrize("change", [{"teacher": "none"}, {"layers": [0, 5]}, {"average": 3}])
def test_a_config_of_a_cross_encoder_is_refused(tmp_path: Path, change: dict):
    config = Config(**{**CONFIG.to_dict(), **change})
    with pytest.raises(InvalidInput, match="to distill into the bi-encoder"):
        distill.distill(config, groups(tmp_path / "data"), tmp_path / "run", "cpu", Path("teacher"))
