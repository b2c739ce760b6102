"""Strategies: one Python file each, loaded by name or by path, checked before a run starts."""

import hashlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, TypeGuard

from bench.error import UsageError
from bench.learners.registry import signals
from bench.loop import source
from bench.loop.sandbox import host
from bench.rows.schema import FULL, SANDBOX, UNCONFINED
from bench.spec import Spec, Value, nearest

Select = Callable[..., Sequence[int]]


@dataclass(frozen=True)
class Strategy:
    """A loaded strategy file and the parameters it is to run with."""

    spec: Spec
    about: str
    needs: tuple[str, ...]
    objective: str
    select: Select
    digest: str
    isolation: str = UNCONFINED

    def missing(self, learner: str) -> list[str]:
        """The signals that it needs and a learner does not offer."""
        return sorted(set(self.needs) - signals(learner, self.objective))


def folder() -> Path:
    """The bundled strategies: beside the package in a checkout, inside it in a wheel."""
    package = Path(__file__).parents[1]
    inside = package / "_strategies"
    return inside if inside.is_dir() else package.parent / "strategies"


def names() -> list[str]:
    """All bundled strategies."""
    return sorted(path.stem for path in folder().glob("*.py"))


def load(text: str, sandboxed: bool = False) -> Strategy:
    """A strategy from `name`, `name[key=value]` or `path/to/file.py[key=value]`.

    UsageError when there is none, when the file breaks the contract (docstring, `needs`,
    `objective`, `select`, `limits`), or when a parameter is not one of `select`'s or beyond the
    file's `limits`. With `sandboxed` the file is read but never run in this process.
    """
    spec = Spec.parse(text)
    path = _find(spec.name)
    found = _behind_walls(path) if sandboxed else _imported(path)
    params = _params(path, found.select, dict(spec.params))
    _check_limits(path, found.select, found.limits, params)
    return replace(found.strategy, spec=Spec.of(path.stem, params))


class _Found(NamedTuple):
    """A strategy without parameters, and the limits of these."""

    strategy: Strategy
    limits: Any

    @property
    def select(self) -> Select:
        return self.strategy.select


def _imported(path: Path) -> _Found:
    """What a file defines when it is run here."""
    module, digest = _module(path)
    needs = getattr(module, "needs", None)
    select = getattr(module, "select", None)
    objective = getattr(module, "objective", "supervised")
    if not (module.__doc__ and _are_names(needs) and _takes_three(select)):
        raise UsageError(
            f"{path} is no strategy: it must have a docstring with its source, a tuple `needs` "
            "of names of signals and a function `select(view, budget, rng)`."
        )
    source.check_signals(path, needs, objective)
    about = inspect.cleandoc(module.__doc__)
    made = Strategy(Spec(path.stem), about, needs, objective, select, digest)
    return _Found(made, getattr(module, "limits", {}))


def _behind_walls(path: Path) -> _Found:
    """What a file says of itself, and a `select` that runs its own in the sandbox."""
    found = source.read(path)
    select = host.remote(found)
    kept = (found.about, found.needs, found.objective, select, found.digest, SANDBOX)
    return _Found(Strategy(Spec(path.stem), *kept), found.limits)


def _find(name: str) -> Path:
    if name == FULL:
        raise UsageError(f"'{FULL}' is no strategy but the reference, and takes no parameters.")
    path = Path(name) if name.endswith(".py") else folder() / f"{name}.py"
    if not path.is_file():
        hint = " Is the path right?" if name.endswith(".py") else nearest(name, [*names(), FULL])
        raise UsageError(f"There is no strategy '{name}'.{hint}")
    path = path.resolve()
    bundled = folder() / f"{path.stem}.py"
    if path.stem == FULL or (bundled.is_file() and path != bundled.resolve()):
        raise UsageError(f"{path}: the name '{path.stem}' is taken; rename the file.")
    return path


@cache
def _module(path: Path) -> tuple[ModuleType, str]:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    spec = importlib.util.spec_from_file_location(f"strategy_{path.stem}_{digest[:8]}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses, for one, look their module up
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as reason:
        sys.modules.pop(spec.name, None)
        raise UsageError(f"{path} cannot be loaded: {type(reason).__name__}: {reason}.") from reason
    return module, digest


def _are_names(needs: object) -> TypeGuard[tuple[str, ...]]:
    return isinstance(needs, tuple) and all(isinstance(name, str) for name in needs)


def _takes_three(select: object) -> TypeGuard[Select]:
    return callable(select) and len(inspect.signature(select).parameters) >= 3


def _params(path: Path, select: Select, given: dict[str, Value]) -> dict[str, Value]:
    """The given parameters that differ from the defaults, so that equal choices are equal cells."""
    defaults = {p.name: p.default for p in list(inspect.signature(select).parameters.values())[3:]}
    for key, default in defaults.items():
        if default is inspect.Parameter.empty:
            raise UsageError(f"{path}: parameter '{key}' of select has no default; give it one.")
    for key, value in given.items():
        if key not in defaults:
            raise UsageError(f"Strategy '{path.stem}' has no parameter '{key}'.{_has(defaults)}")
        if type(value) is not type(defaults[key]):
            kind = type(defaults[key]).__name__
            raise UsageError(f"Parameter '{key}' of '{path.stem}' is {kind}, not {value!r}.")
    return {key: value for key, value in given.items() if value != defaults[key]}


def _check_limits(path: Path, select: Select, limits: Any, params: Mapping[str, Any]) -> None:
    """A file may state `limits`: the lowest and the highest value, or all texts, of a parameter.

    For example {"width": (1, 100), "measure": ("votes", "mutual_information")}.
    """
    known = inspect.signature(select).parameters
    try:
        for key, allowed in dict(limits).items():
            if key not in known:
                raise UsageError(f"{path}: `limits` names '{key}', no parameter of select.")
            if isinstance(known[key].default, str):
                if key in params and params[key] not in allowed:
                    what = f"Parameter '{key}' of '{path.stem}' is {params[key]!r}"
                    raise UsageError(f"{what}.{nearest(str(params[key]), allowed)}")
                continue
            low, high = allowed
            if key in params and not low <= params[key] <= high:
                what = f"Parameter '{key}' of '{path.stem}' is {params[key]}"
                raise UsageError(f"{what}; it must lie between {low} and {high}.")
    except (TypeError, ValueError) as reason:
        raise UsageError(
            f"{path}: `limits` must map names of parameters to (lowest, highest), or to all texts."
        ) from reason


def _has(defaults: dict[str, Any]) -> str:
    return f" It has: {', '.join(sorted(defaults))}." if defaults else " It has none."
