from pathlib import Path

import pytest

from bench.error import StorageError, UsageError
from bench.loop import entrant, source, strategy

FILE = b'"""Any (you 2026)."""\r\nneeds = ()\r\ndef select(view, budget, rng): ...\r\n'


def written(path: Path, content: bytes = FILE) -> source.Source:
    path.write_bytes(content)
    return source.read(path)


def test_a_file_is_copied_byte_for_byte(tmp_path: Path) -> None:
    text = entrant.settle(written(tmp_path / "mine.py"), tmp_path / "a" / "b")
    assert text == str(tmp_path / "a" / "b" / "mine.py")
    assert Path(text).read_bytes() == FILE
    assert strategy.load(text).digest == source.read(tmp_path / "mine.py").digest


def test_a_bundled_file_is_itself_wherever_it_lies(tmp_path: Path) -> None:
    content = (strategy.folder() / "lc.py").read_bytes()
    found = written(tmp_path / "lc.py", content)
    assert entrant.settle(found, tmp_path / "copy") == "lc"
    assert not (tmp_path / "copy").exists()


@pytest.mark.parametrize("name", ["lc.py", "full.py"])
def test_a_name_that_is_taken_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=f"the name '{name[:-3]}' is taken; rename the file"):
        entrant.settle(written(tmp_path / name), tmp_path)


@pytest.mark.parametrize("name", ["my-strategy.py", "1st.py", "mine.txt", "mine", "m\xefne.py"])
def test_a_name_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be a strategy's file; rename it"):
        entrant.settle(written(tmp_path / name), tmp_path)


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="Cannot write"):
        entrant.settle(written(tmp_path / "mine.py"), tmp_path / "file")
