"""A page of 200,000 rows: 20,000 cells are made into tables in seconds, and sorted at once."""

from datetime import UTC, datetime
from pathlib import Path
from time import process_time

import numpy as np
import pyarrow as pa
import pytest
from playwright.sync_api import Browser

from bench.board import leaderboard
from bench.board.report.page import page
from bench.rows import schema
from bench.rows.schema import Row

STRATEGIES, SEEDS, ROUNDS = 20, 1000, 10
SORT = """async (button) => {
    const begin = performance.now();
    button.click();
    button.closest('section').getBoundingClientRect();
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    return performance.now() - begin;
}"""


def rows() -> pa.Table:
    """One board of many seeds; every cell has a file, most columns are the same in all rows."""
    each = np.indices((STRATEGIES, SEEDS, ROUNDS)).reshape(3, -1)
    strategy, seed, number = each
    rng = np.random.default_rng(0)
    table = schema.to_table([_row()]).take(pa.array(np.zeros(len(number), dtype=np.int64)))
    changed = {
        "strategy": pa.array([f"strategy{place}" if place else "random" for place in strategy]),
        "seed": pa.array(seed, pa.int32()),
        "round": pa.array(number, pa.int32()),
        "items": pa.array(300 * (number + 1)),
        "words": pa.array(3000 * (number + 1) + rng.integers(0, 50, len(number))),
        "score": pa.array(0.5 + 0.04 * number + 0.02 * rng.random(len(number))),
        "file": pa.array(
            [f"results/{a}-seed{b}.parquet" for a, b in zip(strategy, seed, strict=True)]
        ),
    }
    for name, column in changed.items():
        place = table.schema.get_field_index(name)
        table = (
            table.set_column(place, name, column)
            if place >= 0
            else table.append_column(name, column)
        )
    return table


def _row() -> Row:
    return Row(
        **dict.fromkeys(("learner_params", "params", "environment", "config"), "{}"),
        **dict.fromkeys(("own_score", "own_metrics", "own_fit_seconds", "error", "notes")),
        **dict.fromkeys(("fit_seconds", "evaluation_seconds", "acquisition_seconds"), 1.0),
        **dict.fromkeys(("code_digest", "data_digest", "config_digest"), "ab" * 32),
        **{"task": "atis", "protocol": "alise", "learner": "tagger", "strategy": "random"},
        **{"seed": 0, "round": 0, "items": 300, "words": 3000, "entities": 0, "duplicates": 0},
        **{"labels": {}, "score": 0.5, "metrics": {}, "pass_seconds": 0.5, "initial": ()},
        **{"selected": (3, 4), "status": "ok", "device": "cpu", "isolation": "none"},
        **{"executor": "serial", "unit": "items", "synthetic": False, "bench_version": "1.2.3"},
        **{"rules_version": schema.RULES_VERSION, "schema_version": schema.SCHEMA_VERSION},
        created=datetime(2026, 1, 1, tzinfo=UTC),
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[float, Path]:
    """CPU seconds from rows to page, and the page."""
    table = rows()
    start = process_time()
    text = page(leaderboard.build(table), Path())
    seconds = process_time() - start
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(text, encoding="utf-8")
    return seconds, path


def test_the_page_of_200_000_rows_takes_seconds(made: tuple[float, Path]) -> None:
    seconds, path = made
    print(f"\n200,000 rows: {seconds:.1f} s of CPU time, {path.stat().st_size / 1e6:.1f} MB")
    assert seconds < 15  # of the 20 s of `bench report`, which also reads the rows
    assert path.stat().st_size < 3e6


def test_20_000_cells_are_sorted_at_once(made: tuple[float, Path], browser: Browser) -> None:
    page = browser.new_page()
    page.goto(made[1].as_uri())
    buttons = page.locator("section[data-key=provenance] thead button").all()
    assert len(buttons) == 11
    worst = max(
        # The best of some: a shared machine only ever adds to it.
        min(float(button.evaluate(SORT)) for _ in range(5))
        for button in buttons
    )
    print(f"\n20,000 cells sorted and shown in at most {worst:.0f} ms")
    assert worst < 200
