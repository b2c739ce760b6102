"""Files with a class and a sentence a line: bytes that look like spaces, and what is refused."""

import re
from pathlib import Path

import pytest

from bench.data.classification import line
from bench.error import DataError

CLASSES = ("bad", "good")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "reviews.all"


def read(path: Path, content: bytes, encoding: str = "latin-1") -> list[tuple[list[str], str]]:
    path.write_bytes(content)
    return list(line.sentences(path, encoding, CLASSES))


def test_reads_classes_and_words(path: Path) -> None:
    found = read(path, b"1 a fine film \n0 no\tfilm  at all\n")
    assert found == [(["a", "fine", "film"], "good"), (["no", "film", "at", "all"], "bad")]


@pytest.mark.parametrize("content", [b"1 a b\r\n0 c\r\n", b"1 a b\n0 c"])
def test_ends_of_lines_are_no_words(path: Path, content: bytes) -> None:
    assert read(path, content) == [(["a", "b"], "good"), (["c"], "bad")]


def test_only_blanks_and_tabs_part_words(path: Path) -> None:
    """Bytes 85 and A0, and the separators 1C to 1F, are white space to str.split."""
    text = "1 \x85hmm\x85 a\xa0b c\x1cd"
    assert read(path, text.encode("latin-1")) == [(["\x85hmm\x85", "a\xa0b", "c\x1cd"], "good")]
    assert len(text.split()) == 6


def test_the_encoding_is_the_one_named(path: Path) -> None:
    assert read(path, b"1 caf\xe9\n") == [(["café"], "good")]
    assert read(path, "1 café\n".encode(), "utf-8") == [(["café"], "good")]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"1 a\n2 b\n", "line 2: it begins with '2', not with a class, 0 to 1; mend the line"),
        (b"1 a\ngood b\n", "line 2: it begins with 'good', not with a class, 0 to 1; mend"),
        (b"1 a\n01 b\n", "line 2: it begins with '01', not"),
        (b"1 a\n\n0 b\n", "line 2: it begins with '', not with a class"),
        (b"1\n", "line 1: the text is empty; mend the line or fetch the file again"),
        (b"1 a\n0 \t \n", "line 2: the text is empty"),
        (b"1 a\n0 caf\xe9\n", "line 2: byte 6 is not UTF-8; state the encoding on the card or"),
    ],
)
def test_what_is_no_line_is_told_by_its_number(path: Path, content: bytes, said: str) -> None:
    with pytest.raises(DataError, match=re.escape(f"{path}, {said}")):
        read(path, content, "utf-8")


def test_a_file_that_is_not_there_is_named(path: Path) -> None:
    with pytest.raises(DataError, match=r"reviews\.all cannot be read: No such file"):
        list(line.sentences(path, "utf-8", CLASSES))
