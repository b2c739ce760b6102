import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.data import card
from bench.data.tagging.column import Sentence
from bench.data.tagging.reader import Row, check, parallel, read, sentences
from bench.data.tagging.scheme import Malformed
from bench.error import DataError

Maker = Callable[..., Path]
INVENTORY = frozenset({"O", "B-to", "I-to", "B-from", "I-from"})

word = st.text(min_size=1, max_size=5).filter(lambda text: text.split() == [text])
gap = st.text(" \t", min_size=1, max_size=3)
span = st.sampled_from([["O"], ["B-to"], ["B-to", "I-to"], ["B-from", "I-from", "I-from"]])


@st.composite
def rows_of_words(draw: st.DrawFn) -> tuple[list[str], list[str]]:
    tags = [tag for part in draw(st.lists(span, min_size=1, max_size=4)) for tag in part]
    return draw(st.lists(word, min_size=len(tags), max_size=len(tags))), tags


def written(folder: Path, tokens: bytes, tags: bytes) -> tuple[Path, Path]:
    left, right = folder / "seq.in", folder / "seq.out"
    left.write_bytes(tokens)
    right.write_bytes(tags)
    return left, right


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(rows_of_words(), max_size=6), gap=gap, ending=st.sampled_from(["", "\n"]))
def test_reads_what_was_written(
    tmp_path: Path, rows: list[tuple[list[str], list[str]]], gap: str, ending: str
) -> None:
    texts = [
        "\n".join(gap.join(row[side]) for row in rows) + ending * bool(rows) for side in (0, 1)
    ]
    paths = written(tmp_path, texts[0].encode(), texts[1].encode())
    assert list(parallel("s", *paths, INVENTORY)) == [Row("s", *row) for row in rows]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(rows_of_words(), min_size=1, max_size=6), data=st.data())
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


LISTED = [
    # tags of the second sentence, whose words are on the lines 4, 6 and 7; scheme; line; reason
    (["O", "I-to", "I-to"], "bio", 6, "tag 'I-to' of word 2 follows 'O', which is not BIO"),
    (["O", "I-to", "S-to"], "iob1", 7, "tag 'S-to' of word 3 follows 'I-to', which is not IOB1"),
    (["O", "S-to", "B-to"], "iobes", 7, "tag 'B-to' of word 3 ends the sentence"),
    (["O", "I-too", "I-to"], "iob1", 6, "tag 'B-too' of word 2 is not in the card's inventory"),
    (["NNP", "O", "O"], "bio", 4, "tag 'NNP' of word 1 is of no known scheme"),
    (["O", "O"], "bio", 4, "2 tags for 3 words"),
]


@pytest.mark.parametrize(("tags", "scheme", "line", "reason"), LISTED)
def test_a_tag_that_cannot_be_read_is_found_in_its_line(
    tags: list[str], scheme: str, line: int, reason: str
) -> None:
    found = [Sentence(1, ["a"], ["O"], [1]), Sentence(4, ["a", "b", "c"], tags, [4, 6, 7])]
    read_rows = sentences("s", Path("some.txt"), found, scheme, INVENTORY)
    assert next(read_rows) == Row("s", ["a"], ["O"])
    with pytest.raises(DataError, match=rf"^some\.txt, line {line}: {re.escape(reason)}.*; mend"):
        next(read_rows)


def test_sentences_come_in_bio2() -> None:
    found = [Sentence(1, ["a", "b", "c"], ["I-to", "I-to", "B-to"], [1, 2, 3])]
    (row,) = sentences("s", Path("some.txt"), found, "iob1", INVENTORY)
    assert row == Row("s", ["a", "b", "c"], ["B-to", "I-to", "B-to"])


COLUMNS = "-DOCSTART- -X- O\n\nto TO O\nnew JJ I-to\nyork NN I-to\n\nrome NN I-from\nyork NN I-to\n"
DIALOG = (
    "x\t3:11:to\tto New York\ten_XX\t"
    '{"tokenizations": [{"tokens": ["to", "new", "york"], "tokenSpans": '
    '[{"start": 0, "length": 2}, {"start": 3, "length": 3}, {"start": 7, "length": 4}]}]}\n'
)


def test_each_reader_of_a_card_finds_the_same(make: Maker, tmp_path: Path) -> None:
    make()
    (tmp_path / "columns").write_text(COLUMNS)
    (tmp_path / "fmtod").write_text(DIALOG)
    want = [Row("train", ["to", "new", "york"], ["O", "B-to", "I-to"])]
    also = [Row("train", ["rome", "york"], ["B-from", "B-to"])]
    for reader, rows in (("columns", want + also), ("fmtod", want)):
        words = sum(len(row.tokens) for row in rows)
        changed = replace(
            card.load("tiny"),
            reader=reader,
            columns=card.Layout(word=1, tag=3, scheme="iob1"),
            files=(card.File("sentences", reader, "", split="train"),),
            counts={"train": card.Counts(len(rows), words)},
        )
        files = {reader: tmp_path / reader}
        assert read(changed, files) == rows
        wrong = replace(changed, counts={"train": card.Counts(len(rows), words + 1)})
        with pytest.raises(DataError, match=f"{len(rows)} sentences with {words} words were read"):
            read(wrong, files)


def test_counts_other_than_the_cards_are_an_error(make: Maker) -> None:
    root = make(("tokens = 13", "tokens = 14"))
    tiny = card.load("tiny")
    files = {file.path: root / file.path for file in tiny.files}
    with pytest.raises(DataError, match="4 sentences with 13 words were read, but the card states"):
        read(tiny, files)
