import csv
import gzip
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.data.classification.sheet import Sheet, header, is_sheet, read, shown
from bench.error import DataError, UsageError

PLAIN = "id,lyric,class\n1,oh yeah,pop\n2,my game,rap\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def put(content: str | bytes, name: str = "songs.csv") -> str:
    Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return name


def parts(content: str | bytes, name: str = "songs.csv", test: str = "") -> list[Any]:
    return read(Sheet(put(content, name), "lyric", "class", test))


def rows(*args: Any) -> list[tuple[list[str], str]]:
    (part,) = parts(*args)
    assert part.split == "all"
    return list(zip(part.inputs, part.labels, strict=True))


SONGS = [(["oh", "yeah"], "pop"), (["my", "game"], "rap")]


@pytest.mark.parametrize(
    "content",
    [
        PLAIN,
        PLAIN.removesuffix("\n"),
        "\ufeff" + PLAIN,
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace("\n", "\n\n"),
        "lyric,class\n oh\tyeah\u00a0, pop\nmy game,rap \n",
        ' class , lyric \npop,"oh\nyeah"\nrap,"my\r\n\r\ngame"\n',
        'lyric,,"class",x\noh yeah,1,pop,"a, ""b"""\nmy game,,rap,\n',
    ],
)
def test_two_columns_are_words_and_a_class_however_they_are_written(content: str) -> None:
    assert rows(content) == SONGS


def test_a_gzipped_file_and_a_name_in_capitals_are_sheets_too() -> None:
    assert rows(gzip.compress(PLAIN.encode()), "songs.csv.gz") == SONGS
    assert rows(PLAIN, "SONGS.CSV") == SONGS
    assert not any(map(is_sheet, ("songs.tsv", "songs.conll", "csv", "songs.csv.txt", "a.gz")))


def test_a_test_file_has_columns_of_its_own_order() -> None:
    test = put("class,lyric\nrap,one more\n", "test.csv")
    train, other = parts(PLAIN, test=test)
    assert (train.split, other.split) == ("train", "test")
    assert (other.inputs, other.labels) == ([["one", "more"]], ["rap"])


TEXT = st.text(st.characters(exclude_characters="\r\0", exclude_categories=["Cs"])).filter(
    lambda text: text.split()
)


@given(st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=2).filter(lambda t: t[0][2] != t[1][2]))
def test_what_the_csv_module_writes_is_read_again(table: list[tuple[str, str, str]]) -> None:
    labels = [label.strip() for _, _, label in table]
    if len(set(labels)) < 2:
        return
    file = io.StringIO(newline="")
    csv.writer(file).writerows([("other", "lyric", "class"), *table])
    found = rows(file.getvalue().encode())
    assert found == [
        (text.split(), label) for (_, text, _), label in zip(table, labels, strict=True)
    ]


def test_a_long_file_is_read_whole() -> None:
    lines = (f'"{number}\n{number}",{number % 7}\n' for number in range(20_000))
    found = rows("lyric,class\n" + "".join(lines))
    assert found == [([str(number)] * 2, str(number % 7)) for number in range(20_000)]


