"""All metrics of captions, from raw captions, as the COCO caption evaluation defines them."""

from collections.abc import Sequence

from bench.data.captioning import meteor
from bench.data.captioning.bleu import bleu
from bench.data.captioning.cider import cider
from bench.data.captioning.ptb import tokenize
from bench.data.captioning.rouge import rouge
from bench.error import DataError


def score(
    references: Sequence[Sequence[str]], hypotheses: Sequence[str]
) -> dict[str, float | None]:
    """Metrics of one hypothesis per image, whose references are one or more captions.

    `bleu1` … `bleu4`, `meteor` and `rouge_l` from 0 to 1, `cider` (CIDEr-D) from 0 to 10; `meteor`
    is None where it cannot run (`meteor.missing` says why); `empty` is the number of hypotheses
    without a word. References without a word are ignored. DataError if an image has no other, or
    there is no image; BenchError if METEOR fails.
    """
    words = [_worded(place, captions) for place, captions in enumerate(references)]
    if not words:
        raise DataError("There are no captions to score against; name a split that has images.")
    found = tokenize(hypotheses)
    return {
        **bleu(words, found),
        "meteor": None if meteor.missing() else meteor.meteor(words, found),
        "rouge_l": rouge(words, found),
        "cider": cider(words, found),
        "empty": float(sum(not caption for caption in found)),
    }


def _worded(place: int, captions: Sequence[str]) -> list[list[str]]:
    words = [caption for caption in tokenize(captions) if caption]
    if not words:
        raise DataError(
            f"Image {place} (counted from 0) has no reference caption with a word in it; "
            "give it one or leave the image out."
        )
    return words
