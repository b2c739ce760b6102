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
        ("nse[wdth=3]", r"Strategy 'nse' has no parameter 'wdth'\. It has: normalize, width\."),
        ("random[k=1]", r"has no parameter 'k'\. It has none\."),
        ("nse[width=wide]", r"Parameter 'width' of 'nse' is int, not 'wide'"),
        ("nse[width=true]", r"Parameter 'width' of 'nse' is int, not True"),
        ("nse[normalize=1]", r"Parameter 'normalize' of 'nse' is bool, not 1"),
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
