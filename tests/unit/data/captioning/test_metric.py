import math

import pytest

from bench.data.captioning import meteor, metric
from bench.error import DataError

REFERENCES = [
    ["A man rides a brown horse.", "a man is on a horse\n", "Someone rides a horse along a beach"],
    ["Two dogs play in the snow!", "dogs running through deep snow", "  ."],
    ["A child's red ball lies on the grass", "a ball on green grass"],
]
HYPOTHESES = ["a man rides a horse", "two dogs run in the snow", "The ball is on the grass."]
KEYS = {"bleu1", "bleu2", "bleu3", "bleu4", "meteor", "rouge_l", "cider", "empty"}


@pytest.fixture(autouse=True)
def without_java(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meteor, "missing", lambda: "METEOR is left out.")


def test_all_but_meteor_do_without_java(monkeypatch: pytest.MonkeyPatch) -> None:
    found = metric.score(REFERENCES, HYPOTHESES)
    assert set(found) == KEYS
    assert found.pop("meteor") is None
    assert found["empty"] == 0
    assert all(isinstance(value, float) and math.isfinite(value) for value in found.values())
    monkeypatch.setattr(meteor, "missing", lambda: None)
    monkeypatch.setattr(meteor, "meteor", lambda references, hypotheses: 0.25)
    assert metric.score(REFERENCES, HYPOTHESES) == {**found, "meteor": 0.25}


def test_case_punctuation_and_white_space_do_not_count() -> None:
    shouted = [
        [f" {text.upper()} !".replace(" ", " \u2028\r ") for text in many] for many in REFERENCES
    ]
    noisy = ["\v".join(text.split()) + "..." for text in HYPOTHESES]
    assert metric.score(shouted, noisy) == metric.score(REFERENCES, HYPOTHESES)


def test_a_reference_among_many_gives_full_marks() -> None:
    found = metric.score(REFERENCES, [many[0] for many in REFERENCES])
    assert found["bleu4"] == pytest.approx(1.0)
    assert found["rouge_l"] == pytest.approx(1.0)


def test_references_without_a_word_are_ignored() -> None:
    padded = [["", *many, "...", "😀"] for many in REFERENCES]
    assert metric.score(padded, HYPOTHESES) == metric.score(REFERENCES, HYPOTHESES)


def test_hypotheses_without_a_word_are_counted_and_score_0() -> None:
    assert metric.score(REFERENCES, [HYPOTHESES[0], " . ", "\n"])["empty"] == 2
    found = metric.score(REFERENCES, ["", "!", "-"])
    assert found.pop("meteor") is None
    assert found.pop("empty") == 3
    assert set(found.values()) == {0.0}


@pytest.mark.parametrize("none", [[], ["", " .", "\u2028"]])
def test_an_image_needs_a_reference(none: list[str]) -> None:
    with pytest.raises(DataError, match=r"Image 1 \(counted from 0\) has no reference"):
        metric.score([REFERENCES[0], none], HYPOTHESES[:2])


def test_a_score_needs_an_image() -> None:
    with pytest.raises(DataError, match="no captions"):
        metric.score([], [])


def test_one_hypothesis_for_each_image() -> None:
    with pytest.raises(ValueError, match="shorter"):
        metric.score(REFERENCES, HYPOTHESES[:2])
