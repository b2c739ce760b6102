import inspect
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.error import UsageError
from bench.loop import permit, source, strategy

Write = Callable[..., Path]
GOOD = """\"\"\"Longest (Nobody 2020).\"\"\"
needs = ("latent",)


def select(view, budget, rng, k=1): ...
"""
NEEDS = 'needs = ("latent",)'
HEAD = "def select(view, budget, rng, k=1)"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def make(content: str | bytes, name: str = "mine.py") -> Path:
        content = content.encode() if isinstance(content, str) else content
        (tmp_path / name).write_bytes(content)
        return tmp_path / name

    return make


@pytest.mark.parametrize("name", strategy.names())
def test_it_says_of_a_bundled_file_what_loading_it_says(name: str) -> None:
    found, loaded = source.read(strategy.folder() / f"{name}.py"), strategy.load(name)
    for each in ("about", "needs", "objective", "digest"):
        assert getattr(found, each) == getattr(loaded, each)
    plain = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in inspect.signature(loaded.select).parameters.values()
    ]
    assert list(found.signature.parameters.values()) == plain


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("(a, b, c)", "(a, b, c)"),
        ("(a, b, /, c, d=-1.5, *, e='x', f=True)", "(a, b, /, c, d=-1.5, *, e='x', f=True)"),
        ("(a, b, c, *more, d, **rest)", "(a, b, c, *more, d, **rest)"),
        ("(a: int, b: int, c: int = 3, d: 'str' = '')", "(a, b, c=3, d='')"),
    ],
)
def test_the_signature_is_that_of_select(write: Write, head: str, expected: str) -> None:
    path = write(GOOD.replace("(view, budget, rng, k=1)", head))
    assert str(source.read(path).signature) == expected


def test_nothing_of_the_file_is_run(write: Write, tmp_path: Path) -> None:
    path = write(GOOD + "1 / 0\n" + "@(lambda f: 1 / 0)\ndef other(): ...\n")
    assert source.read(path).needs == ("latent",)


def test_limits_objective_and_annotations_are_read(write: Write) -> None:
    more = 'limits: dict = {"k": (1, 9)}\nobjective = "adversarial"\n'
    found = source.read(write(GOOD.replace("needs", "needs: tuple[str, ...]") + more))
    assert (found.limits, found.objective) == ({"k": (1, 9)}, "adversarial")


def test_ends_of_lines_and_a_mark_at_the_beginning_do_not_matter(write: Write) -> None:
    content = b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()
    found, plain = source.read(write(content)), source.read(write(GOOD, "plain.py"))
    assert (
        (found.text, found.about) == (plain.text, plain.about) == (GOOD, "Longest (Nobody 2020).")
    )
    assert found.digest != plain.digest
    assert found.digest == strategy.load(str(write(content, "third.py"))).digest


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"""Longest (Nobody 2020)."""', "", "lacks a docstring: it must have"),
        ('"""Longest (Nobody 2020)."""', '"""  """', "lacks a docstring"),
        (NEEDS, "", "lacks `needs`: it must have"),
        (NEEDS, "if True:\n    " + NEEDS, "lacks `needs`"),
        (NEEDS, f"{NEEDS}\n{NEEDS}", "assigns `needs` 2 times"),
        (NEEDS, 'needs = ("latent")', "`needs` must be a tuple of names"),
        (NEEDS, "needs = (1,)", "`needs` must be a tuple of names"),
        (NEEDS, "needs = None", "`needs` must be a tuple of names"),
        (NEEDS, 'needs = tuple(["latent"])', "line 2: `needs` must be a tuple .* written out"),
        (NEEDS, 'needs = ("latnt",)', "needs 'latnt', no signal.*Did you mean latent"),
        (NEEDS, 'needs = ("discriminator",)', "no signal of a supervised learner"),
        (NEEDS, f'{NEEDS}\nobjective = "adversary"', "unknown objective 'adversary'.*adversarial"),
        (NEEDS, f"{NEEDS}\nobjective = 3", "`objective` must be a text"),
        (NEEDS, f"{NEEDS}\nlimits = 3", "`limits` must be a dict"),
        (NEEDS, f"{NEEDS}\nlimits = {{1: 2}}", "`limits` must be a dict"),
        (NEEDS, f"{NEEDS}\nlimits = dict(k=(1, 2))", "line 3: `limits` must be .* written out"),
        (HEAD, "def choose(view, budget, rng)", "lacks `select`: it must have"),
        (HEAD, "async def select(view, budget, rng)", "lacks `select`"),
        (HEAD, f"{HEAD}: ...\n{HEAD}", "defines `select` 2 times"),
        (HEAD, "def select(view, budget)", "must take three arguments"),
        (HEAD, "def select(*everything)", "must take three arguments"),
        ("k=1", "k=None", "the default of 'k' must be true or false, a number or a text"),
        ("k=1", "k=1e999", "the default of 'k' must be"),
        ("k=1", "rng=1", "is no Python: line 5: duplicate argument 'rng'"),
        ("k=1", "k=len('x')", "line 5: the default of 'k' must be"),
        ("k=1", "k=()", "the default of 'k' must be"),
        (HEAD, f"{HEAD}:", "is no Python: line 5: "),
        (NEEDS, "x = " + "(" * 5000 + ")" * 5000, "is no Python|nested too deeply"),
        (NEEDS, "x = " + "-" * 9000 + "1", "nested too deeply"),
        (NEEDS, "needs = " + "-" * 900 + "1", "`needs` must be|nested too deeply"),
        (NEEDS, "x = '\0'", r"line 2 holds U\+0000"),
        (NEEDS, f"# \u202e\n{NEEDS}", r"line 2 holds U\+202E, a character that does not show"),
        (NEEDS, f"# x\u2028\n{NEEDS}", r"line 2 holds U\+2028"),
        (NEEDS, f"# x\rimport os\n{NEEDS}", r"line 2 holds U\+000D"),
    ],
)
def test_a_file_that_is_no_strategy(write: Write, old: str, new: str, reason: str) -> None:
    assert old in GOOD
    with pytest.raises(UsageError, match=reason) as caught:
        source.read(write(GOOD.replace(old, new)))
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("import os", "os"),
        ("import torch, socket", "socket"),
        ("from torch import nn; import sys as torch", "sys"),
        ("from .lc import select as other", ".lc.select"),
        ("from . import lc", "..lc"),
        ("import bench", "bench"),
        ("from bench.loop import clock", "bench.loop.clock"),
        ("from bench.loop import *", "bench.loop.*"),
        ("from bench.loop.viewer import x", "bench.loop.viewer.x"),
        ("import bench.data.oracle", "bench.data.oracle"),
        ("from sklearn import datasets", "sklearn.datasets"),
        ("from sklearn.datasets import load_digits", "sklearn.datasets.load_digits"),
        ("import torchvision", "torchvision"),
        ("def f():\n    import subprocess", "subprocess"),
        ("try:\n    import gc\nexcept ImportError: ...", "gc"),
    ],
)
def test_what_it_may_not_import(write: Write, statement: str, name: str) -> None:
    with pytest.raises(UsageError, match="which a strategy may not: it may import __f") as caught:
        source.read(write(f"{GOOD}{statement}\n"))
    assert f"imports '{name}'," in str(caught.value)
    assert f"line {5 + 1 + statement[: statement.find(name[-3:])].count(chr(10))} " in str(
        caught.value
    )


