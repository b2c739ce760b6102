import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
import torch

from bench.data import card, corpus, fetch, table
from bench.data.tagging import reader
from bench.error import DataError, StorageError

Maker = Callable[..., Path]


def load(make: Maker, *edits: tuple[str, str], **changes: dict[str, str]) -> corpus.Corpus:
    root = make(*edits, **changes)
    return corpus.load(card.load("tiny"), root)


def prepared() -> list[Path]:
    return sorted((fetch.cache() / "prepared").iterdir())


def test_holds_every_row_in_the_cards_order(make: Maker) -> None:
    tiny = load(make)
    assert tiny.splits.to_pylist() == ["train"] * 4 + ["test"] * 2
    assert tiny.inputs.to_pylist()[1] == ["from", "new", "york", "to", "boston"]
    assert tiny.labels.to_pylist()[1] == ["O", "B-from", "I-from", "O", "B-to"]


def test_rows_of_a_split_and_of_distinct_texts(make: Maker) -> None:
    tiny = load(make)
    assert tiny.rows().tolist() == [0, 1, 2, 3, 4, 5]
    assert tiny.rows(distinct=True).tolist() == [0, 1, 3, 4]
    assert tiny.rows("train").tolist() == [0, 1, 2, 3]
    assert tiny.rows("test", distinct=True).tolist() == [4]
    assert tiny.rows().dtype == torch.int64


def test_is_prepared_once_and_mapped(make: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    root, tiny = make(), card.load("tiny")
    first = corpus.load(tiny, root)
    monkeypatch.setattr(reader, "read", lambda *_: pytest.fail("read twice"))
    before = pa.total_allocated_bytes()
    second = corpus.load(tiny, root)
    assert first.digest == second.digest
    assert second.inputs.equals(first.inputs)
    assert pa.total_allocated_bytes() - before < second.inputs.nbytes


def test_the_file_of_the_inputs_holds_no_label(make: Maker) -> None:
    load(make)
    (home,) = prepared()
    holds = {
        side: b"B-to" in b"".join(path.read_bytes() for path in (home / side).glob("*"))
        for side in ("inputs", "labels")
    }
    assert holds == {"inputs": False, "labels": True}


def test_the_digest_is_of_the_content_not_of_its_chunks(make: Maker) -> None:
    tiny = load(make)
    columns = (tiny.splits, tiny.inputs, tiny.labels)
    chunked = (pa.chunked_array([c.combine_chunks()[:2], c.combine_chunks()[2:]]) for c in columns)
    assert tiny.kind.digest(table.Columns(*chunked)) == tiny.digest


def test_the_digest_changes_with_one_label(make: Maker) -> None:
    digest = load(make).digest
    tags = {"train": "O O B-from\nO B-from I-from O B-to\nO O B-to\nO O\n"}
    assert load(make, tags=tags).digest != digest


def test_a_changed_card_is_prepared_anew(make: Maker) -> None:
    first = load(make)
    second = load(make, ("seeds = 2", "seeds = 3"))
    assert len(prepared()) == 2
    assert first.digest == second.digest


def test_a_changed_unpinned_source_is_prepared_anew(make: Maker) -> None:
    root = make()
    pinned = card.load("tiny")
    loose = replace(pinned, files=tuple(replace(file, sha256="") for file in pinned.files))
    first = corpus.load(loose, root)
    tokens = root / loose.files[0].path
    tokens.write_text(tokens.read_text().replace("boston", "denver"))
    second = corpus.load(loose, root)
    assert (len(prepared()), "denver" in second.inputs.to_pylist()[0]) == (2, True)
    assert first.digest != second.digest


def test_a_damaged_copy_is_named(make: Maker) -> None:
    root, tiny = make(), card.load("tiny")
    corpus.load(tiny, root)
    (home,) = prepared()
    (arrow,) = (home / "labels").glob("*.arrow")
    arrow.write_bytes(arrow.read_bytes().replace(b"B-from", b"B-form"))
    with pytest.raises(DataError, match=f"{home.name} is damaged; delete"):
        corpus.load(tiny, root)
    arrow.write_bytes(arrow.read_bytes()[:100])
    with pytest.raises(DataError, match=f"{home.name} is damaged; delete"):
        corpus.load(tiny, root)
    shutil.rmtree(home)
    corpus.load(tiny, root)


def test_a_cache_that_cannot_be_written_is_named(make: Maker) -> None:
    root = make()
    fetch.cache().parent.mkdir(parents=True)
    fetch.cache().write_text("a file where the folder should be")
    with pytest.raises(StorageError, match="labelworth"):
        corpus.load(card.load("tiny"), root)


def test_the_loser_of_a_race_takes_the_winners_copy(
    make: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, tiny = make(), card.load("tiny")
    read = reader.read

    def overtaken(*args: object) -> list[reader.Row]:
        monkeypatch.setattr(reader, "read", read)
        corpus.load(tiny, root)
        return read(tiny, {file.path: root / file.path for file in tiny.files})

    monkeypatch.setattr(reader, "read", overtaken)
    assert len(corpus.load(tiny, root).splits) == 6
    assert len(prepared()) == 1


def test_a_failed_preparation_leaves_nothing(make: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    root, tiny = make(), card.load("tiny")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(table, "save", full)
    with pytest.raises(StorageError, match="No space left on device"):
        corpus.load(tiny, root)
    assert prepared() == []


def test_works_quietly_and_writes_only_its_own_cache(tmp_path: Path) -> None:
    """In a fresh process with a fresh home: no output, no file outside the project's cache."""
    code = "from bench.data import card, corpus; corpus.load(card.load('flights'))"
    home = tmp_path / "home"
    home.mkdir()
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "XDG_", "BENCH_"))}
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={**kept, "HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[3],
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    files = {path.relative_to(home).parts[:2] for path in home.rglob("*") if path.is_file()}
    assert files == {(".cache", "labelworth")}
