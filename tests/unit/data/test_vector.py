"""Files of word vectors, as they are published and as they go wrong; every number by hand."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.data import vector
from bench.error import DataError
from bench.spec import Spec

Writer = Callable[..., Path]
PLAIN = "the 0.5 -1\nboston 2e-1 3\nDenver 7 8\n, 4 4\n"
NAN = [np.nan, np.nan]


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    def make(content: str | bytes, name: str = "glove.txt") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return make


def table(path: Path, *words: str) -> Any:
    return vector.read((path,), words).table


def same(found: Any, expected: Any) -> None:
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, np.array(expected, np.float32))


def refused(path: Path, *words: str) -> str:
    with pytest.raises(DataError) as caught:
        vector.read((path,), words or ("the",))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_words_get_their_numbers_and_others_none(write: Writer) -> None:
    path = write(PLAIN)
    same(table(path, "boston", "friday", "the"), [[0.2, 3], NAN, [0.5, -1]])
    assert vector.sizes([path]) == [2]


def test_a_word_is_looked_up_as_written_and_then_in_lower_case(write: Writer) -> None:
    both = write("us 1 2\nUS 3 4\nDenver 5 6\n")
    same(table(both, "US", "us", "Us", "denver"), [[3, 4], [1, 2], [1, 2], NAN])


@pytest.mark.parametrize(
    "content",
    [
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace("\n", " \n"),  # fastText ends lines in a blank
        PLAIN.replace(" ", "\t"),
        PLAIN.replace(" ", "  "),
        PLAIN.rstrip("\n"),
        PLAIN.replace("\n", "\n\n"),
        "\ufeff" + PLAIN,
        "4 2\n" + PLAIN,
        "\ufeff4 2\r\n" + PLAIN,
    ],
)
def test_blanks_line_ends_and_headers_are_no_matter(write: Writer, content: str) -> None:
    path = write(content)
    same(table(path, "the", "boston", "Denver", ","), [[0.5, -1], [0.2, 3], [7, 8], [4, 4]])
    assert "again" not in vector.read((path,), ("the",)).remark


def test_a_header_is_no_word_and_a_number_may_be_one(write: Writer) -> None:
    path = write("2 2\n7 1.5 2.5\n2 3 4\n")
    same(table(path, "2", "7"), [[3, 4], [1.5, 2.5]])
    same(table(write("7 1.5 2.5\n2 3 4\n", "b.txt"), "2", "7"), [[3, 4], [1.5, 2.5]])


def test_words_may_hold_blanks_and_characters_that_end_lines_elsewhere(write: Writer) -> None:
    path = write("the 1 2\nat a@b.com 3 4\n. . . 5 6\nnew\u00a0york 7 8\na\u2028b 9 1\nat 2 2\n")
    same(table(path, "at a@b.com", ". . .", "at"), [[3, 4], [5, 6], [2, 2]])
    same(table(path, "new\u00a0york", "a\u2028b", "new"), [[7, 8], [9, 1], NAN])
    same(table(write("New York 3 4\nNew 1 1\nYork 2 2\n", "b.txt"), "York"), [[2, 2]])


def test_a_gzipped_file_is_read_as_it_is(write: Writer) -> None:
    path = write(gzip.compress(PLAIN.encode()), "glove.txt.gz")
    same(table(path, "boston"), [[0.2, 3]])
    assert vector.identity([path]).startswith("glove:")


def test_of_a_key_that_stands_twice_the_first_counts_and_that_is_said(write: Writer) -> None:
    path = write("the 1 2\nto 3 4\nthe 5 6\nthe 7 8\nto 9 9\nof 1 1\nof 2 2\n")
    same(table(path, "the", "to"), [[1, 2], [3, 4]])
    told = vector.read((path,), ("the", "to")).remark
    assert told.endswith("; glove has 3 of its keys again, and the first one counts")


LINES = [f"w{i} {i} {i}" for i in range(1, 10)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("w7 1", "1 numbers after the word, not 2"),
        ("w7", "0 numbers after the word, not 2"),
        ("w7 1 2 3", "3 numbers after the word, not 2"),
        ("other 1", "1 numbers after the word, not 2"),
        ("other 1 2 3", "3 numbers after the word, not 2"),
        ("w7 1 x", "'x' is no finite number"),
        ("w7 nan 1", "'nan' is no finite number"),
        ("w7 1 -inf", "'-inf' is no finite number"),
        ("w7 1 1e39", "'1e39' is no finite number"),
    ],
)
def test_a_bad_line_is_named_with_its_number(write: Writer, line: str, reason: str) -> None:
    path = write("\n".join([*LINES[:6], line, *LINES[7:]]))
    said = refused(path, "w7", "w1")
    assert said.startswith(f"{path}, line 7: {reason}")
    assert said.endswith("; mend the line, or leave it out.")


def test_a_header_that_says_another_dimension_is_refused(write: Writer) -> None:
    said = refused(write("4 3\n" + PLAIN))
    assert "line 2: 2 numbers after the word, not 3 as the first line has it" in said


@pytest.mark.parametrize("bad", [b"caf\xe9 1 2", b"caf\xe9 noir 1 2", b"caf\xe9\t1 2"])
def test_a_word_that_is_not_utf_8_is_refused(write: Writer, bad: bytes) -> None:
    path = write(PLAIN.encode() + bad + b"\n")
    said = f"{path}, line 5: a word that is not UTF-8; convert the file, or leave the line out."
    assert refused(path) == said


@pytest.mark.parametrize("content", ["", "\n \n", "4 2\n"])
def test_a_file_without_vectors_is_refused(write: Writer, content: str) -> None:
    path = write(content)
    assert refused(path) == f"{path} holds no vectors; name a whole file."


def test_what_is_no_file_of_vectors_is_refused(write: Writer, tmp_path: Path) -> None:
    assert "line 1: a word without numbers" in refused(write("word\nanother\n", "a.txt"))
    assert "a.zip is an archive; unpack it" in refused(write(PLAIN, "a.zip"))
    assert "a.tar.gz is an archive; unpack it" in refused(write(PLAIN, "a.tar.gz"))
    assert "none.txt cannot be read: No such file" in refused(tmp_path / "none.txt")
    assert "cannot be read: Is a directory" in refused(tmp_path)
    assert "cannot be read: Not a gzipped file" in refused(write(PLAIN, "a.gz"))
    half = gzip.compress(PLAIN.encode() * 99)[:-20]
    assert "cannot be read after line 102: Compressed file ended" in refused(write(half, "b.gz"))
    for path in (tmp_path / "none.txt", tmp_path):
        with pytest.raises(DataError, match="cannot be read"):
            vector.identity([path])


def test_a_file_of_other_words_is_refused(write: Writer) -> None:
    path = write(PLAIN)
    assert refused(path, "le", "la").startswith(f"{path} has no vector for any of the 2 words;")


NGRAMS = """2gram-#BEGIN#a 1 0
2gram-aa 0 2
2gram-a#END# 4 4
3gram-#BEGIN#aa 0 -2
3gram-aaa 5 5
4gram-aaa#END# 100 100
4gram-aaaa 8 0
2gram-bc 3 3
1gram-a 100 100
2gram-aa 50 50
"""


def test_of_ngrams_a_word_is_the_mean_of_its_distinct_ones(write: Writer) -> None:
    path = write(NGRAMS, "charNgram.txt")
    # <aa>: <a, aa, a>, <aa; absent: aa>, <aa>
    expected = [[(1 + 0 + 4 + 0) / 4, (0 + 2 + 4 - 2) / 4]]
    same(table(path, "aa"), expected)
    # <aaaa>: <a, aa (three times, counted once), a>, <aa, aaa (twice, once), aaaa, aaa>
    same(table(path, "aaaa"), [[(1 + 0 + 4 + 0 + 5 + 8 + 100) / 7, (0 + 2 + 4 - 2 + 5 + 100) / 7]])
    # one letter: the mean of <a and a>, no 1-gram; a word of none of them: nothing
    same(table(path, "a", "xyz"), [[2.5, 2], NAN])


def test_ngrams_too_are_of_the_word_as_written_and_then_in_lower_case(write: Writer) -> None:
    path = write(NGRAMS, "charNgram.txt")
    same(table(path, "BC", "Bbc", "AA"), [[3, 3], [3, 3], [1.25, 1]])


def test_ngrams_are_known_by_the_first_key_and_said(write: Writer) -> None:
    path = write(NGRAMS, "charNgram.txt")
    read = vector.read((path,), ("aa", "xyz"))
    assert "(50.0 %; charNgram 50.0 % by character n-grams); charNgram has 1 of" in read.remark
    same(table(write("word 1 2\n2gram-wo 3 4\n"), "word", "2gram-wo"), [[1, 2], [3, 4]])
    same(table(write("11 2\n2gram-wo 3 4\n", "b.txt"), "word"), [[3, 4]])


def test_files_stand_side_by_side_each_with_its_own_gaps(write: Writer) -> None:
    files = (write(PLAIN), write("to 1 2 3\nthe 4 5 6\n", "kazuma.txt"))
    read = vector.read(files, ("the", "boston", "to", "friday"))
    gap = [np.nan] * 3
    same(read.table, [[0.5, -1, 4, 5, 6], [0.2, 3, *gap], [*NAN, 1, 2, 3], [*NAN, *gap]])
    assert vector.sizes(files) == [2, 3]


def test_coverage_is_said_altogether_and_by_file(write: Writer) -> None:
    files = (write(PLAIN), write("to 1 2 3\nthe 4 5 6\n", "kazuma.txt"))
    words = ("the", "boston", "to", *(f"w{i}" for i in range(1997)))
    assert vector.read(files, words).remark == (
        "embeddings: 3 of 2,000 words of the pool have a vector (0.1 %; glove 0.1 %, kazuma 0.1 %)"
    )
    assert vector.read(files, words[:4]).remark.endswith("(75.0 %; glove 50.0 %, kazuma 50.0 %)")


def test_the_identity_tells_names_and_contents_apart(write: Writer) -> None:
    files = [write(PLAIN), write(PLAIN, "other.txt"), write(PLAIN + "a 1 1\n", "third.txt")]
    marks = [vector.identity([path]) for path in files]
    name, _, digits = marks[0].partition(":")
    assert (name, len(digits)) == ("glove", 8)
    assert marks[1] == f"other:{digits}"
    assert not marks[2].endswith(digits)
    assert vector.identity(files[:2]) == f"{marks[0]}+{marks[1]}"
    assert vector.identity([]) == "random"


def test_any_file_name_fits_the_text_form_of_a_learner(write: Writer) -> None:
    path = write(PLAIN, "my [old], gl\u00f6ve=300d v1.2.txt")
    mark = vector.identity([path])
    assert mark.startswith("my-old-gl-ve-300d-v1.2:")
    spec = Spec.of("bilstm-tagger", {"embeddings": mark})
    assert Spec.parse(str(spec)) == spec


WORD = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1)
NUMBER = st.floats(width=32, allow_nan=False, allow_infinity=False)


@given(st.data())
def test_whatever_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    size = data.draw(st.integers(1, 4))
    row = st.lists(NUMBER, min_size=size, max_size=size)
    held = data.draw(st.dictionaries(WORD, row, min_size=1))
    path = tmp_path_factory.mktemp("any") / "vectors.txt"
    lines = [" ".join([word, *map(repr, values)]) + "\n" for word, values in held.items()]
    header = f"{len(held)} {size}\n" * data.draw(st.booleans())
    path.write_text(header + "".join(lines), encoding="utf-8", newline="\n")
    words = data.draw(st.permutations(sorted(held)))
    same(table(path, *words), [held[word] for word in words])
