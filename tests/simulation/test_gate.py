"""How often the gate would be wrong about time, by the noise of repeated honest runs.

tests/golden/gate_noise.parquet has the passes of every choice in so many runs of protocol `gate`,
one after the other on one machine that had other work too. A gate is drawn from them: for each
strategy and task, one run as the baseline and another as the candidate. New runs are recorded with
`PYTHONPATH=. python tests/simulation/test_gate.py RUN RUN …`, a folder each; rates are printed by
`pytest -s tests/simulation/test_gate.py`.
"""

import sys
from collections.abc import Iterator, Sequence
from itertools import permutations
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.board import gate_time
from bench.board.run import runs
from bench.rows import store

FILE = Path(__file__).parents[1] / "golden" / "gate_noise.parquet"
DRAWS = 1000
PLANTED = 100  # draws for each strategy
FACTOR = 1.5
FREE = ("random", "longest")  # who score nothing: a half more is less than the floor
Noise = dict[tuple[str, str], list[list[float]]]
"""By task and strategy the passes of each run, by seed and round."""


@pytest.fixture(scope="module")
def noise() -> Noise:
    found: Noise = {}
    for row in pq.read_table(FILE).to_pylist():
        found.setdefault((row["task"], row["strategy"]), []).append(row["passes"])
    return found


def slower(noise: Noise, pairs: Sequence[tuple[int, int]], planted: str = "") -> list[str]:
    """The strategies that are told to be slower; for each line, which run against which."""
    lines = []
    for (_, strategy), found, (one, two) in zip(noise, noise.values(), pairs, strict=True):
        factor = FACTOR if strategy == planted else 1
        after = [factor * each for each in found[two]]
        lines.append(list(zip(found[one], after, strict=True)))
    names = [strategy for _, strategy in noise]
    p = gate_time.adjusted(lines, names)
    return [
        name
        for name, line, each in zip(names, lines, p, strict=True)
        if gate_time.slower(line, each)
    ]


def drawn(noise: Noise, rng: np.random.Generator) -> Iterator[tuple[int, int]]:
    """Two runs for each line."""
    for found in noise.values():
        one, two = rng.choice(len(found), size=2, replace=False).tolist()
        yield one, two


def test_the_noise_is_of_many_whole_runs(noise: Noise) -> None:
    assert len({task for task, _ in noise}) == 3
    assert len(noise) > 50
    assert {len(each) for each in noise.values()} == {len(noise["digits", "lc"])}
    assert len(noise["digits", "lc"]) >= 20
    assert {len(passes) for found in noise.values() for passes in found} == {10}


def test_no_more_than_one_false_alarm_in_a_hundred_gates(noise: Noise) -> None:
    rng = np.random.default_rng(1)
    alarms = [slower(noise, list(drawn(noise, rng))) for _ in range(DRAWS)]
    rate = np.mean([bool(each) for each in alarms])
    print(f"\nfalse alarms: {rate:.2%} of {DRAWS} gates; {[each for each in alarms if each]}")
    assert rate <= 0.01


def test_nor_of_whole_runs_against_each_other(noise: Noise) -> None:
    """As they were, with whatever all strategies of a run have in common."""
    count = len(noise["digits", "lc"])
    alarms = [slower(noise, [pair] * len(noise)) for pair in permutations(range(count), 2)]
    found = [each for each in alarms if each]
    print(f"\nfalse alarms: {len(found)} of {len(alarms)} pairs of runs; {found}")
    assert len(found) <= 0.01 * len(alarms)


def test_half_as_much_again_is_caught(noise: Noise) -> None:
    rng = np.random.default_rng(2)
    rates = {
        name: np.mean(
            [name in slower(noise, list(drawn(noise, rng)), name) for _ in range(PLANTED)]
        )
        for name in dict.fromkeys(strategy for _, strategy in noise if strategy not in FREE)
    }
    tasks = {name: sum(each == name for _, each in noise) for name in rates}
    print(f"\ncaught ×{FACTOR}: {' '.join(f'{name} {rate:.0%}' for name, rate in rates.items())}")
    everywhere = [rate for name, rate in rates.items() if tasks[name] == 3]
    assert np.mean(everywhere) >= 0.9
    assert min(rates[name] for name in ("lc", "margin", "nse")) >= 0.85


def record(folders: Sequence[Path]) -> None:
    """Write the passes of every choice in some runs."""
    rows = []
    for number, folder in enumerate(folders):
        lines: dict[tuple[str, str], list[float]] = {}
        for run in runs(store.scan([folder])):
            passes = run.passes[~np.isnan(run.passes)].tolist()
            lines.setdefault((run.place.task, run.strategy), []).extend(passes)
        for (task, strategy), passes in lines.items():
            rows.append({"run": number, "task": task, "strategy": strategy, "passes": passes})
    types = [("run", pa.int32()), ("task", pa.string()), ("strategy", pa.string())]
    schema = pa.schema([*types, ("passes", pa.list_(pa.float32()))])
    pq.write_table(pa.Table.from_pylist(rows, schema), FILE, compression="zstd")


if __name__ == "__main__":
    record([Path(name) for name in sys.argv[1:]])
