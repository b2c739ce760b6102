"""The generator: what it draws from flights, what its notation means, what it refuses."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.data import card
from bench.data.tagging.grammar import generate, tags
from bench.data.tagging.pattern import Sentence, parse
from bench.error import DataError

Drawn = list[tuple[list[str], list[str]]]

FLIGHTS = card.folder() / "flights"
# Of 6,000 utterances of seed 1.
DIGEST = "f0803fca6fffa07535b20427d3320993ae3de31badda02dabde38dd1b35c9c7c"


@pytest.fixture(scope="module")
def drawn() -> Drawn:
    return generate(FLIGHTS, seed=1, count=6000)


def test_the_same_seed_draws_the_same(drawn: Drawn) -> None:
    assert generate(FLIGHTS, seed=1, count=6000) == drawn


def test_a_shorter_draw_starts_a_longer_one(drawn: Drawn) -> None:
    assert generate(FLIGHTS, seed=1, count=50) == drawn[:50]


def test_another_seed_draws_others(drawn: Drawn) -> None:
    assert generate(FLIGHTS, seed=2, count=50) != drawn[:50]


def test_a_draw_is_the_same_on_every_platform(drawn: Drawn) -> None:
    text = "\n".join(" ".join(words + labels) for words, labels in drawn)
    assert hashlib.sha256(text.encode()).hexdigest() == DIGEST, "has the grammar been edited?"


def test_all_texts_are_distinct(drawn: Drawn) -> None:
    assert len({tuple(words) for words, _ in drawn}) == len(drawn) == 6000


def test_a_tag_for_every_word(drawn: Drawn) -> None:
    assert all(len(words) == len(labels) > 0 for words, labels in drawn)


def test_tags_are_legal(drawn: Drawn) -> None:
    for _, labels in drawn:
        for before, tag in pairwise(["O", *labels]):
            assert not tag.startswith("I-") or before[2:] == tag[2:]


def test_the_inventory_covers_the_draw(drawn: Drawn) -> None:
    inventory = tags(FLIGHTS)
    assert inventory == ["O", *sorted(set(inventory[1:]))]
    assert {tag for _, labels in drawn for tag in labels} <= set(inventory)


def test_there_are_many_slots_and_most_are_rare(drawn: Drawn) -> None:
    slots = Counter(tag for _, labels in drawn for tag in labels if tag.startswith("B-"))
    counts = sorted(slots.values(), reverse=True)
    assert len(counts) >= 60
    assert sum(counts[:10]) > 0.7 * sum(counts)
    assert sum(count < 0.002 * sum(counts) for count in counts) >= 20


def test_words_follow_zipf(drawn: Drawn) -> None:
    counts = sorted(Counter(word for words, _ in drawn for word in words).values(), reverse=True)
    assert 900 <= len(counts) <= 1200
    ranks = np.unique(np.geomspace(1, len(counts), 60).astype(int))
    logs = np.log([counts[rank - 1] for rank in ranks])
    slope = np.polyfit(np.log(ranks), logs, 1)[0]
    fit = np.corrcoef(np.log(ranks), logs)[0, 1]
    assert -1.9 < slope < -0.9
    assert fit < -0.95
    assert counts.count(1) > 0.1 * len(counts)


def test_lengths_are_like_those_of_atis(drawn: Drawn) -> None:
    lengths = [len(words) for words, _ in drawn]
    assert 10.5 < np.mean(lengths) < 12
    # ATIS, distinct texts of all splits: 3, 5, 8, 11, 14, 19, 25 words.
    quantiles = np.quantile(lengths, [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99])
    np.testing.assert_allclose(quantiles, [3, 5, 8, 11, 14, 19, 25], atol=4)
    assert 25 < max(lengths) < 60


@pytest.mark.parametrize(
    ("word", "roles"),
    [
        ("chicago", {"fromloc.city_name", "toloc.city_name", "stoploc.city_name", "city_name"}),
        ("washington", {"fromloc.city_name", "toloc.state_name", "toloc.city_name"}),
        ("8", {"depart_time.time", "arrive_time.time", "flight_number"}),
        ("first", {"class_type", "flight_mod", "depart_date.day_number", "arrive_date.day_number"}),
        ("monday", {"depart_date.day_name", "arrive_date.day_name", "return_date.day_name"}),
        ("morning", {"depart_time.period_of_day", "arrive_time.period_of_day"}),
    ],
)
def test_a_word_means_what_its_context_says(drawn: Drawn, word: str, roles: set[str]) -> None:
    found = set()
    for words, labels in drawn:
        found |= {tag[2:] for said, tag in zip(words, labels, strict=True) if said == word}
    assert roles <= found


def test_a_lookup_of_each_word_is_not_enough(drawn: Drawn) -> None:
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for words, labels in drawn:
        for word, tag in zip(words, labels, strict=True):
            seen[word][tag] += 1
    best = sum(max(labels.values()) for labels in seen.values())
    assert best < 0.9 * sum(len(words) for words, _ in drawn)


# The notation.

Possible = tuple[str, set[tuple[str, ...]]]


def _both(first: Possible, second: Possible) -> Possible:
    texts = {a + b for a in first[1] for b in second[1]}
    return f"{first[0]} {second[0]}", texts


WORDS = st.sampled_from(["to", "o'hare", "st.", "8", "30"]).map(lambda word: (word, {(word,)}))
PATTERNS = st.recursive(
    WORDS,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda pair: _both(*pair)),
        st.tuples(inner, inner).map(lambda p: (f"({p[0][0]}|{p[1][0]})", p[0][1] | p[1][1])),
        inner.map(lambda p: (f"[{p[0]}]", p[1] | {()})),
        inner.map(lambda p: (f"[7% {p[0]}]", p[1] | {()})),
    ),
    max_leaves=8,
)


def speak(pattern: str, seed: int = 0, **rules: str) -> tuple[list[str], list[str]]:
    parsed = {name: parse(text) for name, text in rules.items()}
    sentence = Sentence(parsed, np.random.default_rng(seed))
    parse(pattern).speak(sentence, role="", slot="")
    return sentence.words, sentence.tags


@given(PATTERNS, st.integers(0, 99))
def test_a_pattern_gives_only_what_it_says(possible: Possible, seed: int) -> None:
    pattern, texts = possible
    words, labels = speak(pattern, seed)
    assert tuple(words) in texts
    assert labels == ["O"] * len(words)


@given(PATTERNS, st.integers(0, 99))
def test_a_slot_labels_all_its_words(possible: Possible, seed: int) -> None:
    words, labels = speak(f"from <city {possible[0]}>", seed)
    assert labels == ["O", "B-city", *["I-city"] * (len(words) - 2)][: len(words)]


@given(st.text(alphabet="{}()[]<>|%5a. _", max_size=12))
def test_any_text_is_a_pattern_or_a_value_error(text: str) -> None:
    with suppress(ValueError):
        parse(text)


def test_roles_are_inherited_appended_and_optional() -> None:
    rules = {"place": "<.city {name}>", "name": "st. paul", "day": "<.day {name}>"}
    rules["when"] = "{day _date}"
    assert speak("{place fromloc}", **rules)[1] == ["B-fromloc.city", "I-fromloc.city"]
    assert speak("{place}", **rules)[1] == ["B-city", "I-city"]
    assert speak("{when arrive}", **rules)[1] == ["B-arrive_date.day", "I-arrive_date.day"]


# Whole grammars.

GOOD = """
[rule.utterance]
"to <city {city}>" = 1
[lexicon.city]
zipf = 1
entries = ["rome", "st. ives"]
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def write(**files: str) -> Path:
        for name, text in files.items():
            (tmp_path / f"{name}.toml").write_text(text, "utf-8")
        return tmp_path

    return write


