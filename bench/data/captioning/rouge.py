"""ROUGE-L (Lin 2004) as the COCO caption evaluation computes it."""

from collections.abc import Sequence

BETA = 1.2  # recall counts beta² times as much as precision


def rouge(
    references: Sequence[Sequence[Sequence[str]]], hypotheses: Sequence[Sequence[str]]
) -> float:
    """The mean over images, 0 to 1, of the F measure of the longest common subsequence.

    Precision and recall are each the best over the image's references, as in the toolkit. An
    empty hypothesis scores 0.
    """
    scores = [_score(*pair) for pair in zip(references, hypotheses, strict=True)]
    return sum(scores) / len(scores)


def _score(references: Sequence[Sequence[str]], hypothesis: Sequence[str]) -> float:
    common = [(common_length(words, hypothesis), len(words)) for words in references]
    longest = max(length for length, _ in common)
    if longest == 0:
        return 0.0
    precision = longest / len(hypothesis)
    recall = max(length / words for length, words in common)
    return (1 + BETA**2) * precision * recall / (recall + BETA**2 * precision)


def common_length(first: Sequence[str], second: Sequence[str]) -> int:
    """Length of the longest common subsequence, by dynamic programming over one row."""
    row = [0] * (len(second) + 1)
    for word in first:
        diagonal = 0
        for place, other in enumerate(second, start=1):
            above = row[place]
            row[place] = diagonal + 1 if word == other else max(above, row[place - 1])
            diagonal = above
    return row[-1]
