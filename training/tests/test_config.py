from pathlib import Path

import pytest

from docsift_training.config import read_config
from docsift_training.errors import InvalidInput

CONFIGS = sorted((Path(__file__).resolve().parent.parent / "configs").glob("*.toml"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_the_configs_here_are_read(path: Path):
    assert read_config(path).steps > 0


def test_an_option_comes_before_the_file():
    assert read_config(CONFIGS[0], {"seed": 7, "steps": None}).seed == 7


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("step = 3", "found 'step'"),
        ("steps = 'many'", "steps: expected int, found 'many'"),
        ("steps = 0", "expected 1 or more, found 0"),
        ("loss = 'softmax'", "expected one of listnet, lambda"),
        ("loss = 'lambda'\nteacher = 'model'", "LambdaLoss learns from gains alone"),
        ("teacher = 'me'", "expected one of none, hints, model"),
        ("held_out = []", "what the model is judged by"),
        ("held_out_groups = 3\nshares = {}", "shares above 0"),
        ("steps = = 3", "expected TOML"),
    ],
)
def test_a_field_that_is_wrong_is_named(tmp_path: Path, text: str, message: str):
    path = tmp_path / "run.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput, match=message):
        read_config(path)
