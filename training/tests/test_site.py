"""What is written for a site's owner keeps the questions to judge by apart."""

from pathlib import Path

from docsift_training.files import read_lines, write_lines
from docsift_training.site import export_site


def test_no_answer_of_a_dev_question_is_trained_on(tmp_path: Path):
    data = tmp_path / "data"
    write_lines(data / "passages.jsonl", [f"text {i}" for i in range(40)])
    write_lines(data / "headings.jsonl", [f"Heading {i}" for i in range(40)])
    groups = [
        {"q": f"{kind} {i}", "cand": [i, (i + 1) % 40, (i + 2) % 40], "kind": kind, "src": site}
        for site, first in (("mine", 0), ("other", 20))
        for i in range(first, first + 20)
        for kind in ("written", "docs")
    ]
    write_lines(data / "groups.jsonl", groups)
    assert export_site(data, "mine", tmp_path / "out", 20, 5, 1) == 20

    pairs = list(read_lines(tmp_path / "out" / "pairs.jsonl"))
    passages = list(read_lines(tmp_path / "out" / "passages.jsonl"))
    dev = list(read_lines(tmp_path / "out" / "dev" / "groups.jsonl"))
    texts = list(read_lines(tmp_path / "out" / "dev" / "passages.jsonl"))
    assert len(dev) == 5
    answers = {texts[group["cand"][0]] for group in dev}
    assert answers.isdisjoint(pair["passage"] for pair in pairs)
    # Fifteen written questions, whose passages have their headings, then headings, whose passages have none.
    assert [pair["passage"].startswith("Heading") for pair in pairs] == [True] * 15 + [False] * 5
    for pair in pairs[15:]:
        heading = pair["query"].replace("docs", "Heading")
        assert f"{heading}. {pair['passage']}" not in passages
    assert all(text.split(". ")[0] in {f"Heading {i}" for i in range(22)} for text in texts), "of this site alone"
