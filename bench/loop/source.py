"""A strategy file as text: what it says of itself, read without running any of it.

This is no wall, which is the sandbox; it is a polite door: what cannot be a strategy is told why.
"""

import ast
import hashlib
import io
import math
import os
import stat
import tokenize
import unicodedata
import warnings
from dataclasses import dataclass
from inspect import Parameter, Signature
from pathlib import Path
from typing import Any

from bench.error import UsageError
from bench.learners.objective import ADDS
from bench.learners.registry import signals
from bench.loop import permit
from bench.spec import nearest

SIZE = 16 * 1024
"""Bytes that a strategy file may have: code fits, labels learned by heart do not."""

_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})  # characters that do not show as they are
_FORM = "it must have a docstring with its source, a tuple `needs` of names of signals and a "
_FORM += "function `select(view, budget, rng)`"


@dataclass(frozen=True)
class Source:
    """A strategy file that keeps to the form. `digest` is the SHA-256 of its bytes, `content`.

    `about` is the docstring, without indentation; `signature` is that of `select`, of literals.
    """

    path: Path
    text: str
    digest: str
    about: str
    needs: tuple[str, ...]
    objective: str
    limits: dict[str, Any]
    signature: Signature
    content: bytes


def read(path: Path) -> Source:
    """What a file says of itself; UsageError, in one sentence, unless it can be a strategy."""
    content = _content(path)
    text = _decoded(path, content)
    tree = _parsed(path, text)
    about = ast.get_docstring(tree)
    if not about or not about.strip():
        raise UsageError(f"{path} lacks a docstring: {_FORM}.")
    permit.check(path, tree)
    objective = _objective(path, tree)
    needs = _needs(path, tree)
    check_signals(path, needs, objective)
    return Source(
        path=path,
        text=text,
        digest=hashlib.sha256(content).hexdigest(),
        about=about,
        needs=needs,
        objective=objective,
        limits=_limits(path, tree),
        signature=_signature(path, _select(path, tree)),
        content=content,
    )


def check_signals(path: Path, needs: tuple[str, ...], objective: str) -> None:
    """UsageError for an objective, or a signal under it, that there is not."""
    if objective not in ADDS:
        raise UsageError(
            f"{path} has an unknown objective '{objective}'.{nearest(objective, ADDS)}"
        )
    for name in needs:
        if name not in signals(None, objective):
            hint = nearest(name, signals(None, objective))
            raise UsageError(f"{path} needs '{name}', no signal of a {objective} learner.{hint}")


def _content(path: Path) -> bytes:
    """The bytes of a plain file, not of what a link leads to, nor of a pipe."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as reason:
        if path.is_symlink():
            raise UsageError(f"{path} is a link; name the file itself.") from None
        told = getattr(reason, "strerror", None) or reason
        raise UsageError(f"Cannot read {path}: {told}. Is the path right?") from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise UsageError(f"{path} is no plain file; name a strategy file, NAME.py.")
    with os.fdopen(handle, "rb") as file:
        content = file.read(SIZE + 1)
    if len(content) > SIZE:
        raise UsageError(f"{path} is larger than {SIZE // 1024} KiB, too large for a strategy.")
    return content


def _decoded(path: Path, content: bytes) -> str:
    """Its text; UsageError where Python or a reader would see another one."""
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as reason:
        start = content.count(b"\n", 0, reason.start) + 1
        raise UsageError(f"{path} is not UTF-8 (line {start}); save it as UTF-8.") from None
    for number, line in enumerate(text.split("\n"), 1):
        hidden = [c for c in line if c != "\t" and unicodedata.category(c) in _HIDDEN]
        if hidden:
            raise UsageError(
                f"{path}, line {number} holds U+{ord(hidden[0]):04X}, a character that does not "
                "show; remove it, so that the file reads as it runs."
            )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        except SyntaxError:
            encoding = "unknown"
    if encoding not in ("utf-8", "utf-8-sig"):
        raise UsageError(f"{path} declares another encoding than UTF-8; remove the declaration.")
    return text


def _parsed(path: Path, text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the compiler, on the style of a stranger
        try:
            tree = ast.parse(text)
            compile(tree, "strategy", "exec", dont_inherit=True)  # knows more errors
            return tree
        except SyntaxError as reason:
            where = f"line {reason.lineno}: " if reason.lineno else ""
            raise UsageError(f"{path} is no Python: {where}{reason.msg}.") from None
        except (RecursionError, MemoryError, ValueError):
            raise UsageError(f"{path} is nested too deeply to be read.") from None


def _values(tree: ast.Module, name: str) -> list[ast.expr]:
    """What the file's statements assign to a name."""
    found = []
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
        if any(isinstance(each, ast.Name) and each.id == name for each in targets):
            assert isinstance(node, ast.Assign | ast.AnnAssign)
            found += [node.value] if node.value else []
    return found


