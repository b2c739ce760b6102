import math

import numpy as np
import pytest

from bench.data.captioning.bleu import bleu

split = str.split
WORDS = ["a", "dog", "n't", "-lrb-", "&", "3.5", "1,000", "it", "'s", "犬", "café", "!!"]


def drawn(seed: int, images: int) -> tuple[list[list[list[str]]], list[list[str]]]:
    """Random words: one to five references an image, most hypotheses half copied from one."""
    rng = np.random.default_rng(seed)

    def caption() -> list[str]:
        return [WORDS[i] for i in rng.integers(len(WORDS), size=rng.integers(1, 14))]

    references = [[caption() for _ in range(rng.integers(1, 6))] for _ in range(images)]
    hypotheses = [many[0][: rng.integers(0, 9)] + caption()[:4] for many in references]
    return references, hypotheses


def test_by_hand() -> None:
    references = [[split("the cat is on the mat"), split("there is a cat on the mat")]]
    found = bleu(references, [split("the the cat on the mat")])
    # Of 6 words 5 match ("the" at most twice), of 5 pairs 4, of 4 triples 2, of 3 quadruples 1.
    assert found["bleu1"] == pytest.approx(5 / 6)
    assert found["bleu2"] == pytest.approx(math.sqrt(5 / 6 * 4 / 5))
    assert found["bleu3"] == pytest.approx((5 / 6 * 4 / 5 * 2 / 4) ** (1 / 3))
    assert found["bleu4"] == pytest.approx((5 / 6 * 4 / 5 * 2 / 4 * 1 / 3) ** (1 / 4))


def test_the_nearest_length_counts_and_the_shorter_of_two() -> None:
    long, near, short = ["a"] * 9, ["a"] * 6, ["a"] * 2
    assert bleu([[long, near]], [["a"] * 4])["bleu1"] == pytest.approx(math.exp(1 - 6 / 4))
    assert bleu([[long, near, short]], [["a"] * 4])["bleu1"] == 1.0


def test_counts_are_summed_over_the_corpus() -> None:
    found = bleu([[["a", "b"]], [["c", "d"]]], [["a", "b"], ["x", "y", "z", "z"]])
    assert found["bleu1"] == pytest.approx(2 / 6)
    assert found["bleu2"] == pytest.approx(math.sqrt(2 / 6 * 1 / 4))


def test_without_a_match_of_that_many_words_it_is_exactly_0() -> None:
    found = bleu([[split("a b c d e")]], [split("a b x d e")])
    assert found["bleu2"] > 0
    assert found["bleu3"] == found["bleu4"] == 0.0


@pytest.mark.parametrize("hypotheses", [[[], []], [["x"], []]])
def test_nothing_right_is_0(hypotheses: list[list[str]]) -> None:
    found = bleu([[["a", "b"]], [["c"]]], hypotheses)
    assert set(found.values()) == {0.0}


def test_words_are_taken_as_they_are() -> None:
    words = ["do", "n't", "!", "3.5", "-lrb-", "x.", "&amp;"]
    assert bleu([[words]], [words])["bleu4"] == pytest.approx(1.0)
    assert bleu([[["don't"]]], [["do", "n't"]])["bleu1"] == 0.0


@pytest.mark.parametrize("seed", range(5))
def test_it_is_the_toolkits(seed: int) -> None:
    toolkit = pytest.importorskip("pycocoevalcap.bleu.bleu")
    references, hypotheses = drawn(seed, 40)
    hypotheses[3] = []
    gold = {i: [" ".join(words) for words in many] for i, many in enumerate(references)}
    found = {i: [" ".join(words)] for i, words in enumerate(hypotheses)}
    expected, _ = toolkit.Bleu(4).compute_score(gold, found, verbose=0)
    assert min(expected) > 0.01
    assert list(bleu(references, hypotheses).values()) == pytest.approx(expected, abs=1e-9)