def test_a_grammar_of_one_file(write: Callable[..., Path]) -> None:
    folder = write(grammar=GOOD, card="this is no grammar")
    assert tags(folder) == ["O", "B-city", "I-city"]
    assert sorted(generate(folder, 0, 2))[0] == (["to", "rome"], ["O", "B-city"])


def test_once_spreads_a_lexicon_over_a_sentence(write: Callable[..., Path]) -> None:
    twice = GOOD.replace("to <city {city}>", "{city} {city}").replace("zipf", "once = true\nzipf")
    texts = {" ".join(words) for words, _ in generate(write(grammar=twice), 0, 2)}
    assert texts == {"rome st. ives", "st. ives rome"}


def test_a_grammar_too_small_is_refused(write: Callable[..., Path]) -> None:
    with pytest.raises(DataError, match="2 distinct sentences of 3"):
        generate(write(grammar=GOOD), 0, 3)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("", "defines the rule utterance"),
        ("[rule", "not TOML"),
        ("[rules.utterance]", "unknown table rules"),
        (GOOD + '\n[rule.city]\n"x" = 1', "city is both"),
        (GOOD.replace("{city}", "{town}"), "utterance .* no rule or lexicon {town}"),
        (GOOD.replace("<city {city}>", "rome"), "city is never reached"),
        (GOOD.replace('"rome"', '"{utterance}"'), "city .* reaches itself"),
        (GOOD.replace("{city}", "<a b>"), "inside the slot city"),
        (GOOD.replace("{city}", "{city _x}"), "extends a role"),
        (GOOD.replace('"rome"', '""'), "lexicon city: '': it has an empty alternative"),
        (GOOD.replace('"rome"', '"(a|)"'), "empty alternative"),
        (GOOD.replace('"rome"', '"(a"'), r"'\)' is missing"),
        (GOOD.replace('"rome"', '"a)"'), r"stray '\)'"),
        (GOOD.replace('"rome"', '"{a b c}"'), "'}' is missing"),
        (GOOD.replace('"rome"', '"{}"'), "a name is missing"),
        (GOOD.replace('"rome"', '"<>"'), "a name is missing"),
        (GOOD.replace('"rome"', '"st. ives"'), "twice"),
        (GOOD.replace('["rome", "st. ives"]', "[]"), "no pattern"),
        (GOOD.replace('["rome", "st. ives"]', "[1]"), "list of patterns"),
        (GOOD.replace("zipf = 1", "zipf = -1"), "from 0 to 9"),
        (GOOD.replace("zipf = 1", "zipf = 1\nshift = -1"), "shift must"),
        (GOOD.replace("zipf = 1", "zipf = 1\nonce = false"), "once can only"),
        (GOOD.replace("zipf = 1", ""), "it needs zipf"),
        (GOOD.replace("= 1\n[", "= 0\n["), "positive integer"),
        (GOOD.replace("= 1\n[", "= 1.5\n["), "positive integer"),
        ("rule.utterance = 3", "not a table"),
        ("rule = 3", "not a table"),
    ],
)
def test_a_malformed_grammar_is_refused(write: Callable[..., Path], bad: str, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        tags(write(grammar=bad))


def test_an_error_names_the_file(write: Callable[..., Path]) -> None:
    folder = write(one=GOOD, two='[lexicon.city]\nzipf = 1\nentries = ["x"]')
    with pytest.raises(DataError, match=r"two\.toml: city is already defined in .*one\.toml"):
        tags(folder)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        tags(tmp_path / "nowhere")
