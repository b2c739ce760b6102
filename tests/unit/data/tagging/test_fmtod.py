import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.data.tagging.column import Sentence
from bench.data.tagging.fmtod import sentences
from bench.error import DataError

TEXT = " Wake me  at 7am, tomorrow's rain"
Written = Callable[[str], Path]


def row(text: str, slots: str, spans: list[tuple[int, int]] | None = None, **notes: object) -> str:
    """A line of the file; tokens are the text's at the spans, by default between blanks."""
    spans = spans or [(m.start(), m.end()) for m in re.finditer(r"\S+", text)]
    first = {
        "tokens": [text[start:end].lower() for start, end in spans],
        "tokenSpans": [{"start": start, "length": end - start} for start, end in spans],
        **notes,
    }
    return "\t".join(["alarm/set", slots, text, "en_XX", json.dumps({"tokenizations": [first]})])


@pytest.fixture
def written(tmp_path: Path) -> Written:
    def write(content: str) -> Path:
        (tmp_path / "some.tsv").write_text(content, encoding="utf-8", newline="")
        return tmp_path / "some.tsv"

    return write


def test_reads_words_and_tags(written: Written) -> None:
    one = row(TEXT, "13:16:datetime,18:28:weather/day")
    other = row("É 7", "2:3:datetime", [(0, 1), (2, 3)])
    found = list(sentences(written(f"{one}\n{row('no slot', '')}\r\n{other}")))
    assert found == [
        Sentence(
            1,
            ["wake", "me", "at", "7am,", "tomorrow's", "rain"],
            ["O", "O", "O", "B-datetime", "B-weather/day", "O"],
            [1] * 6,
        ),
        Sentence(2, ["no", "slot"], ["O", "O"], [2, 2]),
        Sentence(3, ["é", "7"], ["O", "B-datetime"], [3, 3]),
    ]


EDGES = [
    # text, slots, spans of the tokens, tags
    ("tomorrow's", "0:8:day", None, "B-day"),  # ends inside the token
    ("heavy rainThis evening", "10:22:time", None, "O B-time I-time"),  # begins inside
    ("@ 8", "1:3:time", None, "O B-time"),  # begins on the blank before
    ("5:00,5:10", "0:4:t,5:9:t", [(0, 2), (2, 6), (6, 9)], "B-t I-t B-t"),  # a token of both
    ("a b c d", "0:3:x,4:7:x", None, "B-x I-x B-x I-x"),
    ("a b", "0:3:x:y", None, "B-x:y I-x:y"),
]


@pytest.mark.parametrize(("text", "slots", "spans", "tags"), EDGES)
def test_a_slot_covers_the_tokens_it_overlaps(
    written: Written, text: str, slots: str, spans: list[tuple[int, int]] | None, tags: str
) -> None:
    (found,) = sentences(written(row(text, slots, spans)))
    assert found.tags == tags.split()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.lists(st.tuples(st.integers(1, 3), st.sampled_from(["", "x", "y/z"])), min_size=1))
def test_slots_on_the_edges_of_tokens_come_back(
    written: Written, parts: list[tuple[int, str]]
) -> None:
    """Each part is a run of words "w", two characters apart, that a slot covers or none."""
    slots, tags, at = [], [], 0
    for words, kind in parts:
        slots += [f"{2 * at}:{2 * (at + words) - 1}:{kind}"] if kind else []
        tags += [f"B-{kind}", *[f"I-{kind}"] * (words - 1)] if kind else ["O"] * words
        at += words
    (found,) = sentences(written(row(" ".join("w" * at), ",".join(slots))))
    assert found.tags == tags


FAULTS = [
    ("a\tb\tc", "there should be 5 columns parted by tabs, not 3"),
    ("", "there should be 5 columns parted by tabs, not 1"),
    (row("a b", "0:1"), "slot '0:1' is not written start:end:type"),
    (row("a b", "0:1:"), "slot '0:1:' is not written start:end:type"),
    (row("a b", "x:1:y"), "slot 'x:1:y' is not written start:end:type"),
    (row("a b", "-1:1:y"), "slot '-1:1:y' is not written start:end:type"),
    (row("a b", "0:1:y,"), "slot '' is not written start:end:type"),
    (row("a b", "1:1:y"), "'y' at 1:1 is not between 0 and the end at 3"),
    (row("a b", "2:4:y"), "'y' at 2:4 is not between 0 and the end at 3"),
    (row("a b", "2:3:y,0:1:x"), "'x' at 0:1 is not between 3 and the end at 3"),
    (row("a b", "0:2:y,1:3:x"), "'x' at 1:3 is not between 2 and the end at 3"),
    (row("a  b", "1:3:y"), "slot 1:3:y covers no token"),
    (row("ab", "0:1:y,1:2:x"), "slot 1:2:x covers no token"),
    (row("a b", "", tokens=["a", "c"]), "token 'c' is 'b' in the text"),
    (row("a b", "", tokens=["a", 7]), "token 7 is 'b' in the text"),
    (row("a b", "", [(0, 3)]), "token 'a b' is 'a b' in the text"),
    (row("a b", "", [(2, 3), (0, 1)]), "'a' at 0:1 is not between 3 and the end at 3"),
    (row("a b", "", tokens=["a"]), "column 5 is not JSON with tokenizations[0].tokens"),
    (row("a b", "", tokenSpans=[1, 2]), "column 5 is not JSON with tokenizations[0].tokens"),
    (row("a", "", tokenSpans=[{"start": 0}]), "column 5 is not JSON with tokenizations[0].tokens"),
    (row("a", "", tokens=None), "column 5 is not JSON with tokenizations[0].tokens"),
    (row("a", "", tokens=[], tokenSpans=[]), "the sentence is empty"),
    ("a\t\tb\ten_XX\t{}", "column 5 is not JSON with tokenizations[0].tokens"),
    ('a\t\tb\ten_XX\t{"tokenizations": []}', "column 5 is not JSON with tokenizations[0].tokens"),
    ("a\t\tb\ten_XX\t{", "column 5 is not JSON with tokenizations[0].tokens"),
    ("a\t\tb\ten_XX\t[]", "column 5 is not JSON with tokenizations[0].tokens"),
]


@pytest.mark.parametrize(("line", "reason"), FAULTS)
def test_what_is_not_as_expected_names_line_and_reason(
    written: Written, line: str, reason: str
) -> None:
    path = written(f"{row('a b', '')}\n{line}\n{row('c', '')}\n")
    with pytest.raises(DataError, match=re.escape(f"{path}, line 2: {reason}")):
        list(sentences(path))
