import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from bench.data import task as tasks
from bench.data.tagging import own
from bench.data.tagging.source import Source
from bench.data.task import Task
from bench.error import DataError, UsageError

BIO = "to O\nNew B-to\nYork I-to\n\nfrom O\nBonn B-from\nCork B-from\n\n"
IOB1 = "to O\nNew I-to\nYork I-to\n\nfrom O\nBonn I-from\nCork B-from\n\n"
IOBES = "to O\nNew B-to\nYork E-to\n\nfrom O\nBonn S-from\nCork S-from\n\n"
WORDS = [["to", "New", "York"], ["from", "Bonn", "Cork"]]
TAGS = [["O", "B-to", "I-to"], ["O", "B-from", "B-from"]]

Put = Callable[[str, str], str]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def put(name: str, text: str) -> str:
    Path(name).write_text(text, encoding="utf-8", newline="")
    return name


def load(data: str, *more: str, **options: str) -> Task:
    return tasks.made(*own.load(Source(data, *more, **options)))


def numbered(count: int, words: int = 4) -> str:
    """Distinct sentences of equally many words, one of them tagged."""
    rest = "x O\n" * (words - 2)
    return "".join(f"w{number} B-a\ny O\n{rest}\n" for number in range(count))


@pytest.mark.parametrize(("name", "text"), [("bio", BIO), ("iob1", IOB1), ("iobes", IOBES)])
@pytest.mark.parametrize("named", [True, False])
def test_every_scheme_is_bio2_inside(name: str, text: str, named: bool) -> None:
    task = load(put("my.conll", text), scheme=name if named else "auto")
    assert task.corpus.inputs.to_pylist() == WORDS
    assert task.corpus.labels.to_pylist() == TAGS
    assert task.kind.tags == task.card.tags == ("O", "B-from", "B-to", "I-to")
    how = "as named" if named else "the one that all tags keep to"
    assert f"2 sentences, 6 words; tags are {name.upper()}, {how};" in task.card.title


def test_marks_blanks_and_comments_make_no_difference() -> None:
    odd = "# a comment here\n" + BIO.replace(" ", "\t").replace("\n\n", "\n\n\n \n")
    odd = "\ufeff-DOCSTART-\tO\r\n\r\n" + odd.replace("\n", "\r\n").removesuffix("\r\n")
    plain, marked = load(put("a.conll", BIO)), load(put("b.conll", odd))
    assert marked.data_digest == plain.data_digest


def test_the_format_makes_no_difference() -> None:
    import datasets

    rows = [{"tokens": w, "tags": t} for w, t in zip(WORDS, TAGS, strict=True)]
    lines = load(put("my.jsonl", "".join(f"{json.dumps(row)}\n" for row in rows)))
    names = ["O", "B-to", "I-to", "B-from"]
    kind = datasets.Features(
        {
            "tokens": datasets.List(datasets.Value("string")),
            "tags": datasets.List(datasets.ClassLabel(names=names)),
        }
    )
    coded = [{**row, "tags": [names.index(tag) for tag in row["tags"]]} for row in rows]
    datasets.Dataset.from_list(coded, features=kind).to_parquet("set/train.parquet")
    hub = load("hf:./set")
    for task in (lines, hub):
        assert task.corpus.inputs.to_pylist() == WORDS
        assert task.corpus.labels.to_pylist() == TAGS
    assert (lines.card.name, hub.card.name) == ("my", "set")


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ("train.conll", "train"),
        ("a/b/My notes (2).tsv", "My-notes-2"),
        ("eng.train.gz", "eng"),
        ("….jsonl", "data"),
        ("hf:owner/few-nerd:supervised", "few-nerd-supervised"),
        ("hf:./some/folder", "folder"),
    ],
)
def test_the_name_is_that_of_the_file_made_legal(data: str, name: str) -> None:
    assert own.stem(data) == name


def test_a_fifth_of_the_distinct_sentences_is_drawn_for_test() -> None:
    task = load(put("my.conll", numbered(50) + numbered(3)))
    texts = task.corpus.inputs.to_pylist()
    pools = set()
    for seed in range(5):
        drawn = tasks.split(
            task.card.recipe("words"), task.corpus, torch.Generator().manual_seed(seed)
        )
        pool, test = ({texts[row][0] for row in part.tolist()} for part in drawn)
        assert (len(pool), len(test), len(pool | test)) == (40, 10, 50)
        pools.add(frozenset(pool))
    assert len(pools) == 5
    assert task.protocol.unit == "words"
    assert "10 of 50 distinct sentences are drawn for test" in task.card.title


def test_targets_are_shares_of_the_words_to_be_expected_in_the_pool() -> None:
    task = load(put("my.conll", numbered(50, 5) + numbered(50, 5) + "long B-b\n" + "z O\n" * 49))
    assert len(task.corpus.rows(distinct=True)) == 51
    assert task.protocol.targets == tuple(round(n / 100 * 300 * 41 / 51) for n in range(2, 21, 2))
    assert task.protocol.seeds == 5
    assert task.protocol.strategies == ("random", "mnlp", "wbadge", "longest")


