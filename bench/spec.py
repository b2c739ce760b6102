"""The text form of a choice with parameters: `lc`, `nse[normalize=true,width=3]`."""

import difflib
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bench.error import UsageError

Value = bool | int | float | str
_FORM = re.compile(r"(?P<name>[^\[\],\s]+)(?:\[(?P<params>[^\[\]]*)\])?")


@dataclass(frozen=True)
class Spec:
    """A name and its parameters, sorted by key; equal specs have equal text and equal JSON."""

    name: str
    params: tuple[tuple[str, Value], ...] = ()

    @classmethod
    def parse(cls, text: str) -> "Spec":
        """Read one spec; UsageError when the form is wrong."""
        match = _FORM.fullmatch(text.strip())
        if match is None:
            raise UsageError(f"'{text}' is not of the form name or name[key=value,…].")
        params = dict(_pair(part, text) for part in (match["params"] or "").split(",") if part)
        return cls.of(match["name"], params)

    @classmethod
    def parse_list(cls, text: str) -> list["Spec"]:
        """Read several specs separated by commas (commas inside brackets belong to a spec)."""
        return [cls.parse(part) for part in re.split(r",(?![^\[]*\])", text) if part.strip()]

    @classmethod
    def of(cls, name: str, params: Mapping[str, Value]) -> "Spec":
        """A spec from a name and a mapping of parameters."""
        return cls(name, tuple(sorted(params.items())))

    def __str__(self) -> str:
        inside = ",".join(f"{key}={json.dumps(value).strip(chr(34))}" for key, value in self.params)
        return f"{self.name}[{inside}]" if inside else self.name

    @property
    def json(self) -> str:
        """The parameters as canonical JSON: sorted keys, no spaces."""
        return canonical(dict(self.params))


def canonical(value: object) -> str:
    """JSON with sorted keys and no spaces: equal values have equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def digest(value: object) -> str:
    """SHA-256 of a value's canonical JSON."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def nearest(name: str, candidates: Iterable[str]) -> str:
    """' Did you mean a or b?' for a mistyped name, or the list of what there is."""
    known = sorted(candidates)
    close = difflib.get_close_matches(name, known, n=2, cutoff=0.6)
    if close:
        return f" Did you mean {' or '.join(close)}?"
    return f" There is: {', '.join(known)}."


def _pair(part: str, text: str) -> tuple[str, Value]:
    key, equals, value = part.partition("=")
    if not (key.strip() and equals and value.strip()):
        raise UsageError(f"'{part}' in '{text}' is not of the form key=value.")
    return key.strip(), _value(value.strip())


def _value(text: str) -> Value:
    try:
        value = json.loads(text)
    except ValueError:  # no JSON, or a number of thousands of digits
        return text
    return value if isinstance(value, bool | int | float) else text
