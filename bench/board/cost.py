"""What a round costs, learned from finished rows: a line for each part and whatever it is like.

A fit takes a constant and so many seconds per labelled word and epoch, an own (adversarial) one
likewise; a pass so many per unlabelled word, a query so many passes, an evaluation so many per
item that is tested. Words are items where inputs have none. Each line is learned from the rows most
like the request that there are (see `LEVELS`), first those of its task, learner and settings.
"""

from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property
from typing import NamedTuple

from bench.board import line
from bench.board.line import Estimate, Line
from bench.error import UsageError


class Like(NamedTuple):
    """What decides a cost beside its size; `needs` are the signals that the strategy asks for."""

    device: str
    task: str
    learner: str
    settings: str
    kind: str
    strategy: str  # with its parameters
    name: str  # without
    needs: str


class Sample(NamedTuple):
    """A part of a finished row; `board` and `seed` say where it is from.

    `size` is what the line is over, `unlabelled` that of the pass which a query is measured by.
    """

    part: str
    like: Like
    board: str
    seed: int
    size: float
    value: float
    unlabelled: float | None = None


FIT, OWN, PASS, QUERY, EVALUATION, ROWS = "fit", "own fit", "pass", "query", "evaluation", "rows"

_SAME = ("task", "learner", "settings")
_MODEL = (_SAME, ("learner", "settings"), ("task", "learner"), ("learner",), ("kind",))
_QUERY = (
    *((*_SAME, "strategy"), ("learner", "strategy"), ("kind", "strategy"), ("strategy",)),
    *(("kind", "name"), ("name",), ("kind", "needs"), ("needs",), ("kind",), ()),
)


def _levels(*levels: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """On the same device; only where nothing fits, on any."""
    return (*(("device", *level) for level in levels), *levels)


LEVELS = {
    **dict.fromkeys((FIT, OWN, PASS, EVALUATION), _levels(*_MODEL)),
    QUERY: _levels(*_QUERY),
    ROWS: (*_MODEL, ()),
}
"""By part: what has to be equal, from the most to the least alike; of a query a strategy too."""


class Found(NamedTuple):
    """A line, what the rows it was learned from share with what it is for, and how many they are.

    `best` says whether nothing could be more alike.
    """

    line: Line
    shared: tuple[str, ...]
    rows: int
    best: bool


class Costs:
    """All lines that some samples tell, learned when they are asked for."""

    def __init__(self, samples: Iterable[Sample]) -> None:
        self._samples = tuple(samples)
        self._found: dict[tuple[str, tuple[str, ...], tuple[str, ...]], Found] = {}

    def find(self, part: str, like: Like) -> Found:
        """The line of a part for what is most like it; UsageError when no row has the part."""
        for level in LEVELS[part]:
            key = (part, level, tuple(getattr(like, name) for name in level))
            if key in self._index:
                if key not in self._found:
                    best = level == LEVELS[part][0]
                    self._found[key] = _learn(self._index[key], level, best)
                return self._found[key]
        raise UsageError(
            f"No finished row tells what the part '{part}' costs with anything like "
            f"{like.learner} on {like.task}: run a small board of it first (`bench run … --seeds 1 "
            "--rounds 2`), or name a folder that has one with --from."
        )

    def estimate(self, part: str, like: Like, size: float) -> Estimate:
        """What a part is to be expected to cost; UsageError as `find`."""
        return self.find(part, like).line.at(size)

    def query(self, like: Like, unlabelled: float) -> Estimate:
        """Seconds of a round's choice: the query, and the two passes beside its clock.

        One of them warms up, one is what the query is measured by. UsageError as `find`.
        """
        one = self.estimate(PASS, like, unlabelled)
        return self.estimate(QUERY, like, one.value) + one.times(2)

    @cached_property
    def _index(self) -> dict[tuple[str, tuple[str, ...], tuple[str, ...]], list[Sample]]:
        index = defaultdict(list)
        for sample in self._samples:
            for level in LEVELS[sample.part]:
                shared = tuple(getattr(sample.like, name) for name in level)
                index[sample.part, level, shared].append(sample)
        return dict(index)


def _learn(samples: list[Sample], level: tuple[str, ...], best: bool) -> Found:
    """A line; how far it is off is told by seeds where all is alike, else by boards."""
    groups = [sample.seed if best else sample.board for sample in samples]
    sizes, values = ([getattr(each, name) for each in samples] for name in ("size", "value"))
    return Found(line.learn(sizes, values, groups, best), level, len(samples), best)
