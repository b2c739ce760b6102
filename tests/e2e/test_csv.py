"""A CSV file of texts and their classes, from the command line to the board."""

import csv
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
import pytest

from bench import cli
from bench.loop.plan import own_task
from bench.rows import store

COLUMNS = ["--text", "lyric", "--label", "class"]
SMALL = [*COLUMNS, "--strategy", "random,lc", "--seeds", "1"]
WORDS = {
    "pop": "love baby heart dance night tonight kiss yeah",
    "rap": "money street block flow cash homie game real",
}
BOTH = "the and you my in we it is on la"
Bench: TypeAlias = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Bench:
    """The command in this process: its exit code, what it printed, and what it said beside."""

    def call(*args: object) -> tuple[int, str, str]:
        own_task.cache_clear()  # a process of its own would know no file yet
        monkeypatch.setattr(sys, "argv", ["bench", *map(str, args)])
        code = 0
        try:
            cli.main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        return (code, *capsys.readouterr())

    return call


def songs(count: int, seed: int = 0) -> list[tuple[str, str]]:
    """Distinct texts of two lines, and their classes in turn."""
    rng, texts = random.Random(seed), dict[str, str]()
    while len(texts) < count:
        name = list(WORDS)[len(texts) % 2]
        words = f"{WORDS[name]} {BOTH}".split()
        texts["\n".join(" ".join(rng.choices(words, k=4)) for _ in "12")] = name
    return list(texts.items())


def put(rows: list[tuple[str, str]], name: str = "songs.csv") -> str:
    with Path(name).open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["", "artist", "lyric", "class"])
        writer.writerows([i, "A, B", text, label] for i, (text, label) in enumerate(rows))
    return name


def test_a_file_is_run_resumed_and_not_mistaken_for_a_changed_one(
    bench: Bench, content: Callable[[Path], pa.Table]
) -> None:
    rows = songs(120)
    args = ["run", "--data", put(rows), *SMALL, "--rounds", 2]
    code, out, err = bench(*args)
    assert code == 0, err
    assert err.splitlines()[0] == (
        "songs.csv: 120 texts, 960 words of column 'lyric'; 2 classes of column 'class'; 24 of 120 "
        "distinct texts are drawn for test."
    )
    assert out.startswith("songs · words · tfidf-svm")
    table = content(Path("runs"))
    assert table.num_rows == 4
    assert set(table["task"].to_pylist()) == {"songs"}
    assert len(set(table["data_digest"].to_pylist())) == 1

    done = subprocess.run(
        [sys.executable, "-m", "bench", *map(str, args), "--jobs", "2", "--out", "two"],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, content(Path("two")).equals(table)) == (0, True), done.stderr

    put([(text.replace("\n", " \n\n"), label) for text, label in rows])  # the same words
    code, _, err = bench(*args)
    assert (code, "resumed: 2 of 2 cells already finished" in err) == (0, True), err

    put([*rows[:-1], (rows[-1][0], "pop")])
    code, out, err = bench(*args)
    assert (code, out) == (2, "")
    assert "was made with another data_digest; delete it, or choose another --out" in err


def test_the_guide_starts_with_a_hundred_of_each_class_for_every_strategy(bench: Bench) -> None:
    rows = songs(2000)
    args = ["run", "--data", put(rows), *COLUMNS, "--protocol", "guide", "--seeds", 2]
    code, _, err = bench(*args, "--strategy", "random,lc,entropy")
    assert code == 0, err
    assert err.count("1 of the guide's 30 rounds of 1,000 fit the pool of 1,400.") == 1
    assert "600 of 2,000 distinct texts are drawn for test" in err
    table = store.scan([Path("runs")]).to_pylist()
    assert [row["items"] for row in table] == [200, 1200] * 6
    firsts = {(row["seed"], tuple(row["initial"])) for row in table if row["round"] == 0}
    assert len(firsts) == 2
    for _, ids in firsts:
        assert Counter(rows[number][1] for number in ids) == {"pop": 100, "rap": 100}
    assert len({tuple(row["selected"]) for row in table if row["round"] == 0}) == 6
    assert {row["learner_params"] for row in table} == {'{"stop_words":"english"}'}
    code, _, err = bench(*args, "--rounds", 3)
    assert (code, "has 2 rounds, the last at 1200 items" in err) == (2, True), err


def test_a_test_file_is_scored_and_never_chosen_from(bench: Bench) -> None:
    rows = songs(150)
    put(rows[:100])
    args = ["run", "--data", "songs.csv", "--test", put(rows[100:], "test.csv"), *SMALL]
    code, _, err = bench(*args)
    assert code == 0, err
    assert "test split of 50 texts" in err
    for row in store.scan([Path("runs")]).to_pylist():
        assert all(number < 100 for number in [*row["initial"], *row["selected"]])
        assert (row["score"] * 50) == pytest.approx(round(row["score"] * 50))


