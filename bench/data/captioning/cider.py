"""CIDEr-D (Vedantam, Zitnick and Parikh 2015) as the COCO caption evaluation computes it."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence

ORDERS = 4  # n-grams of one to four words
SIGMA = 6.0  # words of difference in length, of the Gaussian penalty

Captions = Sequence[Sequence[str]]
Gram = tuple[str, ...]
Vector = dict[Gram, float]  # tf-idf weights of n-grams of one order


def cider(references: Sequence[Captions], hypotheses: Captions) -> float:
    """The mean over images, 0 to 10, of clipped tf-idf cosines to the references (their eq. 6).

    An n-gram's document frequency is the number of images with it among these references, so that
    the score depends on the whole evaluation; with a single image it is 0. So is that of an empty
    hypothesis.
    """
    counts = [[_grams(words) for words in captions] for captions in references]
    images = Counter(gram for captions in counts for gram in set().union(*captions))
    idf = {gram: math.log(len(counts) / found) for gram, found in images.items()}
    unseen = math.log(len(counts))
    scores = []
    for captions, words in zip(counts, hypotheses, strict=True):
        one = _Weighed(_grams(words), idf, unseen)
        scores.append(
            sum(one.like(_Weighed(each, idf, unseen)) for each in captions) / len(captions)
        )
    return 10 * sum(scores) / len(scores)


def _grams(words: Sequence[str]) -> Counter[Gram]:
    def each() -> Iterator[Gram]:
        for order in range(1, ORDERS + 1):
            yield from zip(*(words[start:] for start in range(order)), strict=False)

    return Counter(each())


class _Weighed:
    """A caption as one tf-idf vector per order, with their norms."""

    def __init__(self, counts: Counter[Gram], idf: Vector, unseen: float) -> None:
        self.vectors: list[Vector] = [{} for _ in range(ORDERS)]
        for gram, count in counts.items():
            self.vectors[len(gram) - 1][gram] = count * idf.get(gram, unseen)
        self.norms = [math.hypot(*vector.values()) for vector in self.vectors]
        self.length = sum(count for gram, count in counts.items() if len(gram) == 1)

    def like(self, reference: "_Weighed") -> float:
        """The mean over orders of clipped cosines, lessened by the difference in length."""
        cosines = 0.0
        for order in range(ORDERS):
            scale = self.norms[order] * reference.norms[order]
            if scale:
                theirs = reference.vectors[order]
                mine = self.vectors[order].items()
                dot = sum(min(w, theirs[gram]) * theirs[gram] for gram, w in mine if gram in theirs)
                cosines += dot / scale
        return cosines / ORDERS * math.exp(-((self.length - reference.length) ** 2) / 2 / SIGMA**2)
