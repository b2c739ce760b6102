import hashlib

import pyarrow as pa
import pytest
import torch

from bench.data.table import Columns
from bench.data.tagging.kind import Tagging

KIND = Tagging(("O", "B-x", "B-y", "I-x"))
TOKENS = pa.array([["a"], ["b", "c"], ["e", "f", "g"]])
TAGS = pa.array([["O"], ["B-x", "I-x"], ["O", "B-x", "B-y"]])


@pytest.mark.parametrize(
    ("rows", "words", "entities"), [([0], 1, 0), ([1, 2], 5, 3), ([2], 3, 2), ([], 0, 0)]
)
def test_counts_words_and_spans(rows: list[int], words: int, entities: int) -> None:
    chosen = pa.array(rows, pa.int64())
    found = KIND.count(TOKENS.take(chosen), TAGS.take(chosen))
    assert found == {"words": words, "entities": entities}


def test_spans_are_told_by_type_and_are_the_entities() -> None:
    assert KIND.tally(TAGS) == {"x": 2, "y": 1}
    assert KIND.tally(TAGS[:1]) == {}
    dashed = pa.array([["B-a-b", "I-a-b", "B-B-a", "O"], ["B-a-b"]])
    assert KIND.tally(dashed) == {"a-b": 2, "B-a": 1}


def test_words_of_each_sentence() -> None:
    assert KIND.words(TOKENS).tolist() == [1, 2, 3]
    assert KIND.words(TOKENS[1:]).tolist() == [2, 3]
    assert KIND.words(TOKENS).dtype == torch.int64


def test_sentences_are_one_when_their_words_are() -> None:
    texts = pa.chunked_array([[["a", "b"], ["ab"]], [["a", "b"], ["b", "a"]]])
    found = KIND.identity(texts).to_pylist()
    assert found[0] == found[2]
    assert len(set(found)) == 3


def test_the_digest_is_of_one_line_a_sentence() -> None:
    columns = [pa.chunked_array([part]) for part in (pa.array(["s", "s", "t"]), TOKENS, TAGS)]
    lines = b"s\ta\tO\ns\tb c\tB-x I-x\nt\te f g\tO B-x B-y"
    assert KIND.digest(Columns(*columns)) == hashlib.sha256(lines).hexdigest()


def test_the_inventory_is_a_setting_and_everything_can_be_measured() -> None:
    assert KIND.settings == Tagging(KIND.tags).settings
    assert KIND.settings != Tagging(KIND.tags[::-1]).settings
    assert KIND.remark is None
    gold = KIND.score(TAGS, TAGS)
    assert gold[KIND.metric] == 1
