import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.data import card
from bench.data.tagging.reader import Malformed, Row, check, parallel, read
from bench.error import DataError

Maker = Callable[..., Path]
INVENTORY = frozenset({"O", "B-to", "I-to", "B-from", "I-from"})

word = st.text(min_size=1, max_size=5).filter(lambda text: text.split() == [text])
gap = st.text(" \t", min_size=1, max_size=3)
span = st.sampled_from([["O"], ["B-to"], ["B-to", "I-to"], ["B-from", "I-from", "I-from"]])


@st.composite
def sentences(draw: st.DrawFn) -> tuple[list[str], list[str]]:
    tags = [tag for part in draw(st.lists(span, min_size=1, max_size=4)) for tag in part]
    return draw(st.lists(word, min_size=len(tags), max_size=len(tags))), tags


def written(folder: Path, tokens: bytes, tags: bytes) -> tuple[Path, Path]:
    left, right = folder / "seq.in", folder / "seq.out"
    left.write_bytes(tokens)
    right.write_bytes(tags)
    return left, right


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(sentences(), max_size=6), gap=gap, ending=st.sampled_from(["", "\n"]))
def test_reads_what_was_written(
    tmp_path: Path, rows: list[tuple[list[str], list[str]]], gap: str, ending: str
) -> None:
    texts = [
        "\n".join(gap.join(row[side]) for row in rows) + ending * bool(rows) for side in (0, 1)
    ]
    paths = written(tmp_path, texts[0].encode(), texts[1].encode())
    assert list(parallel("s", *paths, INVENTORY)) == [Row("s", *row) for row in rows]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(sentences(), min_size=1, max_size=6), data=st.data())
def test_a_word_too_many_is_found_in_its_line(
    tmp_path: Path, rows: list[tuple[list[str], list[str]]], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(rows) - 1))
    rows[at][0].append("more")
    texts = ["\n".join(" ".join(row[side]) for row in rows) for side in (0, 1)]
    paths = written(tmp_path, texts[0].encode(), texts[1].encode())
    with pytest.raises(DataError, match=rf"seq\.out, line {at + 1}: \d+ tags for \d+ words"):
        list(parallel("s", *paths, INVENTORY))


@pytest.mark.parametrize(
    ("tokens", "tags", "message"),
    [
        (b"a b\nc\n", b"O O\n", "seq.out has 1 lines, but"),
        (b"a b\n", b"O O\nO\n", "seq.out has 2 lines, but"),
        (b"a b\nc d\n", b"O O\nO\n", "seq.out, line 2: 1 tags for 2 words"),
        (b"a\n\nb\n", b"O\n\nO\n", "seq.in, line 2: the sentence is empty"),
        (b"a\n \t\nb\n", b"O\nO\nO\n", "seq.in, line 2: the sentence is empty"),
        (b"a\n\n", b"O\n\n", "seq.in, line 2: the sentence is empty"),
        (b"a\nb\xff\n", b"O\nO\n", "seq.in, line 2: byte 2 is not UTF-8"),
        (b"a\nb\n", b"O\n\xc3\n", "seq.out, line 2: byte 1 is not UTF-8"),
        (b"a b\n", b"O B-too\n", "seq.out, line 1: tag 'B-too' of word 2 is not in the card's"),
        (b"a b\n", b"O I-to\n", "seq.out, line 1: tag 'I-to' of word 2 follows 'O', which is not"),
        (b"a b\n", b"B-from I-to\n", "tag 'I-to' of word 2 follows 'B-from'"),
    ],
)
def test_a_malformed_row_names_file_line_and_reason(
    tmp_path: Path, tokens: bytes, tags: bytes, message: str
) -> None:
    with pytest.raises(DataError, match=re.escape(message)):
        list(parallel("s", *written(tmp_path, tokens, tags), INVENTORY))


def test_takes_the_lines_of_other_systems(tmp_path: Path) -> None:
    paths = written(tmp_path, b"a  b\r\nc\r\n", b"O\tO\r\nO")
    assert [row.tokens for row in parallel("s", *paths, INVENTORY)] == [["a", "b"], ["c"]]


def test_a_span_begins_with_b() -> None:
    check(Row("s", ["a", "b", "c"], ["B-to", "I-to", "B-to"]), INVENTORY)
    with pytest.raises(Malformed):
        check(Row("s", ["a"], ["I-to"]), INVENTORY)


def test_counts_other_than_the_cards_are_an_error(make: Maker) -> None:
    root = make(("tokens = 13", "tokens = 14"))
    tiny = card.load("tiny")
    files = {file.path: root / file.path for file in tiny.files}
    with pytest.raises(DataError, match="4 sentences with 13 words were read, but the card states"):
        read(tiny, files)
