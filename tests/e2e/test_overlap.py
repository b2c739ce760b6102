"""`bench overlap` as a person or a script meets it: tables, JSON, the figure, what it refuses."""

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest

from bench.board.agreement import by_chance, jaccard
from bench.rows import store
from bench.rows.schema import Row

Bench = Callable[..., "subprocess.CompletedProcess[str]"]
LEARNER = "bilstm-tagger[embedding=16,epochs=3,hidden=16]"
OWN = '''"""The highest ids first (a strategy of a test)."""

needs = ()


def select(view, budget, rng):
    return view.unlabeled.flip(0)
'''
NAMES = ["coreset", "lc", "mine", "random"]


@pytest.fixture(scope="module")
def out(bench: Bench, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of four strategies, one of a file of its own, for two seeds."""
    (home / "mine.py").write_text(OWN)
    out = tmp_path_factory.mktemp("out")
    task = ("run", "--protocol", "smoke", "--learner", LEARNER, "--seeds", 2, "--out", out)
    done = bench(*task, "--strategy", "random,lc,coreset,mine.py")
    assert done.returncode == 0, done.stderr
    return out


def cells(out: Path) -> dict[tuple[str, int], list[Row]]:
    found = [store.read(path) for path in sorted(out.rglob("*.parquet"))]
    return {(rows[0].strategy, rows[0].seed): rows for rows in found}


def copied(out: Path, to: Path, **changes: object) -> Path:
    """The results without their models; values of all rows replaced."""
    shutil.copytree(out, to, ignore=shutil.ignore_patterns(".fits", ".lock"))
    for path in to.rglob("*.parquet") if changes else ():
        rows = [replace(row, **changes) for row in store.read(path)]  # type: ignore[arg-type]
        store.write(path, rows)
    return to


def refused(done: "subprocess.CompletedProcess[str]", code: int = 2) -> str:
    """The one line that a failing command says."""
    lines = done.stderr.splitlines()
    assert (done.returncode, done.stdout, len(lines)) == (code, "", 1), done
    return lines[0]


def test_numbers_are_those_of_the_rows(bench: Bench, out: Path) -> None:
    done = bench("overlap", out, "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    found, rows = json.loads(done.stdout), cells(out)
    pairs = {(pair["one"], pair["two"]): pair for pair in found["pairs"]}
    assert list(pairs) == list(combinations(NAMES, 2))
    for (one, two), pair in pairs.items():
        for number in range(2):
            chosen = [[rows[name, seed][number].selected for name in (one, two)] for seed in (0, 1)]
            mean = sum(jaccard(*both) or 0 for both in chosen) / 2
            assert pair["jaccard"][number] == pytest.approx(mean)
        assert pair["chance"] == [by_chance(260, 40, 40)] * 2
    ranked = [pair for pair in pairs if pairs[pair]["spearman"]]
    assert ranked == [("lc", "random")]
    assert abs(pairs["lc", "random"]["spearman"]["mean"]) < 4 / (2 * 259) ** 0.5
    assert pairs["lc", "random"]["spearman"]["seeds"] == [0, 1]
    assert found["unranked"] == ["coreset"]
    (note,) = found["notes"]
    assert note == "No ranking of mine: it is not one of the bundled strategies."


def test_a_pipe_gets_plain_aligned_tables(bench: Bench, out: Path) -> None:
    done = bench("overlap", out, "--seeds", 1)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert "\x1b" not in done.stdout
    assert max(map(len, lines)) <= 100
    assert lines[0].startswith("flights · smoke · bilstm-tagger")
    assert ["coreset", "no", "ranking"] in [line.split() for line in lines]
    rows = [line for line in lines if " × " in line][:6]
    assert len({len(line.rstrip()) for line in rows}) == 1


def test_markdown(bench: Bench, out: Path) -> None:
    done = bench("overlap", out, "--seeds", 0, "--format", "markdown")
    assert done.stdout.startswith("# Overlap: flights · smoke · ")
    assert "| lc × random | 2 | 0." in done.stdout
    assert "Spearman of rankings" not in done.stdout


def test_rankings_that_would_select_something_else_are_told(
    bench: Bench, out: Path, tmp_path: Path
) -> None:
    folder = copied(out, tmp_path / "moved")
    for path in folder.rglob("lc-seed0.parquet"):
        rows = store.read(path)
        number = len(rows[0].selected)
        rows[0] = replace(rows[0], selected=(*rows[0].selected[1:], *rows[1].selected[:1]))
        store.write(path, rows)
    done = bench("overlap", folder, "--seeds", 1, "--format", "json")
    assert done.returncode == 0, done.stderr
    (note,) = (note for note in json.loads(done.stdout)["notes"] if note.startswith("Asked"))
    assert note == (
        f"Asked again, lc seed 0 ({number - 1} of {number} the same) would not select what the "
        "rows say: they were made by other code, on another machine or on a GPU."
    )
    assert not list(folder.rglob(".fits"))


def test_the_figure_is_of_one_seed(bench: Bench, out: Path, tmp_path: Path) -> None:
    pages = [tmp_path / f"{seed}.html" for seed in (0, 1)]
    for seed, page in enumerate(pages):
        done = bench("overlap", out, "--figure", page, "--seed", seed, "--seeds", 0)
        assert done.returncode == 0, done.stderr
        assert done.stderr == f"Figure: {page}\n"
    texts = [page.read_text(encoding="utf-8") for page in pages]
    assert [text.count("<svg") for text in texts] == [1, 1]
    assert texts[0] != texts[1]
    for seed, text in enumerate(texts):
        assert f"seed {seed}." in text
        assert "lc × random: Spearman" in text
        assert "Without a ranking of the whole pool: coreset." in text
        chosen = [set(cells(out)[name, seed][0].selected) for name in ("lc", "random")]
        both = text.partition('<path class="both" d="')[2].partition('"')[0]
        assert both.count("M") == len(chosen[0] & chosen[1])


def test_what_cannot_be_compared_is_one_sentence(bench: Bench, out: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "There are no results in" in refused(bench("overlap", tmp_path / "empty"))
    assert "There is no folder" in refused(bench("overlap", tmp_path / "gone"))
    said = refused(bench("overlap", out, "--seed", 7))
    assert said.endswith("share seed 7; they share 0, 1.")


def test_one_strategy_is_not_enough(bench: Bench, out: Path, tmp_path: Path) -> None:
    folder = copied(out, tmp_path / "one")
    for path in folder.rglob("*.parquet"):
        if not path.name.startswith("lc-"):
            path.unlink()
    assert "only 'lc' has selected anything" in refused(bench("overlap", folder))
    for path in folder.rglob("lc-seed0.parquet"):
        path.unlink()
    for path in out.rglob("random-seed0.parquet"):
        shutil.copy(path, folder)
    assert "No two strategies" in refused(bench("overlap", folder))


def test_several_places_are_refused(bench: Bench, out: Path, tmp_path: Path) -> None:
    copied(out, tmp_path / "all" / "one")
    copied(out, tmp_path / "all" / "two", learner="bilstm-aligned")
    assert "name the folder of one" in refused(bench("overlap", tmp_path / "all"))


@pytest.mark.parametrize("name", ["data_digest", "config_digest"])
def test_results_of_other_data_or_settings_are_refused(
    bench: Bench, out: Path, tmp_path: Path, name: str
) -> None:
    folder = copied(out, tmp_path / "other", **{name: "0" * 64})
    said = refused(bench("overlap", folder))
    assert f"was made with another {name}" in said
    assert "With --seeds 0" in said
    assert bench("overlap", folder, "--seeds", 0).returncode == 0


def test_a_figure_that_cannot_be_written_or_drawn(bench: Bench, out: Path, tmp_path: Path) -> None:
    done = bench("overlap", out, "--seeds", 0, "--figure", tmp_path / "no" / "page.html")
    assert done.returncode == 4
    assert "Cannot write" in done.stderr
    folder = copied(out, tmp_path / "few")
    for path in folder.rglob("random-*.parquet"):
        path.unlink()
    done = bench("overlap", folder, "--seeds", 0, "--figure", tmp_path / "page.html")
    assert done.returncode == 2
    assert "No two strategies rank the whole pool of seed 0" in done.stderr
    assert not (tmp_path / "page.html").exists()