@pytest.mark.parametrize(
    "statement",
    [
        "from __future__ import annotations",
        "import numpy as np\nimport scipy.sparse\nfrom sklearn.cluster import KMeans",
        "import pyarrow.compute as pc",
        "from torch.nn.functional import normalize",
        *(f"import {module}" for module in permit.MODULES),
        "from bench.loop import ranking, view",
    ],
)
def test_what_it_may_import(write: Write, statement: str) -> None:
    assert source.read(write(GOOD.replace("needs", f"{statement}\nneeds"))).needs == ("latent",)


@pytest.mark.parametrize(
    "statement",
    [
        *("eval('1')", "e = exec", "open('x')", "x = __import__", "compile('1', '', 'eval')"),
        *("__builtins__", "breakpoint()", "\uff45val('1')"),  # wide letters are the same name
    ],
)
def test_what_it_may_not_mention(write: Write, statement: str) -> None:
    with pytest.raises(UsageError, match=r"line 6 uses `\w+`, which a strategy may not"):
        source.read(write(f"{GOOD}{statement}\n"))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (GOOD.encode() + b"# \xff", r"is not UTF-8 \(line 6\)"),
        (GOOD.encode("utf-16"), "is not UTF-8"),
        (b"# coding: latin-1\n" + GOOD.encode(), "declares another encoding than UTF-8"),
        (b"# coding: utf-7\n" + GOOD.encode(), "declares another encoding than UTF-8"),
        (b"# coding: nonsense\n" + GOOD.encode(), "declares another encoding than UTF-8"),
        (GOOD.encode() + b"#" * source.SIZE, "is larger than 16 KiB"),
    ],
)
def test_bytes_that_are_no_text_of_a_strategy(write: Write, content: bytes, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        source.read(write(content))


def test_a_file_of_just_the_size_will_do(write: Write) -> None:
    source.read(write(GOOD.encode() + b"#" * (source.SIZE - len(GOOD))))


def test_a_coding_that_is_utf_8_will_do(write: Write) -> None:
    source.read(write(f"# -*- coding: utf-8 -*-\n{GOOD}"))


def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "folder.py").mkdir()
    for name, reason in (
        ("nowhere.py", r"Cannot read .*nowhere\.py: No such file.*Is the path right\?"),
        ("pipe.py", "is no plain file"),
        ("folder.py", "is no plain file"),
        ("a\0b.py", "Is the path right"),
    ):
        with pytest.raises(UsageError, match=reason):
            source.read(tmp_path / name)


def test_a_link_is_refused(write: Write, tmp_path: Path) -> None:
    (tmp_path / "link.py").symlink_to(write(GOOD))
    with pytest.raises(UsageError, match="is a link; name the file itself"):
        source.read(tmp_path / "link.py")


def test_style_is_no_matter(write: Write, recwarn: Any) -> None:
    source.read(write(GOOD + "x = 1 is 1\ny = '\\d'\n"))
    assert not recwarn.list
