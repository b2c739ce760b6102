"""What boards are called: as much of where they are from as tells them apart."""

import re
from collections import Counter
from collections.abc import Sequence

from bench.board.run import Place

Name = tuple[str, ...]

_DIGEST = 8  # characters of a digest


def names(places: Sequence[Place]) -> list[Name]:
    """Task, protocol and learner; then its parameters, the device and so on for namesakes."""
    found: list[Name] = [(p.task, p.protocol, p.learner.partition("[")[0]) for p in places]
    for part in zip(*map(_rest, places), strict=True):
        found = _longer(found, part)
    return found


def title(name: Name) -> str:
    """To be read."""
    return " · ".join(name)


def slug(name: Name) -> str:
    """To be linked to."""
    return "-".join(re.sub(r"[^A-Za-z0-9_.]+", "-", part).strip("-") for part in name)


def _rest(place: Place) -> Name:
    parameters = place.learner.partition("[")[2].removesuffix("]")
    digests = (place.data[:_DIGEST], place.config[:_DIGEST])
    return (parameters, place.device, f"rules {place.rules}", *digests)


def _longer(found: Sequence[Name], parts: Sequence[str]) -> list[Name]:
    """With its part, for each whose namesakes differ in it; parts may be nothing."""
    differ = Counter(name for name, _ in set(zip(found, parts, strict=True)))
    return [
        (*name, part) if differ[name] > 1 and part else name
        for name, part in zip(found, parts, strict=True)
    ]
