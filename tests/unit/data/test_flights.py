"""The embedded default against its card."""

from bench.data import card, corpus
from bench.data.tagging import grammar

FLIGHTS = card.load("flights")


def test_the_inventory_is_what_the_grammar_draws() -> None:
    drawn = grammar.generate(FLIGHTS.folder, FLIGHTS.grammar.seed, FLIGHTS.grammar.utterances)
    found = {tag for _, tags in drawn for tag in tags}
    assert FLIGHTS.tags == ("O", *sorted(found - {"O"}))


def test_texts_are_distinct() -> None:
    flights = corpus.load(FLIGHTS)
    assert len(flights.rows(distinct=True)) == len(flights.splits) == 6000
