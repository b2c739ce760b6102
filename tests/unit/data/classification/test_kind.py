import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score

from bench.data.classification.kind import Classification
from bench.data.classification.part import Part, Pictures, pictures
from bench.data.image import Images
from bench.data.judge import JudgeError
from bench.data.table import Columns, take

KIND = Classification(("cat", "dog", "eel"))
TEXTS = [
    Part("train", [["a", "b"], ["a b"], ["c\xa0d"]], ["cat", "dog", "cat"]),
    Part("test", [["a", "b"]], ["eel"]),
]
PIXELS = np.random.default_rng(0).integers(0, 256, (3, 1, 4, 4), dtype=np.uint8)
IMAGES = [
    Part("train", pictures(PIXELS), ["cat", "dog", "eel"]),
    Part("test", pictures(PIXELS[1:2]), ["dog"]),
]


def written(parts: list[Part], folder: Path) -> Columns:
    KIND.write(parts, folder)
    return KIND.open(folder)


def test_sentences_come_back_with_their_splits_and_classes(tmp_path: Path) -> None:
    columns = written(TEXTS, tmp_path)
    assert columns.splits.to_pylist() == ["train"] * 3 + ["test"]
    assert columns.inputs.to_pylist() == [["a", "b"], ["a b"], ["c\xa0d"], ["a", "b"]]
    assert columns.labels.to_pylist() == [["cat"], ["dog"], ["cat"], ["eel"]]
    assert columns.inputs.type == columns.labels.type == pa.list_(pa.string())


def test_images_come_back_with_their_splits_and_classes(tmp_path: Path) -> None:
    columns = written(IMAGES, tmp_path)
    assert isinstance(columns.inputs, Images)
    assert columns.splits.to_pylist() == ["train"] * 3 + ["test"]
    assert columns.labels.to_pylist() == [["cat"], ["dog"], ["eel"], ["dog"]]
    assert columns.inputs.shape == (1, 4, 4)
    pixels = columns.inputs.read(np.arange(4))
    assert pixels.dtype == np.uint8
    assert (pixels == PIXELS[[0, 1, 2, 1]]).all()


@pytest.mark.parametrize("parts", [TEXTS, IMAGES])
def test_no_class_is_in_the_files_of_the_inputs(parts: list[Part], tmp_path: Path) -> None:
    written(parts, tmp_path)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    inputs = [path for path in files if "labels" not in path.parts]
    assert len(inputs) < len(files)
    held = b"".join(path.read_bytes() for path in inputs)
    assert not [name for name in KIND.classes if name.encode() in held]


def test_changed_pixels_are_noticed(tmp_path: Path) -> None:
    written(IMAGES, tmp_path)
    content = bytearray((tmp_path / "images.npy").read_bytes())
    content[-1] ^= 1
    (tmp_path / "images.npy").write_bytes(content)
    with pytest.raises(ValueError, match="was changed"):
        KIND.open(tmp_path)


def lines(parts: list[Part]) -> str:
    """The digest as its docstring has it, a line at a time."""
    sha = hashlib.sha256()
    for split, inputs, labels in parts:
        held = inputs.digests if isinstance(inputs, Pictures) else inputs
        for each, name in zip(held, labels, strict=True):
            sha.update(f"{json.dumps([split, each, [name]])}\n".encode())
    return sha.hexdigest()


@pytest.mark.parametrize("parts", [TEXTS, IMAGES])
def test_the_digest_is_of_one_line_an_item(parts: list[Part], tmp_path: Path) -> None:
    assert KIND.digest(written(parts, tmp_path)) == lines(parts)


def test_another_pixel_word_class_or_split_is_another_digest(tmp_path: Path) -> None:
    other = PIXELS.copy()
    other[2, 0, 3, 3] ^= 1
    corpora = [
        TEXTS,
        IMAGES,
        [IMAGES[0]._replace(inputs=pictures(other)), IMAGES[1]],
        [IMAGES[0], IMAGES[1]._replace(labels=["cat"])],
        [TEXTS[0]._replace(split="test"), TEXTS[1]],
        [TEXTS[0]._replace(inputs=[["a", "b"], ["a", "b"], ["c\xa0d"]]), TEXTS[1]],
    ]
    found = set()
    for number, parts in enumerate(corpora):
        (tmp_path / str(number)).mkdir()
        found.add(KIND.digest(written(parts, tmp_path / str(number))))
    assert len(found) == len(corpora)


