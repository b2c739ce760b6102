import pyarrow as pa
import pytest

from bench.data.judge import Judge, JudgeError
from bench.data.tagging.kind import Tagging

TOKENS = pa.array([["a", "b", "c"], ["e", "f"], ["d"]])
TAGS = pa.array([["B-x", "I-x", "O"], ["B-x", "B-y"], ["O"]])
KIND = Tagging(("O", "B-x", "B-y", "I-x", "I-y"))
LISTS = pa.list_(pa.string())


@pytest.fixture
def judge() -> Judge:
    return Judge(TOKENS[:2], TAGS[:2], KIND)


def answer(judge: Judge, *rows: list[str | None]) -> dict[str, float]:
    return judge.score(lambda _: pa.array(rows, LISTS))


def test_passes_the_inputs_alone(judge: Judge) -> None:
    seen = []
    judge.score(lambda inputs: seen.append(inputs) or pa.array([["O"] * 3, ["O"] * 2], LISTS))
    assert seen[0].to_pylist() == [["a", "b", "c"], ["e", "f"]]


def test_a_perfect_answer_scores_one(judge: Judge) -> None:
    assert set(answer(judge, ["B-x", "I-x", "O"], ["B-x", "B-y"]).values()) == {1.0}


def test_spans_count_whole_and_tags_singly(judge: Judge) -> None:
    score = answer(judge, ["B-x", "O", "O"], ["B-x", "B-y"])
    assert score == pytest.approx(
        {"f1": 2 / 3, "f1_lenient": 2 / 3, "precision": 2 / 3, "recall": 2 / 3, "accuracy": 4 / 5}
    )


def test_lenient_lets_a_span_begin_with_i(judge: Judge) -> None:
    score = answer(judge, ["I-x", "I-x", "O"], ["B-x", "B-y"])
    assert score["f1_lenient"] == 1
    assert (score["precision"], score["recall"]) == pytest.approx((1, 2 / 3))
    assert score["f1"] == pytest.approx(0.8)


def test_nothing_found_scores_zero_without_a_warning(judge: Judge) -> None:
    score = answer(judge, ["O"] * 3, ["O"] * 2)
    assert score["f1"] == score["f1_lenient"] == score["precision"] == score["recall"] == 0
    assert score["accuracy"] == pytest.approx(1 / 5)


def test_nothing_to_find_scores_zero_without_a_warning() -> None:
    assert answer(Judge(TOKENS[2:], TAGS[2:], KIND), ["O"])["f1"] == 0


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ([["O"] * 3, ["O"] * 2], "should be list<item: string>, not list"),
        (pa.array([[1], [2]]), "should be list<item: string>, not list<item: int64>"),
        (pa.array([["O"] * 3], LISTS), "1 predictions for 2 test sentences"),
        (pa.array([["O"] * 3, ["O"]], LISTS), "Prediction 1 has not one tag for each word"),
        (pa.array([None, ["O"] * 2], LISTS), "Prediction 0 has not one tag for each word"),
        (pa.array([["O"] * 3, ["O", "B-z"]], LISTS), "tag 'B-z' is not in the task's inventory"),
        (pa.array([["O"] * 3, ["O", None]], LISTS), "tag None is not in the task's inventory"),
    ],
)
def test_anything_but_a_tag_a_word_is_refused(judge: Judge, found: object, message: str) -> None:
    with pytest.raises(JudgeError, match=message):
        judge.score(lambda _: found)
