"""`bench leaderboard` of a million rows: seconds, of which reading them is a large part."""

import resource
import subprocess
import sys
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from bench.rows import schema, store

BOARDS, STRATEGIES, SEEDS, ROUNDS = 20, 25, 100, 20
IDS = 30
RESULTS = Path(__file__).parents[2] / "results"


def board(number: int, like: pa.Table) -> pa.Table:
    """Rows of one task; what is not named here is drawn from published rows."""
    each = np.indices((STRATEGIES, SEEDS, ROUNDS)).reshape(3, -1)
    strategy, seed, at = each
    rows, rng = len(at), np.random.default_rng(number)
    names = ["random", "lc", "nse", *(f"strategy{place}" for place in range(3, STRATEGIES))]
    fixed = {
        **{"protocol": "words", "learner": "tagger", "learner_params": "{}", "params": "{}"},
        **{"status": "ok", "error": None, "executor": "serial", "device": "cpu", "unit": "items"},
        **{"task": f"task{number}", "isolation": "none"},
        **{name: like[name][0] for name in ("config", "synthetic", "environment")},
        **{name: like[name][0] for name in schema.NAMES if name.endswith(("_digest", "_version"))},
    }
    changed = {
        **{name: pa.repeat(value, rows) for name, value in fixed.items()},
        **{"strategy": pa.array(names).take(pa.array(strategy)), "seed": seed, "round": at},
        **{"items": IDS * (at + 10), "words": 11 * IDS * (at + 10) + rng.integers(0, 50, rows)},
        **{"score": 0.5 + 0.02 * at + 0.02 * rng.random(rows) + 0.0005 * strategy},
        **{name: 0.5 + rng.random(rows) for name in ("acquisition_seconds", "pass_seconds")},
        **{"initial": _ids(at == 0, rng), "selected": _ids(at < ROUNDS - 1, rng)},
    }
    drawn = like.take(pa.array(rng.integers(0, len(like), rows)))
    arrays = {name: pa.array(values) for name, values in changed.items()}
    columns = [arrays.get(f.name, drawn[f.name]).cast(f.type) for f in schema.SCHEMA]
    return pa.table(columns, schema=schema.SCHEMA)


def _ids(where: np.ndarray[Any, np.dtype[np.bool_]], rng: np.random.Generator) -> pa.ListArray:
    ends = np.concatenate([[0], np.cumsum(IDS * where)]).astype(np.int32)
    return pa.ListArray.from_arrays(ends, rng.integers(0, 4000, ends[-1], dtype=np.int32))


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file for each board, as the store writes them."""
    folder = tmp_path_factory.mktemp("collection")
    published = store.scan([RESULTS])
    tasks = sorted({*published["task"].to_pylist()})
    for number in range(BOARDS):
        like = published.filter(pc.equal(published["task"], tasks[number % len(tasks)]))
        (folder / f"{number}.parquet").write_bytes(store.encode(board(number, like)))
    return folder


def cpu_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def test_a_million_rows_take_but_some_times_what_reading_them_takes(
    collection: Path, benchmark: Any
) -> None:
    files = sorted(collection.glob("*.parquet"))
    command = [sys.executable, "-m", "bench", "leaderboard", str(collection)]

    def show() -> None:
        subprocess.run(command, check=True, capture_output=True)

    start = process_time()
    rows = sum(len(pq.read_table(file, use_threads=False)) for file in files)
    reading, before, begun = process_time() - start, cpu_of_children(), perf_counter()
    benchmark.pedantic(show)
    cpu, wall = cpu_of_children() - before, perf_counter() - begun
    found = {"rows": rows, "reading": reading, "cpu": cpu, "wall": wall, "ratio": cpu / reading}
    benchmark.extra_info.update(found)
    print(f"\n{rows:,} rows: {wall:.1f} s, {cpu:.1f} s of CPU time, reading {reading:.1f} s of it")
    assert rows == 1_000_000
    assert cpu < 8 * reading
