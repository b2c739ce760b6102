from pathlib import Path
from typing import Any

import pytest

from bench.data.tagging.column import Sentence
from bench.data.tagging.hub import sentences, splits
from bench.error import DataError

NAMES = ["O", "B-to", "I-to"]


def data(words: list[Any], tags: list[Any], names: list[str] | None = None) -> Any:
    import datasets

    kind = datasets.ClassLabel(names=names) if names else datasets.Value("string")
    columns = {"tokens": datasets.List(datasets.Value("string")), "ner_tags": datasets.List(kind)}
    return datasets.Dataset.from_dict(
        {"tokens": words, "ner_tags": tags}, features=datasets.Features(columns)
    )


@pytest.mark.parametrize(
    ("tags", "names"), [([[0, 1], [2]], NAMES), ([["O", "B-to"], ["I-to"]], None)]
)
def test_tags_are_texts_or_named_numbers(tags: list[Any], names: list[str] | None) -> None:
    assert list(sentences(data([["to", "Paris"], ["York"]], tags, names), "d")) == [
        Sentence(1, ["to", "Paris"], ["O", "B-to"], [1, 1]),
        Sentence(2, ["York"], ["I-to"], [2]),
    ]


def test_empty_rows_keep_their_numbers() -> None:
    found = sentences(data([[], ["-DOCSTART-"], ["a"]], [[], [0], [0]], NAMES), "d")
    assert [sentence.line for sentence in found] == [3]


def test_rows_are_counted_over_batches() -> None:
    many = data([["a"]] * 2500, [[0]] * 2500, NAMES)
    assert [sentence.line for sentence in sentences(many, "d")] == list(range(1, 2501))


@pytest.mark.parametrize(
    ("words", "tags", "reason"),
    [
        ([["a"], ["a", "b"]], [[0], [0]], "d, row 2: 1 tags for 2 words"),
        ([["a"]], [[-1]], "d, row 1: tag 1 is -1, which has no name"),
        ([["a"]], [[None]], "d, row 1: tag 1 is None, which has no name"),
        ([["a"]], [None], "d, row 1: 'ner_tags' is no list of tags"),
        ([[None]], [[0]], "d, row 1: word 1 is None, which is no text"),
    ],
)
def test_a_bad_row_is_named(words: list[Any], tags: list[Any], reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        list(sentences(data(words, tags, NAMES), "d"))


def test_numbers_without_names_are_refused() -> None:
    import datasets

    bare = datasets.Dataset.from_dict({"tokens": [["a"]], "tags": [[0]]})
    with pytest.raises(DataError, match="d, row 1: tag 1 is 0, which is no text"):
        list(sentences(bare, "d"))


def test_other_keys_are_named_beside_those_that_are_there() -> None:
    with pytest.raises(DataError, match="d: no key text, only tokens, ner_tags; name both"):
        list(sentences(data([["a"]], [[0]], NAMES), "d", "text", "ner_tags"))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("hf:./absent", r"There is no folder \./absent"),
        ("hf:nobody/nothing", "hf:nobody/nothing cannot be loaded: ConnectionError: "),
        ("hf:{folder}", "hf:.* cannot be loaded: "),
        ("hf:{saved}:other", "hf:.*:other cannot be loaded: ValueError: .*'other'"),
    ],
)
def test_what_cannot_be_loaded_is_one_sentence(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "saved").mkdir()
    data([["a"]], [[0]], NAMES).to_parquet(tmp_path / "saved" / "train.parquet")
    named = name.format(folder=tmp_path / "empty", saved=tmp_path / "saved")
    with pytest.raises(DataError, match=f"^{reason}") as caught:
        splits(named)
    assert "\n" not in str(caught.value)
