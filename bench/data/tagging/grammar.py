"""A seeded generator of labelled sentences from a weighted grammar kept as TOML.

A grammar is a folder of TOML files (all but card.toml) with two kinds of tables. Their names are
shared by all files, and every sentence starts at the rule `utterance`. `bench/data/pattern.py` says
how a pattern is written.

    [rule.stop]                               # patterns and their weights, positive integers
    "with a stop in {place stoploc}" = 9
    "via {place stoploc}" = 1

    [lexicon.city]                            # patterns by rank
    zipf = 1.5                                # the i-th has weight (i + shift) ** -zipf
    shift = 3                                 # optional (0): flattens the head (Mandelbrot)
    once = true                               # optional: rather no entry twice in a sentence
    entries = ["boston", "san francisco"]
"""

import tomllib
from pathlib import Path
from typing import Any

import numpy as np

from bench.data.tagging.pattern import Node, Sentence, Survey, parse, weighted
from bench.error import DataError

START = "utterance"
KINDS = {"rule", "lexicon"}
UNIT = 1_000_000  # weights are integers, so that no platform's rounding can move a choice
PATIENCE = 50  # draws per wanted sentence before a grammar counts as too small


def generate(folder: Path, seed: int, count: int) -> list[tuple[list[str], list[str]]]:
    """`count` sentences with distinct texts, as (words, BIO tags), in the order they were drawn.

    A longer draw from the same seed starts with a shorter one. DataError: the grammar is malformed,
    or cannot give so many texts.
    """
    rules, _ = _load(folder)
    generator = np.random.default_rng(seed)
    found: dict[tuple[str, ...], list[str]] = {}
    for _ in range(PATIENCE * count):
        if len(found) == count:
            break
        sentence = Sentence(rules, generator)
        rules[START].speak(sentence, role="", slot="")
        if sentence.words:
            found.setdefault(tuple(sentence.words), sentence.tags)
    if len(found) < count:
        raise DataError(f"{folder}: the grammar gave {len(found)} distinct sentences of {count}.")
    return [(list(words), tags) for words, tags in found.items()]


def tags(folder: Path) -> list[str]:
    """Every tag that the grammar can give: O, then the others sorted. DataError: malformed."""
    return ["O", *sorted(_load(folder)[1])]


def _load(folder: Path) -> tuple[dict[str, Node], set[str]]:
    """The rules by name and the tags they can give, all checked."""
    rules: dict[str, Node] = {}
    homes: dict[str, Path] = {}
    for path in sorted(folder.glob("*.toml")):
        if path.name == "card.toml":
            continue
        for name, node in _read(path).items():
            if name in rules:
                raise DataError(f"{path}: {name} is already defined in {homes[name]}.")
            rules[name], homes[name] = node, path
    if START not in rules:
        raise DataError(f"{folder}: no TOML file of the grammar defines the rule {START}.")
    return rules, _check(rules, homes)


def _check(rules: dict[str, Node], homes: dict[str, Path]) -> set[str]:
    survey = Survey(rules)
    try:
        parse(f"{{{START}}}").survey(survey, role="", slot="")
    except ValueError as error:
        name = survey.path[-1]
        raise DataError(f"{homes[name]}: {name} cannot be used: {error}.") from error
    for name in sorted(rules.keys() - {key[0] for key in survey.widths}):
        raise DataError(f"{homes[name]}: {name} is never reached from {START}.")
    return survey.tags


def _read(path: Path) -> dict[str, Node]:
    """The rules of one file."""
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: this is not TOML: {error}.") from error
    if unknown := tables.keys() - KINDS:
        raise DataError(f"{path}: unknown table {min(unknown)}; a grammar has rule and lexicon.")
    for kind, table in tables.items():
        if not isinstance(table, dict):
            raise DataError(f"{path}: {kind} is not a table of tables.")
    if twice := tables.get("rule", {}).keys() & tables.get("lexicon", {}).keys():
        raise DataError(f"{path}: {min(twice)} is both a rule and a lexicon.")
    nodes: dict[str, Node] = {}
    for kind, weigh in (("rule", _weigh_rule), ("lexicon", _weigh_lexicon)):
        for name, table in tables.get(kind, {}).items():
            try:
                nodes[name] = _choice(weigh(table), once=kind == "lexicon" and "once" in table)
            except ValueError as error:
                raise DataError(f"{path}: {kind} {name}: {error}.") from error
    return nodes


def _choice(weights: dict[str, int], *, once: bool) -> Node:
    if not weights:
        raise ValueError("it has no pattern")
    options = []
    for pattern in weights:
        try:
            options.append(parse(pattern))
        except ValueError as error:
            raise ValueError(f"{pattern!r}: {error}") from error
    return weighted(options, weights.values(), once=once)


def _weigh_rule(table: Any) -> dict[str, int]:
    if not isinstance(table, dict):
        raise ValueError("it is not a table of patterns")
    for pattern, weight in table.items():
        if type(weight) is not int or weight < 1:
            raise ValueError(f"the weight of {pattern!r} must be a positive integer")
    return table


def _weigh_lexicon(table: Any) -> dict[str, int]:
    if not isinstance(table, dict) or table.keys() - {"shift", "once"} != {"zipf", "entries"}:
        raise ValueError("it needs zipf and entries, and may have shift and once")
    if table.get("once", True) is not True:
        raise ValueError("once can only be true")
    zipf, shift, entries = table["zipf"], table.get("shift", 0), table["entries"]
    if type(zipf) not in (int, float) or not 0 <= zipf <= 9:
        raise ValueError("zipf must be a number from 0 to 9")
    if type(shift) is not int or shift < 0:
        raise ValueError("shift must be a whole number, 0 or more")
    if not isinstance(entries, list) or not all(type(entry) is str for entry in entries):
        raise ValueError("entries must be a list of patterns")
    if len(set(entries)) < len(entries):
        raise ValueError("an entry is there twice")
    head = 1 + shift
    weights = (max(1, round(UNIT * (head / (head + rank)) ** zipf)) for rank in range(len(entries)))
    return dict(zip(entries, weights, strict=True))
