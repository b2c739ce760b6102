from pathlib import Path

import pytest

from bench.data import own
from bench.data.classification.sheet import Sheet
from bench.data.tagging.source import Source
from bench.error import DataError, UsageError


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    Path("a.csv").write_text("id,lyric,class\n1,oh,pop\n2,my,rap\n")
    Path("a.conll").write_text("to O\nYork B-to\n\nfrom O\nBonn B-from\n")


def test_the_name_tells_the_kind() -> None:
    sheet = own.named("a.csv", test="b.csv", text="lyric", label="class")
    assert sheet == Sheet("a.csv", "lyric", "class", "b.csv")
    source = own.named("a.conll", "b.conll", "1,4", "bio")
    assert source == Source("a.conll", "b.conll", "1,4", "bio")
    assert own.named("hf:./a.csv.d") == Source("hf:./a.csv.d")
    assert (sheet.kind, source.kind, str(sheet)) == ("classification", "tagging", "a.csv")


def test_each_kind_has_its_own_task() -> None:
    kinds = {}
    for data in (own.named("a.csv", text="lyric", label="class"), own.named("a.conll")):
        card, corpus = own.load(data, None)
        assert card.kind == corpus.kind.name == data.kind
        kinds[card.kind] = corpus.labels.to_pylist()
    assert kinds == {
        "classification": [["pop"], ["rap"]],
        "tagging": [["O", "B-to"], ["O", "B-from"]],
    }


@pytest.mark.parametrize(
    ("data", "options", "reason"),
    [
        (
            "a.conll",
            {"text": "lyric"},
            "--text and --label name columns of a CSV .* a.conll is none",
        ),
        (
            "hf:./a",
            {"label": "class"},
            "--text and --label name columns of a CSV .* hf:./a is none",
        ),
        ("a.csv", {"columns": "1,2"}, "--columns and --scheme are for tagged words"),
        (
            "a.csv",
            {"scheme": "bio", "text": "lyric", "label": "class"},
            "--columns and --scheme are",
        ),
        ("a.csv", {}, "a.csv is a CSV .* with --text and --label; it has id, lyric, class"),
        ("a.csv", {"text": "lyric"}, "a.csv is a CSV file: name the columns"),
        ("a.csv", {"label": "class"}, "a.csv is a CSV file: name the columns"),
    ],
)
def test_options_of_the_other_kind_are_refused(
    data: str, options: dict[str, str], reason: str
) -> None:
    with pytest.raises(UsageError, match=f"^{reason}"):
        own.named(data, **options)


def test_a_header_that_cannot_be_shown_is_the_fault() -> None:
    with pytest.raises(DataError, match=r"There is no file no\.csv"):
        own.named("no.csv")