def test_what_pays_for_everything_pays_for_any_drawn_pool() -> None:
    task = load(put("my.conll", numbered(9) + "long B-b\n" + "z O\n" * 49))
    costs = []
    for seed in range(20):
        pool = task.deal(torch.Generator().manual_seed(seed)).pool
        costs.append(int(pool.cost(pool.ids).sum()))
    assert len(set(costs)) == 2  # with the long one and without it
    assert max(costs) <= task.whole


def test_a_given_test_split_is_kept_with_its_repeats() -> None:
    task = load(put("a.conll", BIO + BIO), put("b.conll", BIO.replace("from", "by")))
    recipe = task.card.recipe("words")
    assert (recipe.pool, recipe.test, recipe.distinct) == ("train", "test", False)
    assert len(task.deal(torch.Generator()).pool.ids) == 4
    assert task.whole == 12
    assert task.kind.tags == ("O", "B-by", "B-from", "B-to", "I-to")


def test_the_hubs_splits_are_used_where_one_is_test() -> None:
    import datasets

    for split, word in (("train", "a"), ("validation", "b"), ("test", "c")):
        rows = [{"tokens": [word, "x"], "tags": ["B-y", "O"]}]
        datasets.Dataset.from_list(rows).to_parquet(f"set/{split}.parquet")
    task = load("hf:./set")
    deal = task.deal(torch.Generator())
    assert deal.pool.inputs(deal.pool.ids).to_pylist() == [["a", "x"]]
    assert deal.judge.sample(9)[0].to_pylist() == [["c", "x"]]
    Path("set/test.parquet").unlink()
    drawn = load("hf:./set")
    assert len(drawn.corpus.splits) == 2
    assert drawn.card.recipe("words").pool == 1


def test_is_prepared_once_and_again_when_anything_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    first = load(put("my.conll", IOB1))
    read: list[Any] = []
    monkeypatch.setattr(own, "read", lambda *args, real=own.read: read.append(args) or real(*args))
    again = load("my.conll")
    assert (again.data_digest, again.card, read) == (first.data_digest, first.card, [])
    named = load("my.conll", scheme="iob1")
    assert (named.data_digest, len(read)) == (first.data_digest, 1)
    other = load(put("my.conll", IOB1.replace("Bonn", "Rome")))
    assert (other.data_digest != first.data_digest, len(read)) == (True, 2)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a B-x\nb\n", r"my\.conll, line 2: 1 columns?, but line 1 has 2"),
        ("a B-x\nb\udcff O\n", r"my\.conll, line 2: byte 2 is not UTF-8"),
        ("a NN\nb VB\n", r"my\.conll, line 1: tag 'NN' of word 1 is of no known .*--columns"),
        ("a B-x\nb L-x\nc U-y\n", r"my\.conll, line 2: tag 'L-x' of word 2 is BILOU"),
        (
            "a B-x\n\nb O\nc I-x\n\nd I-x\n\n",
            r"my\.conll, line \d: no .* scheme fits all: .*--scheme",
        ),
        ("", r"my\.conll holds no sentence"),
        ("\n# only this\n\n", r"my\.conll holds no sentence"),
        ("a O\n\nb O\n", r"my\.conll: every tag is O; name the tags' column"),
        ("a B-x\nb O\n", r"my\.conll holds one sentence; pool and test split take one each"),
        ("a B-x\n\na B-x\n", r"my\.conll holds one sentence"),
    ],
)
def test_bad_data_is_one_sentence(text: str, reason: str) -> None:
    Path("my.conll").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(DataError, match=f"^{reason}") as caught:
        load("my.conll")
    assert "\n" not in str(caught.value)
    with pytest.raises(DataError, match=f"^{reason}"):
        load("my.conll")  # nothing of the first attempt stands in for the second


def test_a_scheme_that_is_named_is_kept_to() -> None:
    with pytest.raises(DataError, match=r"line 2: tag 'I-to' of word 2 follows 'O', .* not BIO"):
        load(put("my.conll", IOB1), scheme="bio")
    with pytest.raises(DataError, match=r"line 3: tag 'I-to' of word 3 .* not IOBES"):
        load(put("my.conll", BIO), scheme="iobes")


def test_a_fault_in_the_test_file_is_of_that_file() -> None:
    with pytest.raises(DataError, match=r"^b\.conll, line 2: .*'I-to' of word 2 follows 'O'"):
        load(put("a.conll", BIO * 9), put("b.conll", IOB1))
    with pytest.raises(DataError, match=r"^b\.conll holds no sentence"):
        load("a.conll", put("b.conll", ""))


def test_there_is_one_protocol() -> None:
    with pytest.raises(UsageError, match=r"Task my has no protocol 'smoke'\. There is: words"):
        tasks.made(*own.load(Source(put("my.conll", BIO))), "smoke")
