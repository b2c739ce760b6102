import math

import numpy as np
import pytest

from bench.data.captioning.cider import cider

split = str.split


def test_by_hand() -> None:
    # Each gram is in one image of two, so that each weighs log 2; there are only words and pairs.
    references = [[["a", "b"]], [["c", "d"]]]
    # Image 0: its words match in full, its pair too: 1 and 1 of four orders. Image 1: one word of
    # two, cosine 1/√2 as the norms are √2 and 1; no pair; one word short: penalty exp(−1/72).
    expected = 10 * ((1 + 1) / 4 + 1 / math.sqrt(2) / 4 * math.exp(-1 / 72)) / 2
    assert cider(references, [["a", "b"], ["c"]]) == pytest.approx(expected)


def test_repeated_words_are_clipped() -> None:
    references = [[["a", "b", "c", "d"]], [["x", "y"]]]
    # Words: min(3, 1)·1 of norms 3 and √4; pairs a-a twice in none; equal lengths but one.
    expected = 10 * (1 / (3 * 2)) / 4 * math.exp(-1 / 72) / 2
    assert cider(references, [["a", "a", "a"], []]) == pytest.approx(expected)


def test_what_every_image_has_weighs_nothing() -> None:
    assert cider([[["a"]], [["a"]]], [["a"], ["a"]]) == 0.0
    assert cider([[split("a b c")]], [split("a b c")]) == 0.0


def test_an_empty_hypothesis_is_0_and_never_nan() -> None:
    references = [[["a"]], [["b"]]]
    assert cider(references, [[], []]) == 0.0
    assert cider(references, [["a"], []]) == pytest.approx(cider(references, [["a"], ["b"]]) / 2)


@pytest.mark.parametrize("seed", range(5))
def test_it_is_the_toolkits(seed: int) -> None:
    toolkit = pytest.importorskip("pycocoevalcap.cider.cider")
    rng = np.random.default_rng(seed)

    def caption(shortest: int) -> list[str]:
        return list(rng.choice(list("abcdefghijkl"), size=rng.integers(shortest, 12)))

    references = [[caption(1) for _ in range(rng.integers(1, 6))] for _ in range(40)]
    hypotheses = [many[0][:4] + caption(0)[:4] for many in references]
    hypotheses[7] = []
    gold = {i: [" ".join(words) for words in many] for i, many in enumerate(references)}
    found = {i: [" ".join(words)] for i, words in enumerate(hypotheses)}
    expected, _ = toolkit.Cider().compute_score(gold, found)
    assert expected > 0.1
    assert cider(references, hypotheses) == pytest.approx(expected, abs=1e-9)