def _literal(path: Path, tree: ast.Module, name: str, default: Any, form: str) -> Any:
    """The value of a name that is assigned once, as a literal; UsageError else."""
    values = _values(tree, name)
    if not values:
        return default
    if len(values) > 1:
        raise UsageError(f"{path} assigns `{name}` {len(values)} times; once is enough.")
    try:
        return ast.literal_eval(values[0])
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        where = f"{path}, line {values[0].lineno}"
        raise UsageError(f"{where}: `{name}` must be {form}, written out.") from None


def _needs(path: Path, tree: ast.Module) -> tuple[str, ...]:
    form = 'a tuple of names of signals, such as ("latent",) or ()'
    needs = _literal(path, tree, "needs", None, form)
    if needs is None and not _values(tree, "needs"):
        raise UsageError(f"{path} lacks `needs`: {_FORM}.")
    if not isinstance(needs, tuple) or not all(isinstance(name, str) for name in needs):
        raise UsageError(f"{path}: `needs` must be {form}.")
    return needs


def _objective(path: Path, tree: ast.Module) -> str:
    form = f"a text: {' or '.join(sorted(ADDS))}"
    objective = _literal(path, tree, "objective", "supervised", form)
    if not isinstance(objective, str):
        raise UsageError(f"{path}: `objective` must be {form}.")
    return objective


def _limits(path: Path, tree: ast.Module) -> dict[str, Any]:
    form = "a dict from names of parameters to (lowest, highest), or to all texts"
    limits = _literal(path, tree, "limits", {}, form)
    if not isinstance(limits, dict) or not all(isinstance(key, str) for key in limits):
        raise UsageError(f"{path}: `limits` must be {form}.")
    return limits


def _select(path: Path, tree: ast.Module) -> ast.FunctionDef:
    found = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "select"]
    if not found:
        raise UsageError(f"{path} lacks `select`: {_FORM}.")
    if len(found) > 1:
        raise UsageError(f"{path} defines `select` {len(found)} times; once is enough.")
    return found[0]


def _signature(path: Path, function: ast.FunctionDef) -> Signature:
    """That of `select`; UsageError unless it takes three arguments, and its defaults are literals.

    That what follows the first three needs a default is the loader's to say.
    """
    found = function.args
    plain = [*found.posonlyargs, *found.args]
    if len(plain) < 3:
        raise UsageError(f"{path}: `select` must take three arguments, (view, budget, rng).")
    alone = [Parameter.POSITIONAL_ONLY] * len(found.posonlyargs)
    kinds: list[Any] = [*alone, *[Parameter.POSITIONAL_OR_KEYWORD] * len(found.args)]
    none = [None] * (len(plain) - len(found.defaults))
    rows: list[Any] = [*zip(plain, kinds, [*none, *found.defaults], strict=True)]
    rows += [(found.vararg, Parameter.VAR_POSITIONAL, None)] if found.vararg else []
    named = zip(found.kwonlyargs, found.kw_defaults, strict=True)
    rows += [(argument, Parameter.KEYWORD_ONLY, default) for argument, default in named]
    rows += [(found.kwarg, Parameter.VAR_KEYWORD, None)] if found.kwarg else []
    return Signature([Parameter(a.arg, k, default=_default(path, a.arg, d)) for a, k, d in rows])


def _default(path: Path, name: str, value: ast.expr | None) -> Any:
    if value is None:
        return Parameter.empty
    try:
        found = ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        found = None
    if not isinstance(found, bool | int | float | str) or found in (math.inf, -math.inf):
        raise UsageError(
            f"{path}, line {value.lineno}: the default of '{name}' must be true or false, a number "
            "or a text, written out."
        )
    return found
