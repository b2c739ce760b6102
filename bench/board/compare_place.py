"""Which places of two results belong together, and why some cannot be compared."""

import json
from collections.abc import Hashable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any, TypeVar

import pyarrow as pa

from bench.board.run import Place, Run, group

K = TypeVar("K", bound=Hashable)
Runs = Sequence[Run]
Settings = Mapping[str, Mapping[str, Any]]
"""What config digests stand for."""

_MADE = ("device", "rules", "data", "config")  # in what the places of one task may differ
_NAMED = 3  # so many settings are told by name and value


def matched(before: Runs, after: Runs) -> Iterator[tuple[Runs, Runs]]:
    """Runs of one task by place: equal places first, then the most alike, by device before all.

    What is left over has no partner: an empty side.
    """
    ours, theirs = (group(found, lambda run: run.place) for found in (before, after))
    for one, two in sorted(product(ours, theirs), key=lambda pair: (_unlike(*pair), pair)):
        if one in ours and two in theirs:
            yield ours.pop(one), theirs.pop(two)
    yield from ((left, ()) for left in ours.values())
    yield from (((), left) for left in theirs.values())


def gap(before: Place, after: Place, settings: Settings) -> str:
    """In what two places of one task differ; empty where they are equal."""
    told = {name: f"{name} {_short(before, name)} and {_short(after, name)}" for name in _MADE}
    told["config"] += _changed(settings[before.config], settings[after.config])
    differs = _unlike(before, after)
    return ", ".join(told[name] for name, unlike in zip(_MADE, differs, strict=True) if unlike)


def settings(table: pa.Table) -> Settings:
    """Every config of a table by its digest."""
    found = table.group_by(["config_digest", "config"]).aggregate([]).to_pylist()
    return {row["config_digest"]: json.loads(row["config"]) for row in found}


def _unlike(one: Place, two: Place) -> list[bool]:
    return [getattr(one, name) != getattr(two, name) for name in _MADE]


def _short(place: Place, name: str) -> str:
    value: str = getattr(place, name)
    return value[:8] if name in ("data", "config") else value


def _changed(one: Mapping[str, Any], two: Mapping[str, Any]) -> str:
    """Which settings differ, the first few by value."""
    names = [name for name in sorted({*one, *two}) if one.get(name) != two.get(name)]
    told = [f"{name} {_value(one, name)} and {_value(two, name)}" for name in names[:_NAMED]]
    if len(names) > _NAMED:
        told.append(f"{len(names) - _NAMED} more")
    return f" ({', '.join(told)})" if told else ""


def _value(found: Mapping[str, Any], name: str) -> str:
    text = json.dumps(found[name], ensure_ascii=False) if name in found else "none"
    return text if len(text) <= 24 else f"{text[:20]}…"
