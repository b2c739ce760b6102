"""TOML tables as dataclasses: every key known, every value of its type."""

from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from bench.error import DataError
from bench.spec import nearest


def build(
    kind: Any, table: dict[str, object], path: Path, prefix: str = "", **given: object
) -> Any:
    """An instance of the dataclass `kind` from a TOML table of the file `path`.

    `given` are fields that no key may set. DataError names the file and the first key that is
    unknown (with the nearest name), missing or of another type.
    """
    hints = get_type_hints(kind)
    known = {item.name: item for item in fields(kind) if item.name not in given}
    for key in table:
        if key not in known:
            raise DataError(f"{path}: unknown key '{prefix}{key}'.{nearest(key, known)}")
    for name, item in known.items():
        if name not in table and item.default is MISSING and item.default_factory is MISSING:
            raise DataError(f"{path}: key '{prefix}{name}' is missing.")
    values = {key: _convert(v, hints[key], path, f"{prefix}{key}") for key, v in table.items()}
    return kind(**given, **values)


def _convert(value: Any, hint: Any, path: Path, key: str) -> Any:
    """The TOML value as the type `hint` wants it; DataError when it is of another type."""
    kind, inner = get_origin(hint), get_args(hint)
    if is_dataclass(hint) and isinstance(value, dict):
        return build(hint, value, path, f"{key}.")
    if kind is tuple and isinstance(value, list):
        parts = enumerate(value)
        return tuple(_convert(part, inner[0], path, f"{key}[{i}]") for i, part in parts)
    if kind is dict and isinstance(value, dict):
        return {k: _convert(v, inner[1], path, f"{key}.{k}") for k, v in value.items()}
    if kind is Literal:
        if value in inner:
            return value
        raise DataError(f"{path}: '{key}' is {value!r}.{nearest(str(value), inner)}")
    wanted = inner if kind is not None and kind not in (tuple, dict) else (hint,)
    if type(value) in wanted:  # exact: in Python, but not on a card, true is an integer
        return value
    raise DataError(f"{path}: '{key}' should be {_spoken(hint)}, but is {value!r}.")


def _spoken(hint: Any) -> str:
    words = {str: "text", int: "a whole number", float: "a decimal number", bool: "true or false"}
    if get_origin(hint) is tuple:
        return "a list"
    if get_origin(hint) is dict or is_dataclass(hint):
        return "a table"
    return " or ".join(words[kind] for kind in get_args(hint) or (hint,))
