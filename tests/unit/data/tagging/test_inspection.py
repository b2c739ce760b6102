import json
from pathlib import Path

import pytest

from bench.data.tagging.inspection import Report, inspect
from bench.data.tagging.source import Source

GOOD = "to\tO\nNew\tB-to\nYork\tI-to\n\nsee\tO\nBonn\tB-to\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def report(text: str, name: str = "my.conll", **options: str) -> Report:
    Path(name).write_bytes(text.encode("utf-8", "surrogateescape"))
    return inspect(Source(name, **options))


def test_plain_data_is_described_and_not_warned_of() -> None:
    found = report(GOOD)
    assert dict(found.facts) == {
        "format": "columns",
        "encoding": "UTF-8 without byte order mark, line ends LF",
        "columns": "words in column 1, tags in the last column; to is O in line 1",
        "scheme": "bio, the one that all tags keep to",
        "sentences": "2, of them 2 distinct",
        "words": "5, of them 5 distinct",
        "lengths": "median 2.5 words, longest 3 in line 1",
        "labels": "1 types, spans of each: to 2",
    }
    assert found.warnings == []


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("\ufeff" + GOOD, "with byte order mark, line ends LF"),
        (GOOD.replace("\n", "\r\n"), "without byte order mark, line ends CRLF"),
        ("\ufeff" + GOOD.replace("\n", "\r\n", 2), "with byte order mark, line ends 2 CRLF, 4 LF"),
    ],
)
def test_marks_and_line_ends_are_told(text: str, encoding: str) -> None:
    assert ("encoding", f"UTF-8 {encoding}") in report(text).facts


def test_columns_and_scheme_as_named() -> None:
    facts = dict(report("1 to O NN\n2 York I-to NN\n", columns="2,3", scheme="iob1").facts)
    assert facts["columns"] == "words in column 2, tags in column 3; to is O in line 1"
    assert facts["scheme"] == "iob1, as named"
    assert facts["labels"] == "1 types, spans of each: to 1"


def test_what_is_odd_is_listed_with_its_lines() -> None:
    text = "-DOCSTART-\tO\n\n# from one source\n" + GOOD + "\n" + GOOD + "\nP\u0430ris\tB-at\n"
    assert report(text).warnings == [
        "1 -DOCSTART- lines, in line 1",
        "1 comment lines, in line 3",
        "2 repeated sentences, in line 11 (as 4), 15 (as 8)",
        r"1 words of several scripts, in line 18 ('P\u0430ris')",
        "1 label types seen once: at",
    ]


def test_only_the_first_few_of_a_kind_are_shown() -> None:
    (line, *_) = report(GOOD + "\nx\tO\n" * 9).warnings
    places = "13 (as 8), 15 (as 8), 17 (as 8), 19 (as 8), 21 (as 8), …"
    assert line.startswith("8 repeated sentences, in line ")
    assert line.count("(as ") == 5
    assert line.endswith(", …")
    assert places.count("(as 8)") == 5


def test_tags_that_keep_to_no_scheme_are_counted_by_the_nearest() -> None:
    found = report(GOOD * 3 + "\nthe\tO\nend\tI-to\n")
    facts = dict(found.facts)
    assert facts["scheme"] == "none; bio is nearest, but for 1 sentences"
    assert facts["labels"] == "1 types, spans of each: to 6"
    (fault, *_) = found.warnings
    assert fault == (
        "1 illegal tags, in line 21 (tag 'I-to' of word 2 follows 'O', which is not BIO)"
    )


def test_a_broken_line_does_not_hide_what_came_before() -> None:
    found = report(GOOD + "\nragged\n\nlast\tO\n# not seen\n")
    assert ("sentences", "2, of them 2 distinct") in found.facts
    assert found.warnings == []
    assert report(GOOD + "\nb\udcffd\tO\n").facts == found.facts


def test_nothing_at_all_still_has_a_form() -> None:
    assert report("").facts == [
        ("format", "columns"),
        ("encoding", "UTF-8 without byte order mark, line ends LF"),
    ]


def test_jsonl_has_keys_and_line_numbers() -> None:
    rows = [{"words": ["to", "Bonn"], "labels": ["O", "B-to"]}] * 2
    rows.insert(1, {"words": [], "labels": []})
    found = report("".join(f"{json.dumps(row)}\n" for row in rows), "my.jsonl")
    assert ("columns", "words in words, tags in labels; to is O in line 1") in found.facts
    assert found.warnings == [
        "1 empty sentences, in line 2",
        "1 repeated sentences, in line 3 (as 1)",
    ]


def test_a_data_set_has_splits_and_row_numbers() -> None:
    import datasets

    rows = [{"tokens": ["a"], "tags": ["B-x"]}, {"tokens": ["a"], "tags": ["B-x"]}]
    for split in ("train", "test"):
        datasets.Dataset.from_list(rows).to_parquet(f"set/{split}.parquet")
    found = inspect(Source("hf:./set"))
    assert found.facts[:3] == [
        ("format", "data set"),
        ("splits", "train, test"),
        ("columns", "words in tokens, tags in tags; a is B-x in row 1 of train"),
    ]
    assert found.warnings == ["2 repeated sentences, in row 2 of train (as 1), 2 of test (as 1)"]