HEAD = "lyric,class\na,pop\nb,rap\n"  # three lines


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", r"songs\.csv is empty; its first line should name the columns\.$"),
        ("\n \n", r"songs\.csv has no column 'lyric'; "),
        ("lyric,class\n\n", r"songs\.csv holds no row below its header; "),
        (
            "lyrics,class\na,b\n",
            r"songs\.csv has no column 'lyric'; its .* names lyrics, class: .*--t",
        ),
        (
            "lyric,Class\na,b\n",
            r"songs\.csv has no column 'class'; its .* names Class, lyric: .*--la",
        ),
        (
            "a b,c\nd,e\n",
            r"songs\.csv has no column 'lyric'; its first line names c, a b: name one",
        ),
        (
            "lyric,class,lyric\na,b,c\n",
            r"songs\.csv has 2 columns 'lyric', which --text names; give",
        ),
        (
            HEAD + "\nc\n",
            r"songs\.csv, line 5: 1 field, but the header names 2 columns; mend the row",
        ),
        (HEAD + "c, d,pop\n", r"songs\.csv, line 4: 3 fields, .* quote fields that hold commas\.$"),
        (HEAD + '"c\nd",pop,e\n', r"songs\.csv, line 4: 3 fields"),
        (
            HEAD + '"c\nd",pop\n,pop\n',
            r"songs\.csv, line 6: column 'lyric' is empty; fill it or leave",
        ),
        (HEAD + '" \n",pop\n', r"songs\.csv, line 4: column 'lyric' is empty"),
        (HEAD + "c, \n", r"songs\.csv, line 4: column 'class' is empty"),
        (
            "lyric,class\na,pop\nb, pop\n",
            r"songs\.csv: every row is of class 'pop' in column 'class';",
        ),
        (
            HEAD + '"c,pop\nd,pop\n',
            r"songs\.csv, line 4: the row that begins here is no CSV \(unexp",
        ),
        (HEAD + '"c" d,pop\n', r"songs\.csv, line 4: the row .*; close quotation marks, and write"),
        (
            HEAD + f"{'x' * 131_073},pop\n",
            r"songs\.csv, line 4: the row .* \(field larger than field",
        ),
        (
            HEAD.encode() + b"d\xe9j\xe0,pop\n",
            r"songs\.csv, line 4: byte 2 is not UTF-8; save the file",
        ),
        (HEAD.encode("utf-16"), r"songs\.csv, line 1: byte 1 is not UTF-8"),
        (HEAD + "c\0d,pop\n", r"songs\.csv, line 4: character 2 is a zero byte; save the file as"),
        (HEAD.replace("\n", "\r"), r"songs\.csv, line 1: character 12 is a carriage return"),
    ],
)
def test_a_bad_file_is_one_sentence(content: str | bytes, reason: str) -> None:
    with pytest.raises(DataError, match=f"^{reason}") as caught:
        parts(content)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")


def test_a_damaged_archive_is_one_sentence() -> None:
    with pytest.raises(DataError, match=r"^songs\.csv\.gz cannot be read"):
        parts(gzip.compress(PLAIN.encode() * 99)[:-9], "songs.csv.gz")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("text,class\na,pop\n", r"test\.csv has no column 'lyric'; its first line names .*text"),
        ("lyric,class\na,pop\nb,\n", r"test\.csv, line 3: column 'class' is empty"),
        ("lyric,class\n", r"test\.csv holds no row"),
        (
            "lyric,class\na,pop\nb,rapp\n",
            r"test\.csv, line 3: class 'rapp' is not in songs\.csv, whose classes are rap, pop",
        ),
    ],
)
def test_a_fault_of_the_test_file_is_of_that_file(content: str, reason: str) -> None:
    with pytest.raises(DataError, match=f"^{reason}"):
        parts(PLAIN, test=put(content, "test.csv"))


def test_a_test_file_may_be_of_one_class() -> None:
    assert parts(PLAIN, test=put("lyric,class\na,pop\n", "test.csv"))[1].labels == ["pop"]


def test_files_and_columns_that_cannot_be_are_refused() -> None:
    put(PLAIN)
    for sheet in (Sheet("no.csv", "a", "b"), Sheet("songs.csv", "a", "b", "no.csv")):
        with pytest.raises(DataError, match=r"^There is no file no\.csv\.$"):
            read(sheet)
    with pytest.raises(UsageError, match=r"^test\.conll is no CSV file"):
        read(Sheet("songs.csv", "lyric", "class", put("x B-y\n", "test.conll")))
    with pytest.raises(UsageError, match="--text and --label are both 'lyric'"):
        read(Sheet("songs.csv", "lyric", "lyric"))


def test_names_are_shown_nearest_first_and_not_without_end() -> None:
    assert header(put("\n id, lyric ,,class\n1,2,3,4\n")) == ["id", "lyric", "", "class"]
    assert shown(["id", "lyric", "", "class"]) == "id, lyric, class"
    assert shown(["id", "class", "lyric"], "lyrics").startswith("lyric, ")
    assert shown([f"c{n}" for n in range(9)]) == "c0, c1, c2, c3, c4, c5, c6, c7, …"
    assert shown(["x" * 41]) == "x" * 40 + "…"
