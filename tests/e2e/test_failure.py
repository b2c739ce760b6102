"""Bad strategies and full disks, as real processes meet them."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from bench.rows import store

BODIES = {
    "raises": 'raise ValueError("no idea")',
    "exits": "raise SystemExit(0)",
    "nan": "return rank(view.unlabeled, torch.full((len(view.unlabeled),), torch.nan), rng)",
    "twice": "return [int(view.unlabeled[0])] * 30",
    "few": "return view.unlabeled[:3]",
    "text": 'return "lots"',
}
REASONS = {
    "raises": "The strategy raised ValueError: no idea",
    "exits": "The strategy raised SystemExit: 0",
    "nan": "is NaN.",
    "twice": "twice.",
    "few": "ranked only 3 items, worth 3 of a budget of 20",
    "text": "The strategy returned a str",
}
FILE = '''"""Bad (Nobody 2020)."""
import torch
from bench.loop.ranking import rank
needs = ()
def select(view, budget, rng):
    {body}
'''
TWO = ("--seeds", 1, "--rounds", 2)


def test_bad_strategies_fail_alone(house: Any, tmp_path: Path) -> None:
    paths = []
    for name, body in BODIES.items():
        paths.append(tmp_path / f"{name}.py")
        paths[-1].write_text(FILE.format(body=body))
    asked = ",".join(["random", *map(str, paths), "longest"])
    out = tmp_path / "out"
    code, error = house.run(out, "--strategy", asked, "--jobs", 2, *TWO)
    assert code == 1
    assert "Traceback" not in error
    assert f"{len(BODIES)} of {len(BODIES) + 2} cells failed" in error
    rows = store.scan([out]).to_pylist()
    reasons = {row["strategy"]: row["error"] for row in rows if row["status"] == "failed"}
    assert set(reasons) == set(BODIES)
    for name, reason in reasons.items():
        assert REASONS[name] in reason
        assert f"{tmp_path / name}.py seed 0: {reason}" in error
    fine = [(row["strategy"], row["round"]) for row in rows if row["status"] == "ok"]
    assert sorted(fine) == [(name, number) for name in ("longest", "random") for number in (0, 1)]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("def (", "cannot be loaded: SyntaxError"),
        ("needs = ()\ndef select(v, b, r): ...\n", "must have a docstring"),
        (FILE.format(body="...").replace("()", '("latnt",)', 1), "needs 'latnt', no signal"),
    ],
)
def test_a_file_that_is_no_strategy_starts_nothing(
    house: Any, tmp_path: Path, source: str, reason: str
) -> None:
    (tmp_path / "mine.py").write_text(source)
    code, error = house.run(tmp_path / "out", "--strategy", f"random,{tmp_path / 'mine.py'}")
    assert code == 2
    assert reason in error
    assert len(error.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_full_disk_names_the_path_and_leaves_earlier_results(house: Any, tmp_path: Path) -> None:
    whole, out = ("--strategy", "random", "--seeds", 1), tmp_path / "out"
    assert house.run(out, *whole)[0] == 0
    (file,) = out.rglob("*.parquet")
    rows, models = store.read(file), tmp_path / "models"
    before = rows[:2]
    store.write(file, before)  # as after a kill in the third round
    (out / ".fits").rename(models)

    code, error = house.run(out, *whole, limit=1000)
    assert code == 4
    assert f"Cannot keep a trained model in {out}" in error
    assert store.read(file) == before

    shutil.rmtree(out / ".fits")  # with models at hand it is the row that does not fit
    models.rename(out / ".fits")
    code, error = house.run(out, *whole, limit=1000)
    assert code == 4
    assert f"Cannot write {file}: File too large" in error
    assert "Traceback" not in error
    assert store.read(file) == before
    assert [path.name for path in file.parent.iterdir()] == [file.name]

    assert house.run(out, *whole)[0] == 0
    again = store.read(file)
    assert [row.metrics for row in again] == [row.metrics for row in rows]
    assert again[:2] == before
