import gzip
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.data.tagging.column import Sentence, sentences
from bench.error import DataError

Written = Callable[..., Path]
Rows = list[list[tuple[str, str]]]

odd = st.characters(codec="utf-8", exclude_characters=" \t\r\n\0")
word = st.text(odd, min_size=1, max_size=4).filter(lambda w: not w.startswith(("#", "\ufeff")))
tag = st.sampled_from(["O", "B-x", "I-x", "S-y", "E-y", "NNP"])
corpora = st.lists(st.lists(st.tuples(word, tag), min_size=1, max_size=4), max_size=4)
gap = st.text(" \t", min_size=1, max_size=3)


@pytest.fixture
def written(tmp_path: Path) -> Written:
    def write(content: str | bytes, name: str = "my.conll") -> Path:
        content = content.encode() if isinstance(content, str) else content
        (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
        return tmp_path / name

    return write


def read(path: Path, word: int = 1, tag: int = -1) -> Rows:
    return [list(zip(s.tokens, s.tags, strict=True)) for s in sentences(path, word, tag)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    corpus=corpora,
    gap=gap,
    ending=st.sampled_from(["\n", "\r\n"]),
    mark=st.sampled_from(["", "\ufeff"]),
    between=st.lists(st.sampled_from(["", " ", "\t ", "# a comment", "-DOCSTART- O"]), max_size=4),
    last=st.booleans(),
    name=st.sampled_from(["my.conll", "my.conll.gz"]),
)
def test_reads_what_was_written(
    written: Written,
    corpus: Rows,
    gap: str,
    ending: str,
    mark: str,
    between: list[str],
    last: bool,
    name: str,
) -> None:
    lines, places = [*between], []
    for sentence in corpus:
        places.append([len(lines) + 1 + i for i in range(len(sentence))])
        lines += [f"{one}{gap}{other}" for one, other in sentence] + ["", *between]
    path = written(mark + ending.join(lines) + ending * last, name)
    found = list(sentences(path))
    assert [list(zip(s.tokens, s.tags, strict=True)) for s in found] == corpus
    assert [s.lines for s in found] == places
    assert [s.line for s in found] == [lines[0] for lines in places]


def test_columns_are_counted_from_1_or_are_the_last(written: Written) -> None:
    path = written("1 fly VB O\n2 north NN B-to\n")
    fly = [("fly", "O"), ("north", "B-to")]
    assert read(path, 2, 4) == read(path, 2, -1) == read(path, 2) == [fly]
    assert read(path, 3, 1) == [[("VB", "1"), ("NN", "2")]]
    assert list(sentences(path, 2, None)) == [Sentence(1, ["fly", "north"], [], [1, 2])]


def test_a_no_break_space_parts_no_columns(written: Written) -> None:
    assert read(written("10\u00a0000\tO\n\u3000 O\n")) == [[("10\u00a0000", "O"), ("\u3000", "O")]]


COMMENTS = [
    # a file of two columns, and its words
    ("# sent_id = 1\na O\n", "a"),
    ("# text\na O\n", "a"),  # as many columns, but no tag
    ("#\na O\n", "a"),
    ("a O\n# inside it\nb O\n", "a b"),
    ("# O\na O\n", "# a"),
    ("#\tO\n", ""),  # no word says how many columns there are
    ("a O\n# B-x\n", "a #"),
    ("a O\n#hash L-x\n#hash tag\n", "a #hash"),
    ("a O\n # a comment behind a blank\n", "a"),
]


@pytest.mark.parametrize(("content", "words"), COMMENTS)
def test_a_comment_is_told_from_the_word_that_looks_like_it(
    written: Written, content: str, words: str
) -> None:
    found = [word for sentence in sentences(written(content)) for word in sentence.tokens]
    assert found == words.split()


def test_without_tags_a_comment_has_other_columns(written: Written) -> None:
    path = written("# two fields\na\n#\nb\n\n# id\n\nc\n")
    assert [s.tokens for s in sentences(path, 1, None)] == [["a", "#", "b"], ["c"]]


def test_documents_part_sentences(written: Written) -> None:
    path = written("-DOCSTART- -X- O O\n\na N O B-x\n-DOCSTART-\nb N O O\n")
    assert [s.tokens for s in sentences(path)] == [["a"], ["b"]]


RAGGED = [
    (b"a O\n\nb O\nc\n", "line 4: 1 column, but line 1 has 2; mend the line"),
    (b"# note\na O\nb N O\n", "line 3: 3 columns, but line 2 has 2"),
    (b"a O\nb\xff O\n", "line 2: byte 2 is not UTF-8; save the file as UTF-8"),
    (b"\xff\xfea\x00 \x00O\x00", "line 1: byte 1 is not UTF-8"),
    (b"a\x00 \x00O\x00\n\x00", "line 1: character 2 is a zero byte"),
    (b"a O\rb O\r", "line 1: character 4 is a carriage return"),
    (b"\n\na\n", "line 3: 1 column, but 1 and -1 asked for; name the columns"),
]


@pytest.mark.parametrize(("content", "message"), RAGGED)
def test_an_unreadable_file_is_refused_by_line(
    written: Written, content: bytes, message: str
) -> None:
    path = written(content)
    with pytest.raises(DataError, match=re.escape(f"{path}, {message}")):
        list(sentences(path))


@pytest.mark.parametrize("columns", [(0, 1), (1, 3), (3, -1), (1, 1), (2, -1), (-3, 1), (3, None)])
def test_columns_that_are_not_there_are_refused(
    written: Written, columns: tuple[int, int | None]
) -> None:
    with pytest.raises(DataError, match=r"my\.conll, line 2: 2 columns, but .* asked for"):
        list(sentences(written("\na O\n"), *columns))


def test_a_file_that_is_not_there_or_cut_short_is_named(written: Written, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none cannot be read: No such file"):
        list(sentences(tmp_path / "none"))
    whole = written("a O\n" * 1000, "my.gz")
    whole.write_bytes(whole.read_bytes()[:-9])
    with pytest.raises(DataError, match=r"my\.gz cannot be read after line 1000: "):
        list(sentences(whole))
    whole.write_bytes(b"a O\n")
    with pytest.raises(DataError, match=r"my\.gz cannot be read: Not a gzipped file"):
        list(sentences(whole))


def test_an_empty_file_holds_no_sentence(written: Written) -> None:
    for content in ("", "\n", "\ufeff", "# nothing\n\n"):
        assert list(sentences(written(content))) == []
