import json
from pathlib import Path

import pytest

from bench.data.tagging.source import Source, parts, pool
from bench.error import DataError, UsageError


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def put(name: str, text: str) -> str:
    Path(name).write_text(text, encoding="utf-8", newline="")
    return name


def read(name: str, columns: str = "") -> tuple[str, list[tuple[int, list[str]]]]:
    part = pool(name, columns)
    return part.format, [(each.line, each.tokens) for each in part.sentences()]


def test_a_file_alone_is_one_split_and_with_a_test_file_two() -> None:
    data, test = put("a.conll", "x B-y\n"), put("b.jsonl", '{"tokens": ["x"], "tags": ["O"]}\n')
    assert [part.split for part in parts(Source(data))] == ["all"]
    found = parts(Source(data, test))
    assert [(part.split, part.format) for part in found] == [
        ("train", "columns"),
        ("test", "JSONL"),
    ]
    assert [next(part.sentences()).tags for part in found] == [["B-y"], ["O"]]


def test_a_changed_file_has_another_fingerprint() -> None:
    (first,) = parts(Source(put("a.conll", "x B-y\n")))
    (second,) = parts(Source(put("a.conll", "x B-z\n")))
    assert first.fingerprint != second.fingerprint


def test_columns_are_numbers_or_keys_as_the_format_has_them() -> None:
    (part,) = parts(Source(put("a.conll", "1 x B-y N\n"), columns="2,3"))
    assert [(each.tokens, each.tags) for each in part.sentences()] == [(["x"], ["B-y"])]
    (part,) = parts(Source(put("a.json", '{"t": ["x"], "n": ["B-y"]}\n'), columns=" t , n "))
    assert [(each.tokens, each.tags) for each in part.sentences()] == [(["x"], ["B-y"])]


@pytest.mark.parametrize("columns", ["1", "1,2,3", ",", "1,", "a,b", "1.5,2"])
def test_wrong_columns_are_refused(columns: str) -> None:
    with pytest.raises(UsageError, match=f"--columns is '{columns}'; .* takes"):
        parts(Source(put("a.conll", "x B-y\n"), columns=columns))


def test_a_missing_file_is_named() -> None:
    with pytest.raises(DataError, match=r"There is no file absent\.conll"):
        parts(Source("absent.conll"))
    with pytest.raises(DataError, match=r"There is no file absent\.conll"):
        parts(Source(put("a.conll", "x B-y\n"), "absent.conll"))


def test_a_test_file_beside_a_data_set_with_splits_is_refused() -> None:
    import datasets

    rows = datasets.Dataset.from_dict({"tokens": [["a"]], "tags": [["O"]]})
    for split in ("train", "test"):
        rows.to_parquet(f"set/{split}.parquet")
    assert [part.split for part in parts(Source("hf:./set"))] == ["train", "test"]
    with pytest.raises(UsageError, match="--test takes a file, beside data that has no test split"):
        parts(Source("hf:./set", put("b.conll", "x B-y\n")))
    with pytest.raises(UsageError, match="--test takes a file"):
        parts(Source(put("a.conll", "x B-y\n"), "hf:./set"))


def test_a_pool_of_columns_is_read_without_its_tags() -> None:
    columns, wanted = "see B-x\nit I-x\n\nnow O\n", [(1, ["see", "it"]), (4, ["now"])]
    other = columns.replace("B-x", "NN").replace("O\n", "_\n")
    bare = "see\nit\n\nnow\n"
    for text in (columns, other, bare):
        assert read(put("p.conll", text)) == ("columns", wanted)
    assert not any(each.tags for each in pool("p.conll").sentences())


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("we saw it\nnow\n", "plain text"),
        ("we\nsaw\nit\n", "plain text"),  # no blank line: sentences of one word
        ("we saw it\n\nnow then\n", "plain text"),
        ("we\nsaw\n\nnow\n", "columns"),
        ("we _\nsaw _\n\nnow _\n", "columns"),
        ("we\t_\nsaw\t_\n", "columns"),
        ("", "plain text"),
    ],
)
def test_txt_is_plain_unless_its_lines_look_like_columns(text: str, form: str) -> None:
    assert pool(put("p.txt", text)).format == form
    assert pool(put("p.conll", text)).format == "columns"


def test_plain_text_is_a_sentence_a_line() -> None:
    text = "\ufeffwe  saw it \r\n\r\n-DOCSTART-\r\n # 1 done\u00a0it\r\n"
    words = [(1, ["we", "saw", "it"]), (4, ["#", "1", "done\u00a0it"])]
    for columns in ("", "1,4"):  # which are those of what is labelled
        assert read(put("p.txt", text), columns) == ("plain text", words)


def test_a_pool_of_jsonl_needs_no_tags() -> None:
    rows = [{"words": ["a", "b"]}, {"words": ["c"], "tags": "unread"}]
    text = "".join(f"{json.dumps(row)}\n" for row in rows)
    assert read(put("p.jsonl", text)) == ("JSONL", [(1, ["a", "b"]), (2, ["c"])])
    assert pool("p.jsonl").keys() == ("words", None)


def test_a_data_set_is_no_pool() -> None:
    with pytest.raises(UsageError, match="the pool is a file"):
        pool("hf:owner/name")
