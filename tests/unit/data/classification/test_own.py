from pathlib import Path
from typing import Any

import pytest
import torch

from bench.data import task as tasks
from bench.data.classification import own
from bench.data.classification.sheet import Sheet
from bench.data.task import Task
from bench.error import DataError, UsageError
from bench.loop.seed import Streams


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def put(count: int, classes: int = 2, name: str = "songs.csv", first: int = 0) -> str:
    """Distinct texts of three words, class after class."""
    rows = (f"w{n} a b,k{n % classes}\n" for n in range(first, first + count))
    Path(name).write_text("lyric,class\n" + "".join(rows))
    return name


def load(data: str, protocol: str | None = None, test: str = "") -> Task:
    return tasks.made(*own.load(Sheet(data, "lyric", "class", test), protocol), protocol)


def test_a_file_is_a_task_of_sentences_and_sorted_classes() -> None:
    Path("my songs.csv").write_text("lyric,class\nz y,b\nx,10\nw,9\nx  ,b\n")
    task = load("my songs.csv")
    assert (task.card.name, task.card.kind, task.kind.name) == ("my-songs", *["classification"] * 2)
    assert task.corpus.inputs.to_pylist() == [["z", "y"], ["x"], ["w"], ["x"]]
    assert task.corpus.labels.to_pylist() == [["b"], ["10"], ["9"], ["b"]]
    assert task.card.classes == task.kind.classes == ("10", "9", "b")
    assert task.card.title == (
        "my songs.csv: 4 texts, 5 words of column 'lyric'; 3 classes of column 'class'; "
        "1 of 3 distinct texts are drawn for test."
    )


def test_words_are_the_default_unit_and_a_fifth_is_drawn_for_test() -> None:
    task = load(put(50))
    assert task.protocol.name == "words"
    assert (task.protocol.unit, task.protocol.seeds) == ("words", 5)
    assert task.protocol.strategies == ("random", "lc", "entropy", "dal")
    assert task.protocol.targets == tuple(round(n / 100 * 120) for n in range(2, 21, 2))
    recipe = task.card.recipe("words")
    assert (recipe.pool, recipe.test, recipe.each, recipe.learner) == (40, 10, 0, "tfidf-svm")


def test_equal_texts_are_one_where_a_test_split_is_drawn() -> None:
    text = Path(put(50)).read_text()
    Path("songs.csv").write_text(text + text.removeprefix("lyric,class\n").replace(" a", "  a"))
    task = load("songs.csv")
    texts, pools = task.corpus.inputs.to_pylist(), set()
    for seed in range(5):
        drawn = tasks.split(task.card.recipe("words"), task.corpus, Streams(seed)("split"))
        pool, test = ({texts[row][0] for row in part.tolist()} for part in drawn)
        assert (len(pool), len(test), len(pool | test)) == (40, 10, 50)
        pools.add(frozenset(pool))
    assert len(pools) == 5


@pytest.mark.parametrize(("classes", "rows"), [(2, 50_000), (3, 45_000)])
def test_the_guide_starts_with_some_of_each_class_and_spends_thirty_rounds(
    classes: int, rows: int
) -> None:
    task = load(put(rows, classes), "guide")
    recipe = task.card.recipe("guide")
    assert (recipe.pool, recipe.test, recipe.each) == (rows * 7 // 10, rows * 3 // 10, 100)
    assert task.protocol.unit == "items"
    assert task.protocol.targets == tuple(range(100 * classes, 100 * classes + 30_001, 1000))
    assert recipe.learner == "tfidf-svm[stop_words=english]"
    assert task.card.title.endswith("distinct texts are drawn for test.")
    assert task.settings["each"] == 100
    assert "each" not in load("songs.csv").settings


def test_of_the_guides_rounds_those_run_that_the_pool_can_fill() -> None:
    task = load(put(8000), "guide")  # a pool of 5,600
    assert task.protocol.targets == (200, 1200, 2200, 3200, 4200, 5200)
    assert task.card.title.endswith(
        "2,400 of 8,000 distinct texts are drawn for test; 5 of the guide's 30 rounds of 1,000 fit "
        "the pool of 5,600."
    )
    assert "guide" not in load("songs.csv").card.title


@pytest.mark.parametrize(("pool", "rounds"), [(1199, 0), (1200, 1), (2199, 1), (2200, 2)])
def test_a_round_is_a_full_one(pool: int, rounds: int) -> None:
    data, test = put(pool), put(9, name="test.csv", first=pool)
    if rounds:
        task = load(data, "guide", test)
        assert len(task.protocol.targets) == 1 + rounds
        assert f"; {rounds} of the guide's 30 rounds of 1,000 fit" in task.card.title
        return
    reason = r"^songs\.csv: the pool holds 1,199 texts, .* 1,200 at least; .* --protocol words\.$"
    with pytest.raises(DataError, match=reason):
        load(data, "guide", test)
    assert load(data, "words", test).protocol.name == load(data, None, test).protocol.name


def test_a_given_test_split_is_kept() -> None:
    task = load(put(30), test=put(5, name="test.csv"))
    deal = task.deal(torch.Generator())
    assert (len(deal.pool.ids), len(deal.judge.sample(9)[0])) == (30, 5)
    assert task.card.title.endswith("; test split of 5 texts.")


def test_other_protocols_are_unknown() -> None:
    with pytest.raises(UsageError, match=r"Task songs has no protocol 'guid'\. Did you mean guide"):
        load(put(50), "guid")


def test_is_prepared_once_and_again_when_anything_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Any] = []
    real = own.read
    monkeypatch.setattr(own, "read", lambda sheet: read.append(sheet) or real(sheet))
    first, again = load(put(50)), load("songs.csv", "words")
    assert (again.data_digest, again.card, len(read)) == (first.data_digest, first.card, 1)
    assert (load(put(50, 3)).data_digest != first.data_digest, len(read)) == (True, 2)
    with pytest.raises(DataError, match="no column 'label'"):
        own.load(Sheet("songs.csv", "lyric", "label"))


def test_too_few_texts_to_split_are_refused() -> None:
    Path("songs.csv").write_text("lyric,class\na b,x\na  b,y\n")
    with pytest.raises(
        DataError, match=r"^songs\.csv holds one text; pool and test split take one"
    ):
        load("songs.csv")
