"""How speeds are compared: in turn, on one thread, in the process's own CPU seconds.

And on what: sentences whose lengths are distributed like those of ATIS (mean 11, at most 46), with
words and tags at random, and a tagger fitted on some. Modules that measure others have their own.
"""

import gc
from collections.abc import Callable, Iterator
from statistics import median
from time import process_time
from typing import Any

import pyarrow as pa
import pytest
import torch
from threadpoolctl import threadpool_limits
from torch import Tensor

from bench.data.pool import Pool
from bench.data.tagging.kind import Tagging
from bench.learners import registry
from bench.learners.learner import Labeled, Learner
from bench.loop import acquisition, clock, strategy
from bench.loop.budget import Budget
from bench.loop.seed import Streams
from bench.spec import Spec

Run = Callable[[], object]
WORDS, TAGS = (
    tuple(f"{kind}{i}" for i in range(count)) for kind, count in (("w", 850), ("t", 120))
)
LABELED, UNLABELED = 1_500, 2_400


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    with threadpool_limits(1):  # a thread of BLAS that waits spends CPU time, too
        yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def ratio() -> Callable[..., float]:
    """CPU time of `ours` per CPU time of `theirs`: the median over pairs, run in turn."""

    def seconds(run: Run) -> float:
        start = process_time()
        run()
        return process_time() - start

    def compare(ours: Run, theirs: Run, rounds: int = 5) -> float:
        seconds(ours)
        seconds(theirs)
        gc.collect()
        gc.freeze()  # what earlier tests left is not searched through in either's time
        try:
            return median(seconds(ours) / seconds(theirs) for _ in range(rounds))
        finally:
            gc.unfreeze()

    return compare


def sentences(count: int, symbols: tuple[str, ...], seed: int) -> pa.ListArray:
    """Sequences of random symbols; equal seeds have equal lengths, gamma-distributed."""
    stream = torch.Generator().manual_seed(seed)
    gamma = -torch.rand(count, 4, generator=stream).log().sum(1)
    lengths = (2.5 * gamma + 1.5).long().clamp(1, 46)
    chosen = torch.randint(len(symbols), (int(lengths.sum()),), generator=stream)
    ends = torch.cat([torch.zeros(1).long(), lengths.cumsum(0)]).int()
    return pa.ListArray.from_arrays(ends.numpy(), pa.array(symbols).take(pa.array(chosen.numpy())))


@pytest.fixture(scope="session")
def drawn() -> Callable[[int], pa.ListArray]:
    """So many unlabelled sentences."""
    return lambda count: sentences(count, WORDS, 1)


@pytest.fixture(scope="session")
def bought() -> Callable[[int], Labeled]:
    """So many labelled sentences."""

    def made(count: int) -> Labeled:
        words, tags = sentences(count, WORDS, 0), sentences(count, TAGS, 0)
        return Labeled(torch.arange(count), words, tags)

    return made


@pytest.fixture(scope="session")
def labeled(bought: Callable[[int], Labeled]) -> Labeled:
    return bought(LABELED)


@pytest.fixture(scope="session")
def pool(drawn: Callable[[int], pa.ListArray]) -> pa.ListArray:
    return drawn(UNLABELED)


@pytest.fixture(scope="session")
def blank(drawn: Callable[[int], pa.ListArray]) -> Callable[[int], Learner]:
    """A tagger of the default sizes for such sentences, to be fitted for so many epochs."""

    def made(epochs: int) -> Learner:
        spec = Spec.parse(f"bilstm-aligned[epochs={epochs}]")
        return Learner(registry.make(spec, Tagging(TAGS), drawn(UNLABELED)), torch.device("cpu"))

    return made


@pytest.fixture(scope="session")
def learner(blank: Callable[[int], Learner], labeled: Labeled, pool: pa.ListArray) -> Learner:
    """A tagger with a discriminator, an epoch into each of its trainings."""
    made = blank(1)
    made.fit(labeled, Streams(0), lambda epoch: None)
    return made.refine("adversarial", labeled, pool, Streams(0), lambda epoch: None)


class Bought:
    """As much of a ledger as a query reads."""

    def __init__(self, inputs: Any, labeled: Labeled) -> None:
        self.unlabeled = torch.arange(len(inputs))
        self.pool = Pool(self.unlabeled, inputs, torch.ones_like(self.unlabeled))
        self.history: list[Tensor] = []
        self._labeled = labeled

    def labeled(self) -> Labeled:
        return self._labeled


@pytest.fixture
def query(
    learner: Learner, labeled: Labeled, pool: Any, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., acquisition.Acquisition]:
    """One query of a strategy for 300 of the module's pool or another, timed in CPU seconds."""
    monkeypatch.setattr(clock.time, "perf_counter", process_time)

    def ask(name: str, among: Any = pool, chosen: int = 300) -> acquisition.Acquisition:
        rng, ledger = torch.Generator().manual_seed(0), Bought(among, labeled)
        return acquisition.acquire(strategy.load(name), learner, ledger, Budget(chosen), rng)  # type: ignore[arg-type]

    return ask
