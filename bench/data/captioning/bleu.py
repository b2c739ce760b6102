"""BLEU (Papineni et al. 2002) of a corpus of captions, by sacrebleu."""

from collections.abc import Sequence
from itertools import zip_longest

ORDERS = (1, 2, 3, 4)


def bleu(
    references: Sequence[Sequence[Sequence[str]]], hypotheses: Sequence[Sequence[str]]
) -> dict[str, float]:
    """`bleu1` … `bleu4`, 0 to 1: geometric means of n-gram precisions, brevity penalised.

    `references` holds for each image the words of one or more captions, `hypotheses` the words of
    one. The reference nearest in length counts, the shorter of two. Nothing is smoothed: without
    one match of n words BLEU-n is 0, where the COCO toolkit's 1e-15 per count leaves a trace.
    """
    from sacrebleu.metrics.bleu import BLEU

    scorer = BLEU(tokenize="none", smooth_method="none", force=True)
    texts = [[" ".join(words) for words in captions] for captions in references]
    streams = [list(stream) for stream in zip_longest(*texts)]
    found = scorer.corpus_score([" ".join(words) for words in hypotheses], streams)
    return {f"bleu{order}": _score(found.precisions[:order], found.bp) for order in ORDERS}


def _score(percentages: Sequence[float], brevity: float) -> float:
    product = 1.0
    for percentage in percentages:
        product *= percentage / 100
    return float(brevity * product ** (1 / len(percentages)))
