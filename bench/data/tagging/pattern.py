"""The patterns of a grammar: a small notation for labelled sentences, its parser and its voice.

A pattern is words and, freely nested:

    {name}          what the rule or lexicon `name` gives; no rule may reach itself
    {name role}     the same under a role; `{name _part}` appends to the role that is in force
    <slot pattern>  words labelled with a slot (B- on the first, I- on the others);
                    `<.slot pattern>` puts the role in front: under fromloc, `.city_name` is
                    fromloc.city_name, and without a role it is city_name
    (a | b)         one of these, equally likely
    [a]  [20% a]    optional: half of the time, or as often as it says
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Protocol

import numpy as np

TOKEN = re.compile(r"[{}()\[\]<>|]|[^\s{}()\[\]<>|]+")
SPECIAL = frozenset("{}()[]<>|")


@dataclass(slots=True)
class Sentence:
    """A sentence while it is being spoken: what it draws from, and what it has said."""

    rules: dict[str, "Node"]
    generator: np.random.Generator
    words: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    used: set["Node"] = field(default_factory=set)


@dataclass(slots=True)
class Survey:
    """Everything that a grammar can say: the tags it can give and the rules it can reach."""

    rules: dict[str, "Node"]
    tags: set[str] = field(default_factory=set)
    widths: dict[tuple[str, str, bool], int] = field(default_factory=dict)
    path: list[str] = field(default_factory=list)


class Node(Protocol):
    """A piece of a pattern."""

    def speak(self, sentence: Sentence, role: str, slot: str) -> None:
        """Append words and tags. `slot` is the label around, or empty."""

    def survey(self, survey: Survey, role: str, slot: str) -> int:
        """Return the most words this can give. ValueError says what is wrong with the grammar."""


@dataclass(frozen=True, slots=True)
class _Word:
    text: str

    def speak(self, sentence: Sentence, role: str, slot: str) -> None:
        sentence.words.append(self.text)
        sentence.tags.append(slot or "O")

    def survey(self, survey: Survey, role: str, slot: str) -> int:
        return 1


@dataclass(frozen=True, slots=True)
class _Call:
    name: str
    role: str

    def under(self, role: str) -> str:
        return role + self.role if self.role.startswith("_") else self.role or role

    def speak(self, sentence: Sentence, role: str, slot: str) -> None:
        sentence.rules[self.name].speak(sentence, self.under(role), slot)

    def survey(self, survey: Survey, role: str, slot: str) -> int:
        key = (self.name, self.under(role), bool(slot))
        if self.role.startswith("_") and not role:
            raise ValueError(f"{{{self.name} {self.role}}} extends a role, but there may be none")
        if self.name in survey.path:
            raise ValueError(f"it reaches itself through {{{self.name}}}")
        if self.name not in survey.rules:
            raise ValueError(f"there is no rule or lexicon {{{self.name}}}")
        if key not in survey.widths:
            survey.path.append(self.name)
            survey.widths[key] = survey.rules[self.name].survey(survey, key[1], slot)
            survey.path.pop()
        return survey.widths[key]


@dataclass(frozen=True, slots=True)
class _Slot:
    name: str
    body: Node

    def label(self, role: str) -> str:
        return role + self.name if role and self.name.startswith(".") else self.name.lstrip(".")

    def speak(self, sentence: Sentence, role: str, slot: str) -> None:
        start, label = len(sentence.words), self.label(role)
        self.body.speak(sentence, role, "I-" + label)
        if start < len(sentence.words):
            sentence.tags[start] = "B-" + label

    def survey(self, survey: Survey, role: str, slot: str) -> int:
        if slot:
            raise ValueError(f"the slot {self.label(role)} is inside the slot {slot}")
        width = self.body.survey(survey, role, self.label(role))
        survey.tags |= {prefix + self.label(role) for prefix in ("B-", "I-")[:width]}
        return width


@dataclass(frozen=True, slots=True)
class _Chain:
    parts: tuple[Node, ...]

    def speak(self, sentence: Sentence, role: str, slot: str) -> None:
        for part in self.parts:
            part.speak(sentence, role, slot)

    def survey(self, survey: Survey, role: str, slot: str) -> int:
        return sum(part.survey(survey, role, slot) for part in self.parts)


class _Choice:
    def __init__(self, options: Sequence[Node], weights: Iterable[int], *, once: bool) -> None:
        self.options, self.steps, self.once = options, list(accumulate(weights)), once

    def speak(self, sentence: Sentence, role: str, slot: str) -> None:
        option = self.draw(sentence)
        if self.once:
            while option in sentence.used and len(sentence.used) < len(self.options):
                option = self.draw(sentence)
            sentence.used.add(option)
        option.speak(sentence, role, slot)

    def draw(self, sentence: Sentence) -> Node:
        point = int(sentence.generator.random() * self.steps[-1])
        return self.options[bisect_right(self.steps, point)]

    def survey(self, survey: Survey, role: str, slot: str) -> int:
        return max(option.survey(survey, role, slot) for option in self.options)


def weighted(options: Sequence[Node], weights: Iterable[int], *, once: bool = False) -> Node:
    """One of the options by weight; `once`: rather one that the sentence has not used."""
    return _Choice(options, weights, once=once)


def parse(pattern: str) -> Node:
    """The tree of a pattern; ValueError says what is wrong with it."""
    tokens = [*reversed(TOKEN.findall(pattern))]
    return _options(tokens, end="")


def _options(tokens: list[str], end: str) -> Node:
    chains: list[list[Node]] = [[]]
    while (token := tokens.pop() if tokens else "") != end:
        if token == "|":
            chains.append([])
        else:
            chains[-1].append(_node(token, tokens, end))
    if not all(chains):
        raise ValueError("it has an empty alternative")
    options = [chain[0] if len(chain) == 1 else _Chain(tuple(chain)) for chain in chains]
    return options[0] if len(options) == 1 else weighted(options, [1] * len(options))


def _node(token: str, tokens: list[str], end: str) -> Node:
    match token:
        case "{":
            name, role = _name(tokens), "" if tokens and tokens[-1] == "}" else _name(tokens)
            if not tokens or tokens.pop() != "}":
                raise ValueError(f"'}}' is missing after {name}")
            return _Call(name, role)
        case "<":
            return _Slot(_name(tokens), _options(tokens, ">"))
        case "(":
            return _options(tokens, ")")
        case "[":
            share = tokens.pop() if tokens and re.fullmatch(r"\d\d?%", tokens[-1]) else "50%"
            often = int(share[:-1])
            return weighted([_options(tokens, "]"), _Chain(())], [often, 100 - often])
        case _ if token == "" or token in SPECIAL:
            raise ValueError(f"{end!r} is missing" if end else f"there is a stray {token!r}")
    return _Word(token)


def _name(tokens: list[str]) -> str:
    if not tokens or tokens[-1] in SPECIAL:
        raise ValueError("a name is missing after '{' or '<'")
    return tokens.pop()
