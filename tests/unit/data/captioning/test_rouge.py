import numpy as np
import pytest

from bench.data.captioning.rouge import common_length, rouge

split = str.split


@pytest.mark.parametrize(
    ("first", "second", "length"),
    [("", "", 0), ("abc", "", 0), ("abcbdab", "bdcaba", 4), ("aaa", "aa", 2), ("abc", "cba", 1)],
)
def test_longest_common_subsequence(first: str, second: str, length: int) -> None:
    assert common_length(first, second) == common_length(second, first) == length


def test_by_hand() -> None:
    # Common: "police the gunman"; precision 3/5, recall 3/4.
    references = [[split("police killed the gunman")]]
    score = rouge(references, [split("police kill the old gunman")])
    assert score == pytest.approx(2.44 * 0.6 * 0.75 / (0.75 + 1.44 * 0.6))


def test_precision_and_recall_are_each_the_best_of_the_references() -> None:
    references = [[split("a b c d e f"), split("a x")]]
    # Precision 2/3 with the first, recall 1/2 with the second.
    score = rouge(references, [split("a b z")])
    assert score == pytest.approx(2.44 * (2 / 3) * 0.5 / (0.5 + 1.44 * 2 / 3))


def test_the_mean_over_images_and_an_empty_hypothesis_is_0() -> None:
    assert rouge([[["a"]], [["a"]], [["b"]]], [["a"], [], ["a"]]) == pytest.approx(1 / 3)


@pytest.mark.parametrize("seed", range(5))
def test_it_is_the_toolkits(seed: int) -> None:
    toolkit = pytest.importorskip("pycocoevalcap.rouge.rouge")
    rng = np.random.default_rng(seed)

    def caption(shortest: int) -> list[str]:
        return list(rng.choice(list("abcdefgh"), size=rng.integers(shortest, 12)))

    references = [[caption(1) for _ in range(rng.integers(1, 6))] for _ in range(40)]
    hypotheses = [caption(0) for _ in references]
    gold = {i: [" ".join(words) for words in many] for i, many in enumerate(references)}
    found = {i: [" ".join(words)] for i, words in enumerate(hypotheses)}
    expected, _ = toolkit.Rouge().compute_score(gold, found)
    assert rouge(references, hypotheses) == pytest.approx(expected, abs=1e-9)
