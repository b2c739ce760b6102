"""The command as a person or a script meets it: real processes, output, exit codes."""

import fcntl
import json
import os
import pty
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from bench.rows import schema, store

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "bench"]
CLOSED = "http://127.0.0.1:9"  # nothing listens there: a network that refuses at once
SMALL = ["run", "--protocol", "smoke", "--learner", "bilstm-tagger[epochs=2]", "--rounds", "2"]
PAIR = [*SMALL, "--strategy", "random,lc"]


def call(*args: object, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, args)], env=os.environ | env, capture_output=True, text=True
    )


def refused(code: int, *args: object, **env: str) -> str:
    """The one line that a failing command says, after checking that it is one."""
    done = call(*args, **env)
    lines = done.stderr.splitlines()
    assert (done.returncode, done.stdout, len(lines)) == (code, "", 1), done
    assert lines[0].startswith("Error: ")
    return lines[0]


def content(out: Path) -> pa.Table:
    """All results but what may differ between two honest runs."""
    table = store.scan([out])
    keep = [name for name in schema.NAMES if name not in (*schema.VOLATILE, "executor")]
    return table.select(keep)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An output folder with two small finished cells."""
    out = tmp_path_factory.mktemp("finished")
    assert call(*PAIR, "--out", out).returncode == 0
    return out


def test_help_imports_nothing_heavy() -> None:
    code = "import sys, bench.cli; print(*{name.split('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    heavy = {"torch", "numpy", "pyarrow", "datasets", "pooch", "rich", "seqeval"}
    heavy |= {"PIL", "h5py", "sacrebleu", "scipy", "transformers"}
    assert "click" in loaded.stdout.split()
    assert not heavy & set(loaded.stdout.split())


def test_every_verb_explains_itself() -> None:
    from bench.cli import cli

    assert {"run", "leaderboard", "report", "compare", "replay"} <= {*cli.commands}
    for verb in ([], *([name] for name in cli.commands)):
        done = call(*verb, "--help")
        assert done.returncode == 0
        assert f"bench {' '.join(verb)}".strip() in done.stdout.split("Options:")[1]


def test_help_documents_the_exit_codes() -> None:
    shown = call().stdout
    assert all(f"\n    {code} " in shown for code in (0, 1, 2, 3, 4, 130))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("tasks", {"atis", "flights", "flickr8k", "mscoco", "shapes"}),
        ("strategies", {"random", "lc", "alise", "alise_nse", "full"}),
        ("learners", {"bilstm-aligned", "bilstm-tagger", "show-attend-tell"}),
    ],
)
def test_list_names_and_describes(kind: str, expected: set[str]) -> None:
    rows = [line.split(maxsplit=1) for line in call("list", kind).stdout.splitlines()]
    assert expected <= {row[0] for row in rows}
    assert all(len(row) == 2 for row in rows)


def test_list_is_drawn_on_a_terminal() -> None:
    master, slave = pty.openpty()
    env = os.environ | {"TERM": "xterm", "COLUMNS": "100"}
    subprocess.run([*COMMAND, "list", "tasks"], env=env, stdout=slave, check=True)
    os.close(slave)
    assert b"\x1b[1matis" in os.read(master, 4096)
    os.close(master)


def test_run_ends_with_the_board_and_the_path(tmp_path: Path) -> None:
    done = call(*PAIR, "--out", tmp_path)
    assert done.returncode == 0
    assert "\x1b" not in done.stdout + done.stderr
    rounds = [line for line in done.stderr.splitlines() if ": round " in line]
    assert {line.split(":")[0] for line in rounds} == {"random seed 0", "lc seed 0"}
    *board, last = done.stdout.splitlines()
    assert any(line.strip().startswith("lc ") for line in board)
    folder = Path(last.removeprefix("Parquet: "))
    assert len(list(folder.glob("*.parquet"))) == 2


def test_run_again_resumes(finished: Path) -> None:
    before = {path: path.read_bytes() for path in finished.rglob("*.parquet")}
    done = call(*PAIR, "--out", finished)
    assert done.returncode == 0
    assert "resumed: 2 of 2 cells already finished" in done.stderr
    assert before == {path: path.read_bytes() for path in finished.rglob("*.parquet")}


def test_two_jobs_give_the_rows_of_one(finished: Path, tmp_path: Path) -> None:
    assert call(*PAIR, "--jobs", 2, "--out", tmp_path).returncode == 0
    assert content(tmp_path).equals(content(finished))


def test_ctrl_c_ends_cleanly_and_resumes(finished: Path, tmp_path: Path) -> None:
    args = [*COMMAND, *PAIR, "--out", str(tmp_path)]
    process = subprocess.Popen(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    assert "round 1" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.splitlines()[-1] == "interrupted; run the same command again to resume"
    assert "Traceback" not in said
    assert call(*PAIR, "--out", tmp_path).returncode == 0
    assert content(tmp_path).equals(content(finished))


def test_a_reader_that_leaves_is_no_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*COMMAND, "list", "tasks"], stdout=writer, stderr=subprocess.PIPE, text=True
    )
    os.close(writer)
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("args", "parts"),
    [
        (["run", "--task", "atsi"], ["'atsi'", "atis"]),
        (["run", "--protocol", "smokey"], ["'smokey'", "smoke"]),
        (["run", "--learner", "bilstm-alinged"], ["'bilstm-alinged'", "bilstm-aligned"]),
        (["run", "--learner", "bilstm-tagger[epoch=2]"], ["'epoch'", "epochs"]),
        (["run", "--strategy", "random,alice"], ["'alice'", "alise"]),
        (["run", "--strategy", "nse[normalise=true]"], ["'normalise'", "normalize"]),
        (["run", "--strategy", "absent.py"], ["'absent.py'"]),
        (["run", "--strategy", ""], ["--strategy", "empty", "bench list strategies"]),
        (["run", "--strategy", "margin[width=1]"], ["'width'", "between 2 and 100"]),
        (["run", "--learner", "bilstm-tagger[hidden=1000000]"], ["'hidden'", "8192"]),
        (["run", "--seeds", "0"], ["--seeds", "0"]),
        (["run", "--rounds", "0"], ["--rounds", "0"]),
        (["run", "--rounds", "99"], ["--rounds", "99"]),
        (["run", "--jobs", "0"], ["--jobs", "0"]),
        (["run", "--device", "abacus"], ["'abacus'", "cpu"]),
        (["run", "--seed", "3"], ["'--seed'", "--seeds"]),
        (["rum"], ["'rum'", "run"]),
        (["list", "taks"], ["'taks'", "tasks"]),
        (["data", "verify", "atsi"], ["'atsi'", "atis"]),
        (["leaderboard", "--format", "html"], ["'html'", "markdown"]),
        (["leaderboard", "nowhere"], ["nowhere"]),
    ],
)
def test_wrong_usage_is_one_sentence(
    args: list[str], parts: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = refused(2, *args)
    assert all(part in said for part in parts), said
    assert not list(tmp_path.iterdir())


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    with (tmp_path / ".lock").open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert str(tmp_path) in refused(2, *PAIR, "--out", tmp_path)


def test_an_unwritable_folder_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert str(tmp_path / "file") in refused(4, *PAIR, "--out", tmp_path / "file" / "runs")


@pytest.mark.parametrize(
    ("fault", "code"), [("PermissionError(13", 3), ("FileNotFoundError(2", 3), ("OSError(28", 4)]
)
def test_what_cannot_be_read_is_told_from_a_full_disk(fault: str, code: int) -> None:
    script = (
        "import bench.cli\n"
        "from bench.data import card\n"
        f"def names(): raise {fault}, 'no way', 'the/file')\n"
        "card.names = names\n"
        "bench.cli.main()\n"
    )
    command = [sys.executable, "-c", script, "list", "tasks"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (code, "Error: the/file: no way.\n")


def test_a_missing_file_names_three_ways_to_provide_it(tmp_path: Path) -> None:
    offline = {"BENCH_DATA": "", "XDG_CACHE_HOME": str(tmp_path), "HTTPS_PROXY": CLOSED}
    said = refused(3, "run", "--task", "atis", "--out", tmp_path / "runs", **offline)
    ways = ["`bench data fetch atis`", "--data-root", "BENCH_DATA"]
    assert all(part in said for part in [*ways, "atis-slotgated/train/seq.in", "https://"])


def test_a_data_root_without_the_file_is_named(tmp_path: Path) -> None:
    said = refused(3, "run", "--task", "atis", "--data-root", tmp_path, "--out", tmp_path / "runs")
    assert str(tmp_path / "atis-slotgated/train/seq.in") in said


def test_verify_tells_missing_files(tmp_path: Path) -> None:
    done = call("data", "verify", "atis", "--data-root", tmp_path)
    assert done.returncode == 3
    assert all(line.endswith("missing") for line in done.stdout.splitlines())
    assert "6 of 6 files" in done.stderr


@pytest.mark.parametrize("task", [["atis"], ["flickr8k", "--protocol", "small"]])
def test_verify_accepts_the_real_files(data_root: Path, task: list[str]) -> None:
    done = call("data", "verify", *task, "--data-root", data_root)
    assert done.returncode == 0
    assert done.stdout
    assert all(line.endswith(" ok") for line in done.stdout.splitlines())


def test_a_failed_cell_leaves_the_others_and_exits_1(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text(
        '"""Raises (nobody 2026)."""\n\nneeds = ()\n\n\n'
        'def select(view, budget, rng):\n    raise ZeroDivisionError("no reason")\n'
    )
    done = call(*SMALL, "--strategy", f"{bad},random", "--out", tmp_path / "runs")
    assert done.returncode == 1
    assert "1 of 2 cells failed" in done.stderr
    assert all(part in done.stderr for part in ["`status`", "`error`", "no reason"])
    assert "Traceback" not in done.stderr
    table = store.scan([tmp_path / "runs"])
    ended = dict(zip(table["strategy"].to_pylist(), table["status"].to_pylist(), strict=True))
    assert ended == {"bad": "failed", "random": "ok"}


def test_leaderboard_in_three_formats(finished: Path) -> None:
    table, page, data = (
        call("leaderboard", finished, "--format", form).stdout
        for form in ("table", "markdown", "json")
    )
    assert max(map(len, table.splitlines())) <= 100
    assert page.startswith("# Leaderboard\n")
    (board,) = json.loads(data)["boards"]
    assert {entry["strategy"] for entry in board["entries"]} == {"random", "lc"}
    assert board["synthetic"] is True
    assert "synthetic" in table
    assert "synthetic" in page


def test_leaderboard_reads_runs_when_no_folder_is_named(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").symlink_to(finished)
    here = call("leaderboard")
    assert here.stdout == call("leaderboard", finished).stdout != ""


def test_published_board_is_what_the_published_rows_say() -> None:
    results = ROOT / "results"
    assert list(results.rglob("*.parquet"))
    drawn = call("leaderboard", results, "--format", "markdown").stdout
    assert drawn == (results / "LEADERBOARD.md").read_text(), "render results/LEADERBOARD.md anew"


def test_published_page_is_what_the_published_rows_say(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "results", tmp_path / "results")
    drawn = tmp_path / "results" / "index.html"
    drawn.unlink()
    assert call("report", tmp_path / "results", "--out", drawn).returncode == 0
    published = (ROOT / "results" / "index.html").read_bytes()
    assert drawn.read_bytes() == published, "render results/index.html anew"
