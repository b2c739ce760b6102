import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.data.tagging import annotation, column, jsonl
from bench.data.tagging.column import Sentence
from bench.error import StorageError, UsageError

odd = st.characters(codec="utf-8", exclude_characters=" \t\r\n\0\ufeff")
word = st.text(odd, min_size=1, max_size=5).filter(lambda w: not w.startswith("-DOCSTART-"))
piles = st.lists(st.lists(word, min_size=1, max_size=5), min_size=1, max_size=5)


def pile(words: list[list[str]]) -> list[Sentence]:
    lines = range(3, 3 + 10 * len(words), 10)
    return [Sentence(n, each, [], [n] * len(each)) for n, each in zip(lines, words, strict=True)]


def test_columns_say_rank_line_and_words() -> None:
    chosen = [Sentence(57, ["to", "Paris"], ["O", "O"], [57, 58]), Sentence(3, ["now"], [], [3])]
    assert "\n".join(annotation.columns(chosen)) == (
        "# rank = 1, line = 57, words = 2\nto\t_\nParis\t_\n\n"
        "# rank = 2, line = 3, words = 1\nnow\t_\n"
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=piles)
def test_columns_once_annotated_are_read_again(tmp_path: Path, words: list[list[str]]) -> None:
    text = "".join(f"{line}\n" for line in annotation.columns(pile(words)))
    path = tmp_path / "next.conll"
    path.write_bytes(text.replace("\t_\n", "\tO\n").encode())
    if all(word.startswith("#") for each in words for word in each):
        return  # with nothing else, a # cannot be told from a comment
    assert [each.tokens for each in column.sentences(path)] == words


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=piles)
def test_jsonl_is_read_again(tmp_path: Path, words: list[list[str]]) -> None:
    path = tmp_path / "next.jsonl"
    path.write_text(
        "".join(f"{line}\n" for line in annotation.jsonl(pile(words), "words", "ner")), "utf-8"
    )
    rows = [json.loads(line) for line in path.read_text("utf-8").split("\n")[:-1]]
    assert [(row["rank"], row["line"]) for row in rows] == [
        (rank, 3 + 10 * (rank - 1)) for rank in range(1, len(words) + 1)
    ]
    assert [each.tokens for each in jsonl.sentences(path, "words", "ner")] == words
    assert all(tag == "_" for each in jsonl.sentences(path, "words", "ner") for tag in each.tags)


def test_no_file_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "next.conll"
    path.write_text("somebody's work")
    for attempt in (annotation.check, lambda path: annotation.write(path, iter(["new"]))):
        with pytest.raises(UsageError, match=r"next\.conll is there already; .* --out"):
            attempt(path)
    assert path.read_text() == "somebody's work"


def test_a_failed_write_leaves_no_half(tmp_path: Path) -> None:
    def full() -> object:
        yield "one"
        raise OSError(28, "No space left on device")

    with pytest.raises(StorageError, match=r"Cannot write .*next\.conll: No space left"):
        annotation.write(tmp_path / "next.conll", full())  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(StorageError, match="No such file"):
        annotation.write(tmp_path / "absent" / "next.conll", iter(["one"]))
