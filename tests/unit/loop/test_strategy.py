import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.error import UsageError
from bench.loop import strategy
from bench.loop.strategy import load

Write = Callable[..., str]
GOOD = (
    '"""Longest (Nobody 2020)."""\nneeds = ("latent",)\ndef select(view, budget, rng, k=1): ...\n'
)

WIDE = ("lc", "mnlp", "nse", "alise_nse")


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def make(source: str, name: str = "mine.py") -> str:
        (tmp_path / name).write_text(source, encoding="utf-8")
        return str(tmp_path / name)

    return make


def test_all_of_the_papers_strategies_are_there() -> None:
    assert {
        *("random", "lc", "nse", "margin", "mnlp", "token_entropy", "longest"),
        *("alise", "alise_nse"),
    } <= set(strategy.names())


def test_a_bundled_strategy_by_name() -> None:
    found = load("alise")
    assert str(found.spec) == "alise"
    assert (found.objective, found.needs) == ("adversarial", ("discriminator",))
    assert found.about.startswith("ALISE")


def test_a_strategy_by_path(write: Write) -> None:
    found = load(f"{write(GOOD)}[k=3]")
    assert str(found.spec) == "mine[k=3]"
    assert (found.about, found.objective) == ("Longest (Nobody 2020).", "supervised")


def test_parameters_that_say_the_default_are_no_parameters() -> None:
    assert load("nse[normalize=false,width=5]").spec == load("nse").spec
    assert load("nse[normalize=true,width=5]").spec.json == '{"normalize":true}'


def test_the_digest_is_of_the_source(write: Write) -> None:
    one, other = load(write(GOOD)), load(write(GOOD + "#", "other.py"))
    assert one.digest == load(write(GOOD, "third.py")).digest != other.digest


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("alis", r"There is no strategy 'alis'\. Did you mean alise"),
        ("zzz", r"There is no strategy 'zzz'\. There is: .*lc"),
        ("nowhere/mine.py", r"There is no strategy 'nowhere/mine.py'\. Is the path right\?"),
        (
            "nse[wdth=3]",
            r"Strategy 'nse' has no parameter 'wdth'\. It has: decode, normalize, width\.",
        ),
        ("random[k=1]", r"has no parameter 'k'\. It has none\."),
        ("nse[width=wide]", r"Parameter 'width' of 'nse' is int, not 'wide'"),
        ("nse[width=true]", r"Parameter 'width' of 'nse' is int, not True"),
        ("nse[normalize=1]", r"Parameter 'normalize' of 'nse' is bool, not 1"),
        ("ful", r"Did you mean full\?"),
        ("full[k=1]", "'full' is no strategy but the reference, and takes no parameters"),
        *((f"{name}[width=0]", "must lie between 1 and 100") for name in WIDE),
        *((f"{name}[width=1000000]", "must lie between") for name in WIDE),
        ("margin[width=1]", "'width' of 'margin' is 1; it must lie between 2 and 100"),
        ("nse[width]", "is not of the form key=value"),
        ("nse[", r"is not of the form name or name\[key=value"),
        ("../bench/cli", "no strategy"),
    ],
)
def test_what_is_not_there_is_a_usage_error(text: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        load(text)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"""Longest (Nobody 2020)."""', "", "must have a docstring"),
        ("def select", "def choose", r"a function `select\(view, budget, rng\)`"),
        ("def select(view, budget, rng, k=1)", "def select(view)", "is no strategy"),
        ("k=1", "k", "parameter 'k' of select has no default"),
        ("k=1", "**more", "parameter 'more' of select has no default"),
        ("needs", 'limits = {"j": (1, 2)}\nneeds', "`limits` names 'j', no parameter"),
        ("needs", 'limits = {"k": 2}\nneeds', "`limits` must map names"),
        ("needs", "limits = 3\nneeds", "`limits` must map names"),
        ('("latent",)', '("latent")', "is no strategy"),
        ('("latent",)', "(1,)", "a tuple `needs` of names of signals"),
        ('needs = ("latent",)', "", "is no strategy"),
        ('("latent",)', '("latnt",)', r"needs 'latnt', no signal.*Did you mean latent"),
        ('("latent",)', '("discriminator",)', "no signal of a supervised learner"),
        ("needs", 'objective = "adversary"\nneeds', r"unknown objective 'adversary'.*adversarial"),
        ("def select", "def select(:", "cannot be loaded: SyntaxError"),
        ("needs", "import nowhere_at_all\nneeds", "cannot be loaded: ModuleNotFoundError"),
        ("needs", "raise SystemExit(0)\nneeds", "cannot be loaded: SystemExit"),
        ("needs", "1 / 0\nneeds", "cannot be loaded: ZeroDivisionError"),
    ],
)
def test_a_file_that_breaks_the_contract(write: Write, old: str, new: str, reason: str) -> None:
    assert old in GOOD
    with pytest.raises(UsageError, match=reason):
        load(write(GOOD.replace(old, new)))


def test_a_file_may_bound_its_parameters(write: Write) -> None:
    path = write(GOOD + 'limits = {"k": (1, 9)}\n')
    assert str(load(f"{path}[k=9]").spec) == "mine[k=9]"
    with pytest.raises(UsageError, match="'k' of 'mine' is 10; it must lie between 1 and 9"):
        load(f"{path}[k=10]")


def test_a_file_may_list_the_texts_of_a_parameter(write: Write) -> None:
    path = write(GOOD.replace("k=1", 'k="votes"') + 'limits = {"k": ("votes", "shares")}\n')
    assert str(load(f"{path}[k=shares]").spec) == "mine[k=shares]"
    with pytest.raises(UsageError, match=r"'k' of 'mine' is 'share'\. Did you mean shares"):
        load(f"{path}[k=share]")


@pytest.mark.parametrize("name", ["random", "lc", "full"])
def test_a_name_that_is_taken_is_refused(write: Write, name: str) -> None:
    with pytest.raises(UsageError, match=f"the name '{name}' is taken; rename the file"):
        load(write(GOOD, f"{name}.py"))


def test_a_link_does_not_hide_a_name_that_is_taken(write: Write, tmp_path: Path) -> None:
    (tmp_path / "link.py").symlink_to(write(GOOD, "lc.py"))
    with pytest.raises(UsageError, match="the name 'lc' is taken"):
        load(str(tmp_path / "link.py"))


def test_the_bundled_file_itself_may_be_named_by_path(tmp_path: Path) -> None:
    (tmp_path / "lc.py").symlink_to(strategy.folder() / "lc.py")
    assert load(str(strategy.folder() / "lc.py")) == load(str(tmp_path / "lc.py")) == load("lc")


def test_a_file_may_hold_a_dataclass(write: Write) -> None:
    head = "from __future__ import annotations\nfrom dataclasses import dataclass\n"
    body = "@dataclass\nclass Pair:\n    one: int\n"
    load(write(GOOD.replace("needs", head + body + "needs", 1), "held.py"))
    assert any(name.startswith("strategy_held_") for name in sys.modules)


def test_a_file_that_fails_leaves_no_module(write: Write) -> None:
    with pytest.raises(UsageError, match="ZeroDivisionError"):
        load(write(GOOD + "1 / 0\n", "broken.py"))
    assert not any(name.startswith("strategy_broken_") for name in sys.modules)