def line(number: int, text: str) -> Callable[[str], str]:
    """A change of one line of the file, counted from 1."""
    return lambda all: "\n".join(
        text if place == number else old for place, old in enumerate(all.split("\n"), start=1)
    )


NAMED = ["--text", "lyric", "--label"]


@pytest.mark.parametrize(
    ("change", "args", "code", "parts"),
    [
        (str, [], 2, ["songs.csv is a CSV file", "--text and --label", "artist, lyric, class"]),
        (str, [*NAMED, ""], 2, ["songs.csv is a CSV file", "artist, lyric, class"]),
        (str, [*NAMED, "clas"], 3, ["songs.csv has no column 'clas'", "names class,", "--label"]),
        (str, [*NAMED, "lyric"], 2, ["--text and --label are both 'lyric'"]),
        (str, [*NAMED, "artist"], 3, ["songs.csv: every row is of class 'A, B'", "'artist'"]),
        (str, [*COLUMNS, "--columns", "1,2"], 2, ["--columns and --scheme are for tagged words"]),
        (str, [*COLUMNS, "--scheme", "bio"], 2, ["--columns and --scheme are for tagged words"]),
        (str, [*COLUMNS, "--test", "no.csv"], 3, ["There is no file no.csv"]),
        (str, [*COLUMNS, "--test", "a.conll"], 2, ["a.conll is no CSV file"]),
        (str, [*COLUMNS, "--learner", "bilstm-tagger"], 2, ["'songs.csv' is classification"]),
        (str, [*COLUMNS, "--learner", "lenet"], 2, ["'songs.csv' is classification of sentences"]),
        (str, [*COLUMNS, "--protocol", "gide"], 2, ["no protocol 'gide'. Did you mean guide"]),
        (str, [*COLUMNS, "--protocol", "guide"], 3, ["holds 56 texts", "--protocol words"]),
        (line(4, "2,x,pop"), COLUMNS, 3, ["line 4: 3 fields, but the header names 4 columns"]),
        (line(4, "2,x, ,pop\n"), COLUMNS, 3, ["songs.csv, line 4: column 'lyric' is empty"]),
        (line(4, "2,x,oh,\n"), COLUMNS, 3, ["songs.csv, line 4: column 'class' is empty"]),
        (line(4, '2,"x,oh,pop\n'), COLUMNS, 3, ["songs.csv, line 4: the row that begins here"]),
        (line(4, "2,x,\0,pop\n"), COLUMNS, 3, ["songs.csv, line 4: character 5 is a zero byte"]),
        (line(4, "2,x,\udcff,pop\n"), COLUMNS, 3, ["songs.csv, line 4: byte 5 is not UTF-8"]),
        (lambda _: "", COLUMNS, 3, ["songs.csv is empty"]),
        (lambda all: all[: all.index("\n")], COLUMNS, 3, ["songs.csv holds no row"]),
    ],
)  # fmt: skip
def test_bad_data_or_options_are_one_sentence(
    bench: Bench, change: Callable[[str], str], args: list[str], code: int, parts: list[str]
) -> None:
    rows = [(text.replace("\n", " "), label) for text, label in songs(80)]
    changed = change(Path(put(rows)).read_text())
    Path("songs.csv").write_bytes(changed.encode("utf-8", "surrogateescape"))
    ended, out, err = bench("run", "--data", "songs.csv", *args)
    assert (ended, out, len(err.splitlines())) == (code, "", 1), err
    assert err.startswith("Error: ")
    assert all(part in err for part in parts), err
    assert not Path("runs").exists()


def test_options_of_a_csv_file_need_one(bench: Bench) -> None:
    code, _, err = bench("run", "--text", "lyric", "--label", "class")
    assert (code, "say how to read --data; name it too" in err) == (2, True), err
    code, _, err = bench("run", "--data", "a.conll", "--text", "lyric")
    assert (code, "a.conll is none; leave them out" in err) == (2, True), err


@pytest.mark.parametrize(
    "verb", [["data", "inspect"], ["select", "--strategy", "lc", "--budget", 9]]
)
def test_what_is_for_tagged_words_says_so(bench: Bench, verb: list[object]) -> None:
    put(songs(40))
    Path("a.conll").write_text("x B-y\n\nz O\n")
    named = ["songs.csv"] if verb[0] == "data" else ["--labeled", "a.conll", "--pool", "songs.csv"]
    code, _, err = bench(*verb, *named)
    assert (code, "songs.csv is a CSV file" in err, len(err.splitlines())) == (2, True, 1), err


def test_a_class_too_rare_for_the_guide_is_named_before_any_training(bench: Bench) -> None:
    rows = songs(2000)
    rare = [(text, "jazz" if n < 60 else name) for n, (text, name) in enumerate(rows)]
    code, _, err = bench("run", "--data", put(rare), *COLUMNS, "--protocol", "guide")
    assert code == 3
    assert "items of class 'jazz', but the protocol starts with 100 of each class;" in err
    assert err.strip().endswith("take more data or --protocol words.")
    assert not Path("runs").exists()
