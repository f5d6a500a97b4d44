"""Clicks are made up by the model that is fitted, with factors that are known."""

import numpy as np

from docsift_training.clicks import Shown, fit_clicks

EXAMINED = [1.0, 0.6, 0.3, 0.15]


def make_log(shuffled: bool, looks: int = 4000) -> tuple[list[Shown], dict[str, float]]:
    """Four passages a query, of which the one that is shown last is the best. Where they are shuffled, each is seen at each
    place."""
    draw = np.random.default_rng(1)
    attractive = {"a": 0.2, "b": 0.1, "c": 0.4, "d": 0.8}
    log = []
    for query in ("one", "two", "three"):
        for start in range(4 if shuffled else 1):
            order = list(attractive)
            order = order[start:] + order[:start]
            for place, passage in enumerate(order, 1):
                clicks = draw.binomial(looks, EXAMINED[place - 1] * attractive[passage])
                log.append(Shown(query, passage, place, looks, clicks))
    return log, attractive


def test_tells_places_from_passages():
    log, attractive = make_log(shuffled=True)
    model = fit_clicks(log)
    assert np.allclose([model.examined[place] for place in (1, 2, 3, 4)], EXAMINED, atol=0.03)
    ratios = [model.attractive["two", passage] / model.attractive["two", "d"] for passage in attractive]
    assert np.allclose(ratios, [share / attractive["d"] for share in attractive.values()], atol=0.03)


def test_the_best_passage_is_found_at_the_last_place():
    log, _ = make_log(shuffled=False)
    # As shown, the first passage was clicked more often than the best one, which stood last.
    clicks = {each.passage: each.clicks for each in log if each.query == "one"}
    assert clicks["a"] > clicks["d"]
    model = fit_clicks(log)
    assert max(model.attractive, key=model.attractive.get)[1] == "d"


def test_a_passage_that_was_seen_once_is_not_the_best():
    log, _ = make_log(shuffled=True)
    model = fit_clicks([*log, Shown("one", "lucky", 1, 1, 1)])
    assert model.attractive["one", "lucky"] < model.attractive["one", "d"]
