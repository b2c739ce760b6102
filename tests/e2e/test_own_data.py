"""A user's own files, from a first look over a run to what to annotate next."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from bench import cli
from bench.data.tagging import column
from bench.loop.plan import own_task
from bench.rows import store

TINY = Path(__file__).parents[1] / "tiny"
LEARNER = "bilstm-tagger[batch_size=8,decoder=8,embedding=8,epochs=2,hidden=8]"
SMALL = ["--learner", LEARNER, "--strategy", "random,mnlp", "--seeds", "1", "--rounds", "2"]
Said = tuple[int, str, str]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def bench(*args: object) -> Said:
    """A real process: its exit code, what it printed, and what it said beside."""
    done = subprocess.run(
        [sys.executable, "-m", "bench", *map(str, args)],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """The command in this process: the one line that it says on failing with a code."""

    def call(code: int, *args: object) -> str:
        own_task.cache_clear()  # a process of its own would know no file yet
        monkeypatch.setattr(sys, "argv", ["bench", *map(str, args)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        assert (ended.value.code, out, len(err.splitlines())) == (code, "", 1), err
        assert err.startswith("Error: ")
        return err.strip()

    return call


def rows(split: str) -> list[tuple[list[str], list[str]]]:
    sides = ((TINY / split / side).read_text().splitlines() for side in ("tokens", "tags"))
    return [(words.split(), tags.split()) for words, tags in zip(*sides, strict=True)]


def columns(split: str, gap: str = " ") -> str:
    lines = ("".join(f"{w}{gap}{t}\n" for w, t in zip(*row, strict=True)) for row in rows(split))
    return "\n".join(lines)


def jsonl(split: str) -> str:
    pairs = (json.dumps({"tokens": words, "tags": tags}) for words, tags in rows(split))
    return "".join(f"{pair}\n" for pair in pairs)


def put(name: str, text: str | bytes) -> str:
    Path(name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return name


def data_set(*splits: str) -> str:
    import datasets

    names = sorted({tag for split in ("train", "test") for _, tags in rows(split) for tag in tags})
    features = datasets.Features(
        {
            "tokens": datasets.List(datasets.Value("string")),
            "ner_tags": datasets.List(datasets.ClassLabel(names=names)),
        }
    )
    for split in splits:
        found = [{"tokens": w, "ner_tags": [*map(names.index, t)]} for w, t in rows(split)]
        made = datasets.Dataset.from_list(found, features=features)
        made.to_parquet(f"set/data/{split}-00000-of-00001.parquet")
    return "hf:./set"


def test_a_file_is_run_resumed_and_not_mistaken_for_a_changed_one(
    content: Callable[[Path], pa.Table],
) -> None:
    marked = "# made up\r\n" + columns("train", "\t").replace("\n\n", "\n\n\n").replace(
        "\n", "\r\n"
    )
    put("my.conll", ("\ufeff" + marked).encode())
    code, out, err = bench("run", "--data", "my.conll", *SMALL)
    assert code == 0, err
    said = err.splitlines()[0]
    assert said.startswith("my.conll: 160 sentences, 1,359 words; tags are BIO, the one that all")
    assert "distinct sentences are drawn for test" in said
    assert out.startswith("my · words · bilstm-tagger")
    table = content(Path("runs"))
    assert (table.num_rows, set(table["task"].to_pylist())) == (4, {"my"})
    assert len(set(table["data_digest"].to_pylist())) == 1
    assert set(table["unit"].to_pylist()) == {"words"}

    code, out, err = bench("run", "--data", "my.conll", *SMALL, "--jobs", 2, "--out", "two")
    assert code == 0, err
    assert content(Path("two")).equals(table)

    put("my.conll", columns("train"))  # the same content: other marks, blanks and line ends
    code, out, err = bench("run", "--data", "my.conll", *SMALL)
    assert (code, "resumed: 2 of 2 cells already finished" in err) == (0, True), err

    put("my.conll", columns("train").replace("boston", "denver"))
    code, out, err = bench("run", "--data", "my.conll", *SMALL)
    assert (code, out) == (2, "")
    assert "was made with another data_digest; delete it, or choose another --out" in err


def test_full_labels_the_whole_drawn_pool_whatever_its_words() -> None:
    put("my.conll", columns("train"))
    args = ["--learner", LEARNER, "--strategy", "full", "--seeds", 3]
    code, _, err = bench("run", "--data", "my.conll", *args)
    assert code == 0, err
    table = store.scan([Path("runs")])
    distinct = len({tuple(words) for words, _ in rows("train")})
    assert table["items"].to_pylist() == [distinct - round(distinct / 5)] * 3
    assert len(set(table["words"].to_pylist())) > 1


def digests(out: str) -> set[tuple[str, str]]:
    table: pa.Table = store.scan([Path(out)])
    return {
        *zip(table["data_digest"].to_pylist(), map(str, table["score"].to_pylist()), strict=True)
    }


def test_a_given_test_split_is_the_same_in_every_format() -> None:
    args = ["--learner", LEARNER, "--strategy", "random", "--seeds", 1, "--rounds", 1]
    put("train.jsonl", jsonl("train"))
    put("test.bio", columns("test", "\t"))
    code, _, err = bench("run", "--data", "train.jsonl", "--test", "test.bio", *args)
    assert code == 0, err
    assert "test split of 80 sentences" in err
    code, _, err = bench("run", "--data", data_set("train", "test"), *args, "--out", "set-runs")
    assert code == 0, err
    assert digests("runs") == digests("set-runs")
    assert len(digests("runs")) == 1


def test_a_look_at_a_file_says_what_was_understood_and_ends_well() -> None:
    put("my.conll", "\ufeff-DOCSTART-\tO\n\n" + columns("train", "\t"))
    code, out, err = bench("data", "inspect", "my.conll")
    assert (code, err) == (0, "")
    for part in ("with byte order mark", "bio, the one that all", "160, of them", "1,359, of them"):
        assert part in out
    assert "warning: 1 -DOCSTART- lines, in line 1\n" in out
    assert "`bench run --data` takes it: my.conll: 160 sentences" in out.splitlines()[-1]


def test_a_look_at_a_bad_file_says_all_it_can_and_what_a_run_would_say(
    refused: Callable[..., str],
) -> None:
    put("my.conll", columns("train") + "\nragged\n")
    code, out, err = bench("data", "inspect", "my.conll")
    assert (code, err.strip()) == (3, refused(3, "run", "--data", "my.conll"))
    assert "160, of them" in out
    assert "ragged" not in out
    assert "my.conll, line 1520: " in err


@pytest.mark.parametrize(
    ("name", "content", "args", "code", "parts"),
    [
        ("a.conll", b"a B-x\nb\n", [], 3, ["a.conll, line 2: 1 column", "line 1 has 2"]),
        ("a.conll", b"a B-x\n\xff O\n", [], 3, ["a.conll, line 2: byte 1 is not UTF-8"]),
        ("a.conll", b"a NN\nb VB\n", [], 3, ["a.conll, line 1: tag 'NN'", "--columns"]),
        ("a.conll", b"a B-x\nb L-x\n", [], 3, ["a.conll, line 2: tag 'L-x'", "BILOU", "S- for U-"]),
        ("a.conll", b"a B-x\n\nb O\nc I-x\n", [], 3, ["a.conll, line 4", "'I-x' of word 2"]),
        ("a.conll", b"a O\nb I-x\n", ["--scheme", "bio"], 3, ["a.conll, line 2", "not BIO"]),
        ("a.conll", b"a O\nb O\n", [], 3, ["a.conll: every tag is O", "--columns"]),
        ("a.conll", b"a B-x\n", ["--columns", "1,4"], 3, ["a.conll, line 1", "1 and 4"]),
        ("a.conll", b"", [], 3, ["a.conll holds no sentence"]),
        ("a.conll", b"a B-x\n", [], 3, ["a.conll holds one sentence"]),
        ("a.conll", b"a B-x\nb O\n\nc O\n\n", [], 3, ["first target, 0, pays for no item", "data"]),
        ("a.jsonl", b'{"tokens": ["a"], "tags": []}\n', [], 3, ["a.jsonl, line 1: 0 tags for 1 w"]),
        ("a.jsonl", b'{"tokens": ["a"]\n', [], 3, ["a.jsonl, line 1: no JSON"]),
        ("a.jsonl", b'{"text": ["a"]}\n', [], 3, ["a.jsonl, line 1: no key tokens or words"]),
        ("a.conll", b"a B-x\n", ["--scheme", "bilou"], 2, ["'bilou'", "iobes"]),
        ("a.conll", b"a B-x\n", ["--columns", "4"], 2, ["--columns is '4'", "WORD,TAG"]),
        ("a.conll", b"a B-x\n", ["--columns", "a,b"], 2, ["--columns is 'a,b'", "numbers"]),
        ("a.conll", b"a B-x\n", ["--task", "atis"], 2, ["--task and --data exclude each other"]),
        ("a.conll", b"a B-x\n", ["--test", "no.conll"], 3, ["There is no file no.conll"]),
        ("a.conll", b"a B-x\n", ["--learner", "show-attend-tell"], 2, ["'a.conll' is tagging"]),
        ("a.conll", b"a B-x\n", ["--protocol", "smoke"], 3, ["one sentence"]),
    ],
)
def test_bad_data_or_options_are_one_sentence(
    refused: Callable[..., str],
    name: str,
    content: bytes,
    args: list[str],
    code: int,
    parts: list[str],
) -> None:
    put(name, content)
    said = refused(code, "run", "--data", name, *args)
    assert all(part in said for part in parts), said
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    "args", [["--test", "a.conll"], ["--columns", "1,2"], ["--scheme", "bio", "--task", "atis"]]
)
def test_options_of_data_need_data(refused: Callable[..., str], args: list[str]) -> None:
    assert "say how to read --data; name it too" in refused(2, "run", *args)


def test_a_data_set_that_cannot_be_had_is_one_sentence(refused: Callable[..., str]) -> None:
    assert "There is no folder ./absent" in refused(3, "run", "--data", "hf:./absent")
    assert "hf:no/where cannot be loaded" in refused(3, "run", "--data", "hf:no/where")


def test_what_is_selected_is_annotated_and_read_again() -> None:
    put("done.conll", columns("train"))
    pool = [words for words, _ in rows("test")]
    put("rest.txt", "".join(f"{' '.join(words)}\n" for words in pool))
    args = ["--labeled", "done.conll", "--pool", "rest.txt", "--strategy", "longest"]
    code, out, err = bench("select", *args, "--budget", 60, "--learner", LEARNER)
    assert (code, err) == (0, ""), err
    assert "done.conll: 160 sentences, 1,359 words, tags are BIO" in out
    assert "rest.txt, plain text: 80 sentences, 733 words" in out
    assert "by longest" in out
    text = Path("selected.conll").read_text()
    marks = [line for line in text.splitlines() if line.startswith("#")]
    put("selected.conll", text.replace("\t_", "\tO"))
    found = [sentence.tokens for sentence in column.sentences(Path("selected.conll"))]
    assert found
    assert 40 < sum(map(len, found)) <= 60
    for rank, (mark, words) in enumerate(zip(marks, found, strict=True), start=1):
        line = int(mark.split("line = ")[1].split(",")[0])
        assert mark == f"# rank = {rank}, line = {line}, words = {len(words)}"
        assert pool[line - 1] == words
    known = {tuple(words) for words, _ in rows("train")}
    assert not known & {tuple(words) for words in found}


def test_labels_of_the_pool_change_nothing_and_jsonl_stays_jsonl() -> None:
    put("done.jsonl", jsonl("train"))
    wrong = jsonl("test").replace('"O"', '"B-day"')
    for name, text in (("a.jsonl", jsonl("test")), ("b.jsonl", wrong)):
        put(name, text)
        args = ["--labeled", "done.jsonl", "--pool", name, "--strategy", "mnlp", "--unit", "items"]
        code, out, err = bench(
            "select", *args, "--budget", 999, "--learner", LEARNER, "--out", f"next-{name}"
        )
        assert (code, err) == (0, ""), err
        assert "the whole pool, for the budget exceeds it" in out
    assert Path("next-a.jsonl").read_bytes() == Path("next-b.jsonl").read_bytes()
    first = json.loads(Path("next-a.jsonl").read_text().splitlines()[0])
    assert (first["rank"], set(first["tags"])) == (1, {"_"})
    assert rows("test")[first["line"] - 1][0] == first["tokens"]


def test_a_selection_that_cannot_be_is_refused_before_any_work(
    refused: Callable[..., str],
) -> None:
    put("done.conll", columns("train"))
    put("rest.txt", "one two\n")
    args = ["select", "--labeled", "done.conll", "--pool", "rest.txt", "--strategy"]
    assert "--budget is 0" in refused(2, *args, "mnlp", "--budget", 0)
    assert "Did you mean mnlp" in refused(2, *args, "mnpl", "--budget", 9)
    assert "'full' is no strategy" in refused(2, *args, "full", "--budget", 9)
    put("selected.conll", "mine")
    assert "selected.conll is there already" in refused(2, *args, "mnlp", "--budget", 9)
    assert Path("selected.conll").read_text() == "mine"
    put("rest.txt", " ".join(rows("train")[0][0]))
    said = refused(3, *args, "mnlp", "--budget", 9, "--out", "new.conll")
    assert "rest.txt: all of its sentences are labelled already, in done.conll" in said
    assert "There is no file no.txt" in refused(
        3, "select", "--labeled", "done.conll", "--pool", "no.txt", "--strategy", "mnlp",
        "--budget", 9, "--out", "new.conll",
    )  # fmt: skip
    assert not Path("new.conll").exists()
