import json
from pathlib import Path

import pytest

from docsift_training.errors import InvalidInput
from docsift_training.groups import Corpus, Group, read_corpus, read_groups, sample_rows, split
from docsift_training.mining import read_pairs
from docsift_training.targets import softmax, target


def write(path: Path, values: list) -> None:
    path.write_text("".join(json.dumps(value) + "\n" for value in values), encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "passages.jsonl", [f"text {i}" for i in range(8)])
    write(tmp_path / "headings.jsonl", [f"Heading {i}" if i % 2 else None for i in range(8)])
    write(
        tmp_path / "groups.jsonl",
        [
            {"q": "one", "cand": [1, 2, 3, 4], "t": [4, 3, 2, 1], "kind": "written", "src": "a"},
            {"q": "Heading 5", "cand": [5, 6, 7], "kind": "docs", "src": "b"},
        ],
    )
    write(tmp_path / "graded.jsonl", [{"q": "two", "cand": [0, 1, 2], "grades": [1, 3, 0], "src": "a"}])
    return tmp_path


def test_reads_groups_with_their_gains_and_headings(folder: Path):
    corpus = read_corpus(folder)
    written, docs, graded = read_groups(folder, 8)
    assert written.gains == (1, 0, 0, 0)
    assert written.hints == (4, 3, 2, 1)
    assert graded.gains == (1, 7, 0)
    assert corpus.text(1, "written") == "Heading 1. text 1"
    assert corpus.text(2, "written") == "text 2"
    # The heading is the query: with it in the passage the answer would give itself away.
    assert corpus.text(5, docs.kind) == "text 5"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"q": "x", "cand": [8]}, "candidates from 0 to 7, found 8"),
        ({"q": "x", "cand": []}, 'expected "q"'),
        ({"cand": [1]}, 'expected "q"'),
        ({"q": "x", "cand": [1, 2], "gains": [1]}, "expected 2 of 'gains', found 1"),
    ],
)
def test_names_the_line_that_is_wrong(folder: Path, line: dict, message: str):
    write(folder / "groups.jsonl", [{"q": "fine", "cand": [1, 2]}, line])
    with pytest.raises(InvalidInput, match=f"groups.jsonl:2: .*{message}"):
        read_groups(folder, 8)


def test_sites_that_are_held_out_are_not_trained_on(folder: Path):
    groups = read_groups(folder, 8)
    train, dev = split(groups, ["a"], 0, 1)
    assert {group.site for group in train} == {"b"}
    assert [group.query for group in dev] == ["one"], "of those that someone wrote"
    with pytest.raises(InvalidInput, match="found 0 and"):
        split(groups, ["a", "b"], 0, 1)


def test_a_number_of_groups_is_held_out_by_the_seed():
    groups = [Group(str(i), (0, 1), (1, 0), None, "own", "") for i in range(20)]
    train, dev = split(groups, [], 5, 1)
    assert len(dev) == 5
    assert {group.query for group in train}.isdisjoint(group.query for group in dev)
    assert split(groups, [], 5, 1)[1] == dev
    assert split(groups, [], 5, 2)[1] != dev


def test_rows_have_an_answer_first_and_their_kinds_shares():
    corpus = Corpus([f"text {i}" for i in range(40)], [None] * 40)
    groups = [
        Group(f"{kind} {i}", tuple(range(20)), (1.0, *[0.0] * 19), tuple(range(20)), kind, "")
        for kind in ("written", "qa")
        for i in range(10)
    ]
    rows = sample_rows(groups, corpus, {"written": 0.75, "qa": 0.25}, 40, 6, 1)
    assert len([row for row in rows if row.query.startswith("written")]) == 30
    for row in rows:
        assert row.gains == (1, 0, 0, 0, 0, 0)
        assert len(set(row.texts)) == 6
        # Scores stay with their passages.
        assert [f"text {int(hint)}" for hint in row.hints] == list(row.texts)
    assert sample_rows(groups, corpus, {"written": 0.75, "qa": 0.25}, 40, 6, 1) == rows
    with pytest.raises(InvalidInput, match="found 'own'"):
        sample_rows(groups, corpus, {"own": 1.0}, 4, 6, 1)


def test_targets_are_the_shares_that_a_listwise_loss_takes_them_for():
    shares = softmax(target([3, 1, 0], None, 0.5, 1.0))
    assert shares == pytest.approx([0.75, 0.25, 0])
    mixed = softmax(target([1, 0], [0.0, 0.0], 0.4, 1.0))
    assert mixed == pytest.approx([0.8, 0.2])
    assert softmax(target([1, 0], [0.0, 2.0], 1.0, 2.0)) == pytest.approx(softmax([0, 1]))


def test_pairs_have_labels_or_clicks(tmp_path: Path):
    path = tmp_path / "pairs.jsonl"
    write(path, [{"query": "q", "passage": "a"}, {"query": "q", "passage": "b", "label": 0}])
    judged = read_pairs(path)["q"]
    assert judged.gains == {"a": 1}
    assert judged.rejected == {"b"}

    shown = {"query": "q", "position": 1, "impressions": 200}
    write(path, [{**shown, "passage": "a", "clicks": 90}, {**shown, "passage": "b", "clicks": 3}])
    judged = read_pairs(path)["q"]
    assert set(judged.gains) == {"a"}
    assert judged.rejected == {"b"}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"query": "q"}, 'expected "query" and "passage"'),
        ({"query": "q", "passage": "a", "label": -1}, "a number from 0 on"),
        ({"query": "q", "passage": "a", "clicks": 3, "impressions": 2, "position": 1}, "found 3 of 2"),
        ({"query": "q", "passage": "a", "clicks": 1, "impressions": 2, "position": 0}, "a place from 1 on"),
    ],
)
def test_names_the_pair_that_is_wrong(tmp_path: Path, line: dict, message: str):
    path = tmp_path / "pairs.jsonl"
    write(path, [line])
    with pytest.raises(InvalidInput, match=f"pairs.jsonl:1: .*{message}"):
        read_pairs(path)
