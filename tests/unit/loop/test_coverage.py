"""Files of word vectors in a plan and in the rows that come of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from bench.data import vector
from bench.error import DataError, UsageError
from bench.loop import replay
from bench.loop.fit import FitStore
from bench.loop.plan import Cell, plan
from bench.loop.seed import Streams


@pytest.fixture
def pool(tiny: Any) -> list[str]:
    """The words of the first seed's pool, in order of first appearance."""
    made = tiny.cell("random").task.deal(Streams(0)("split")).pool
    texts = made.inputs(made.ids).to_pylist()
    return list(dict.fromkeys(word for text in texts for word in text))


@pytest.fixture
def files(tmp_path: Path, pool: list[str]) -> tuple[Path, Path]:
    """6 + 2 dimensions; the one lacks two words of the pool, the other all but three."""
    one, other = tmp_path / "one.txt", tmp_path / "other.txt"
    lines = (" ".join([word, *(str(len(word) + i) for i in range(6))]) for word in pool[2:])
    one.write_text("\n".join(lines))
    other.write_text("".join(f"{w} 1 -1\n" for w in pool[1:4]))
    return one, other


def test_coverage_is_that_of_the_first_seeds_pool(
    tiny: Any, files: tuple[Path, Path], pool: list[str]
) -> None:
    n = len(pool)
    percents = [f"{100 * known / n:.1f} %" for known in (n - 1, n - 2, 3)]
    assert plan(tiny.request(embeddings=files, seeds=2)).coverage == (
        f"embeddings: {n - 1} of {n} words of the pool have a vector "
        f"({percents[0]}; one {percents[1]}, other {percents[2]})"
    )
    assert plan(tiny.request()).coverage is None


def test_a_row_says_which_files_its_words_started_from(tiny: Any, files: tuple[Path, Path]) -> None:
    mark = vector.identity(files)
    (row, *_) = tiny.run(tiny.cell("random", rounds=1, embeddings=files))
    assert json.loads(row.learner_params)["embeddings"] == mark
    assert json.loads(row.config)["embeddings"] == mark
    (plain, *_) = tiny.run(tiny.cell("random", rounds=1))
    assert "embeddings" not in json.loads(plain.learner_params)
    assert json.loads(plain.config)["embeddings"] == "random"


def test_fits_are_kept_apart_by_what_words_start_from(
    tiny: Any, files: tuple[Path, Path], tmp_path: Path
) -> None:
    changed = tmp_path / "changed" / files[0].name
    changed.parent.mkdir()
    changed.write_text(files[0].read_text().replace(" 9", " -90"))
    assert changed.read_text() != files[0].read_text()
    store = FitStore(tmp_path / "fits")
    rows = [
        tiny.run(tiny.cell("random", rounds=1, **each), fits=store)[0]
        for each in ({}, {"embeddings": files}, {"embeddings": (changed, files[1])})
    ]
    assert len(list(store.folder.glob("*.npz"))) == 3
    assert len({row.config_digest for row in rows}) == 3
    assert len({row.learner_params for row in rows}) == 3
    tiny.run(tiny.cell("lc", rounds=1, embeddings=files), fits=store)
    assert len(list(store.folder.glob("*.npz"))) == 3, "one start and one set are one fit"


def test_each_order_of_files_is_a_cell_of_its_own(tiny: Any, files: tuple[Path, Path]) -> None:
    paths = {
        tiny.cell("random", embeddings=each).path
        for each in ((), files, files[::-1], (files[0],), (files[0], files[0]))
    }
    assert len(paths) == 5


def test_finished_cells_are_found_again(tiny: Any, files: tuple[Path, Path]) -> None:
    tiny.run(tiny.cell("random", rounds=1, embeddings=files))
    assert plan(tiny.request(rounds=1, embeddings=files)).cells == []
    assert len(plan(tiny.request(rounds=1)).cells) == 1


def test_settings_that_name_vectors_want_their_files(tiny: Any, files: tuple[Path, Path]) -> None:
    named = tiny.learner.replace("]", ",embeddings=one:12345678]")
    with pytest.raises(UsageError, match="'one:12345678', but none are given; name their files"):
        plan(tiny.request(learner=named))
    with pytest.raises(UsageError, match="'one:12345678', but those given are one:"):
        plan(tiny.request(learner=named, embeddings=files))
    right = tiny.learner.replace("]", f",embeddings={vector.identity(files)}]")
    (cell,) = plan(tiny.request(learner=right, embeddings=files)).cells
    assert cell.key == tiny.cell("random", embeddings=files).key


def test_rows_with_vectors_are_not_replayed_without_their_files(
    tiny: Any, files: tuple[Path, Path]
) -> None:
    rows = tiny.run(tiny.cell("random", rounds=1, embeddings=files))
    with pytest.raises(UsageError, match=r"'one:.*\+other:.*', but none are given"):
        replay.successor(rows, FitStore(tiny.out / "x"), print, tiny.request().data_root)


def test_all_is_checked_before_the_first_cell(
    tiny: Any, snaps: Any, files: tuple[Path, Path], tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=r"have 6 dimensions \(6\), .* set to embedding=8"):
        plan(tiny.request(embeddings=files[:1]))
    with pytest.raises(
        UsageError, match="'show-attend-tell' takes no word vectors; leave --embeddings"
    ):
        plan(snaps.request(embeddings=files))
    with pytest.raises(DataError, match=r"none\.txt cannot be read"):
        plan(tiny.request(embeddings=(tmp_path / "none.txt",)))
    bad = tmp_path / "bad.txt"
    bad.write_text(files[1].read_text() + "friday 1\n")
    with pytest.raises(DataError, match=r"bad.txt, line 4: 1 numbers after the word, not 2"):
        plan(tiny.request(embeddings=(files[0], bad)))


def test_files_are_read_once_for_a_pool(
    tiny: Any, files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []
    part = vector._part

    def counted(path: Path, words: tuple[str, ...]) -> Any:
        opened.append(path)
        return part(path, words)

    monkeypatch.setattr(vector, "_part", counted)
    cells: list[Cell] = plan(tiny.request(strategies=("random", "lc"), embeddings=files)).cells
    for cell in cells:
        tiny.run(cell)
    assert opened == list(files)
