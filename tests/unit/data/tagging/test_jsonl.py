import gzip
import json
from pathlib import Path

import pytest

from bench.data.tagging.column import Sentence
from bench.data.tagging.jsonl import keys, sentences
from bench.error import DataError

PARIS = {"tokens": ["to", "Paris"], "tags": ["O", "B-to"]}


def written(folder: Path, *rows: object, name: str = "my.jsonl") -> Path:
    text = "".join(row if isinstance(row, str) else json.dumps(row) + "\n" for row in rows)
    content = text.encode(errors="surrogatepass")
    (folder / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    return folder / name


def test_reads_lists_of_words_and_tags(tmp_path: Path) -> None:
    path = written(tmp_path, PARIS, "\n", {"tags": ["O"], "tokens": ["New\u00a0York"], "id": 7})
    assert list(sentences(path)) == [
        Sentence(1, ["to", "Paris"], ["O", "B-to"], [1, 1]),
        Sentence(3, ["New\u00a0York"], ["O"], [3]),
    ]


def test_a_mark_crlf_and_gzip_make_no_difference(tmp_path: Path) -> None:
    text = "\ufeff" + json.dumps(PARIS) + "\r\n\r\n" + json.dumps(PARIS)
    path = written(tmp_path, text, name="my.jsonl.gz")
    assert [sentence.line for sentence in sentences(path)] == [1, 3]
    assert [sentence.tokens for sentence in sentences(path)] == [["to", "Paris"]] * 2


def test_what_is_empty_or_a_document_mark_is_passed_over(tmp_path: Path) -> None:
    empty, mark = {"tokens": [], "tags": []}, {"tokens": ["-DOCSTART-"], "tags": ["O"]}
    path = written(tmp_path, empty, mark, PARIS)
    assert [sentence.line for sentence in sentences(path)] == [3]


@pytest.mark.parametrize(
    ("row", "wanted", "found"),
    [
        ({"words": ["a"], "ner_tags": ["O"]}, ("", ""), ("words", "ner_tags")),
        ({"words": ["a"], "tokens": ["b"], "labels": ["O"]}, ("", ""), ("tokens", "labels")),
        ({"tags": ["O"], "tokens": ["b"], "x": ["a"], "y": ["O"]}, ("x", "y"), ("x", "y")),
        ({"text": ["a"]}, ("text", None), ("text", None)),
    ],
)
def test_keys_are_those_named_or_the_usual_ones_of_the_first_object(
    tmp_path: Path, row: object, wanted: tuple[str, str], found: tuple[str, str]
) -> None:
    assert keys(written(tmp_path, row), *wanted) == found


def test_without_a_key_of_tags_none_are_read(tmp_path: Path) -> None:
    path = written(tmp_path, {"tokens": ["a"], "tags": 3}, {"tokens": ["b"]})
    assert [(each.tokens, each.tags) for each in sentences(path, "", None)] == [
        (["a"], []),
        (["b"], []),
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ('{"tokens": ["a"], "tags": ["O"}\n', r"no JSON \(Expecting ',' delimiter, column 31\)"),
        ("[" * 100_000 + "\n", "no JSON .*recursion"),
        ("9" * 5000 + "\n", "no JSON .*digits"),
        ([PARIS], "a list; there should be an object on each line"),
        ({**PARIS, "tags": ["O"]}, "1 tags for 2 words; mend the line"),
        ({"tokens": ["a"]}, "no key 'tags'"),
        ({**PARIS, "tokens": "to Paris"}, "'tokens' is no list of words"),
        ({**PARIS, "tokens": ["to", None]}, "word 2 is None, which is no text"),
        ({**PARIS, "tags": [0, 1]}, "tag 1 is 0, which is no text"),
        ({**PARIS, "tokens": ["to", "New York"]}, "word 2, 'New York', is empty, or holds a blank"),
        ({**PARIS, "tokens": ["", "x"]}, "word 1, '', is empty"),
        ({**PARIS, "tokens": ["to", "\ud800"]}, "word 2, .* half a character"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, row: object, reason: str) -> None:
    path = written(tmp_path, PARIS, row)
    with pytest.raises(DataError, match=rf"my\.jsonl, line 2: {reason}"):
        list(sentences(path))


def test_keys_that_are_not_there_are_named_beside_those_that_are(tmp_path: Path) -> None:
    path = written(tmp_path, {"text": ["a"], "ner": ["O"]})
    reason = "line 1: no key tokens or words, only text, ner; name both keys with --columns"
    with pytest.raises(DataError, match=reason):
        list(sentences(path))
    with pytest.raises(DataError, match="no key tag, only text, ner"):
        list(sentences(path, "text", "tag"))
