import pytest

from bench.data.tagging.column import Sentence
from bench.data.tagging.oddity import LONG, Oddity, oddities, scripts


def sentence(line: int, *words: str) -> Sentence:
    return Sentence(line, list(words), [], list(range(line, line + len(words))))


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("Paris", {"LATIN"}),
        ("П\u0430ris", {"CYRILLIC", "LATIN"}),
        ("\u0430\u0440\u0442", {"CYRILLIC"}),
        ("na\u00efve", {"LATIN"}),
        ("\u03b1lpha", {"GREEK", "LATIN"}),
        ("iPhone\u624b\u6a5f", {"LATIN"}),  # no letter of one looks like one of the other
        ("1999-\u20ac", set()),
    ],
)
def test_the_scripts_of_a_word(word: str, found: set[str]) -> None:
    assert scripts(word) == found


def test_plain_sentences_are_not_odd() -> None:
    assert list(oddities([sentence(1, "to", "Par\u00eds"), sentence(4, "to")])) == []


def test_each_kind_is_found_in_its_line() -> None:
    found = oddities(
        [
            sentence(1, "to", "P\u0430ris"),
            sentence(4, "New\u00a0York", "\u200bnow"),
            sentence(8, "to", "P\u0430ris"),
            sentence(11, *["x"] * LONG),
            sentence(800, *["x"] * (LONG + 1)),
        ]
    )
    assert list(found) == [
        Oddity("words of several scripts", 2, r"'P\u0430ris'"),
        Oddity("words with no-break or zero-width spaces", 4, r"'New\xa0York'"),
        Oddity("words with no-break or zero-width spaces", 5, r"'\u200bnow'"),
        Oddity("repeated sentences", 8, "as 1"),
        Oddity("words of several scripts", 9, r"'P\u0430ris'"),
        Oddity("sentences of more than 250 words", 800, "251"),
    ]