@pytest.mark.parametrize(
    ("parts", "same", "other"), [(TEXTS, (0, 3), (0, 2)), (IMAGES, (1, 3), (0, 1))]
)
def test_equal_inputs_are_one(
    parts: list[Part], same: tuple[int, int], other: tuple[int, int], tmp_path: Path
) -> None:
    found = KIND.identity(written(parts, tmp_path).inputs).to_pylist()
    assert found[same[0]] == found[same[1]]
    assert found[other[0]] != found[other[1]]


def test_words_are_those_of_sentences(tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    columns = written(TEXTS, tmp_path / "texts")
    rows = torch.tensor([0, 2])
    inputs, labels = take(columns.inputs, rows), take(columns.labels, rows)
    assert KIND.words(inputs).tolist() == [2, 1]
    assert KIND.words(inputs).dtype == torch.int64
    assert KIND.count(inputs, labels) == {"words": 3, "entities": 0}


def test_items_are_told_by_class() -> None:
    labels = pa.array([["b"], ["a"], ["b"], ["B-a"]])
    assert KIND.tally(labels) == {"b": 2, "a": 1, "B-a": 1}
    assert KIND.tally(labels[1:2]) == {"a": 1}


def test_images_have_no_words(tmp_path: Path) -> None:
    columns = written(IMAGES, tmp_path)
    with pytest.raises(ValueError, match="no words"):
        KIND.words(columns.inputs)
    assert KIND.count(columns.inputs, columns.labels) == {"words": 0, "entities": 0}


def test_the_classes_are_a_setting_in_their_order() -> None:
    assert KIND.settings == Classification(KIND.classes).settings
    assert KIND.settings != Classification(KIND.classes[::-1]).settings
    assert KIND.remark is None
    assert Classification(KIND.classes, "It is a copy.").remark == "It is a copy."


GOLD = pa.array([["cat"], ["cat"], ["dog"], ["dog"]])


@pytest.mark.parametrize(
    ("found", "accuracy", "macro"),
    [
        (["cat", "cat", "dog", "dog"], 1, 1),
        (["cat", "dog", "dog", "dog"], 3 / 4, (2 / 3 + 4 / 5) / 2),
        (["dog", "dog", "cat", "cat"], 0, 0),
        (["cat", "cat", "cat", "cat"], 1 / 2, (2 / 3 + 0) / 2),
        (["cat", "eel", "dog", "dog"], 3 / 4, (2 / 3 + 1 + 0) / 3),  # eel: predicted, never right
    ],
)
def test_scores_by_hand(found: list[str], accuracy: float, macro: float) -> None:
    score = KIND.score(GOLD, pa.array(found))
    assert score == pytest.approx({"accuracy": accuracy, "f1_macro": macro})
    assert KIND.metric == "accuracy"


@given(st.lists(st.tuples(*[st.sampled_from(KIND.classes)] * 2), min_size=1))
def test_scores_are_those_of_scikit_learn_to_the_bit(pairs: list[tuple[str, str]]) -> None:
    gold, found = map(list, zip(*pairs, strict=True))
    score = KIND.score(pa.array([[name] for name in gold]), pa.array(found))
    macro = f1_score(gold, found, average="macro", zero_division=0)
    assert score == {"accuracy": accuracy_score(gold, found), "f1_macro": macro}


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (["cat"] * 4, "should be an Arrow array of classes"),
        (pa.array([["cat"]] * 4), "should be an Arrow array of classes"),
        (pa.array([0, 0, 1, 1]), "should be an Arrow array of classes"),
        (pa.array(["cat", None, "dog", "dog"]), "without nulls"),
        (pa.array(["cat"] * 3), "3 predictions for 4 test items"),
        (pa.array(["cat", "Cat", "dog", "dog"]), "class 'Cat' is not one of the task's"),
    ],
)
def test_anything_but_a_class_an_item_is_refused(found: Any, message: str) -> None:
    with pytest.raises(JudgeError, match=message):
        KIND.score(GOLD, found)
