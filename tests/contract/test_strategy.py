"""What every strategy file keeps to, on every kind of task that it applies to.

One that is added is found and held to it. Where a learner does not offer what a strategy needs, the
plan has to say so.
"""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from bench.learners import registry
from bench.loop import contract, strategy
from bench.loop.fit import FitStore
from bench.loop.ground import Ground
from bench.loop.plan import plan
from bench.spec import Spec

TESTS = Path(__file__).parents[1]
NAMES = strategy.names()
KINDS = {
    "tagging": ("drawn", "fixed"),
    "captioning": ("drawn",),
    "images": ("drawn",),
    "texts": ("drawn", "fixed"),
}
"""The kinds of task (of classification: what is read), and the protocols of each small task."""
TASKS = {"tagging": "tiny", "captioning": "snaps", "images": "marks", "texts": "notes"}
LEARNERS = {
    "tagging": registry.names("tagging"),
    "captioning": registry.names("captioning"),
    "images": registry.names("classification", "images"),
    "texts": ["bilstm-classifier", "tfidf-svm", "tfidf-logreg"],
}
GROUNDS = {kind: Ground(kind, TASKS[kind], tuple(LEARNERS[kind]), "drawn", TESTS) for kind in KINDS}


def missing(name: str, kind: str) -> list[str]:
    """The signals that a strategy needs and no learner for a kind of task offers."""
    return GROUNDS[kind].missing(strategy.load(name))


ALL = [(name, kind) for name in NAMES for kind in KINDS]
CASES = [(name, kind) for name, kind in ALL if not missing(name, kind)]

VARIANTS = (
    "coreset[robust=true,time_limit=10]",
    "bald[measure=mutual_information,passes=5]",
    "dbal[measure=variation_ratio]",
    "nse[normalize=true]",
)
"""Parameters that make another strategy of one."""


@pytest.fixture
def small(smalls: dict[str, Any], kind: str) -> Any:
    """The small task of a kind."""
    return smalls[kind]


def test_the_grounds_are_all_kinds_with_all_learners() -> None:
    assert sorted(name for names in LEARNERS.values() for name in names) == sorted(
        registry.LEARNERS
    )
    with contract.embedded() as grounds:
        assert [each.kind for each in grounds] == list(KINDS)
        assert all(set(each.learners) == set(LEARNERS[each.kind]) for each in grounds)


def test_every_file_is_found() -> None:
    files = {path.stem for path in strategy.folder().iterdir() if path.suffix == ".py"}
    assert set(NAMES) == files
    assert len(NAMES) >= 9


@pytest.mark.parametrize("name", NAMES)
def test_it_says_where_it_comes_from(name: str) -> None:
    contract.cites(strategy.load(name).about)


@pytest.mark.parametrize("name", NAMES)
def test_it_needs_only_signals_there_are(name: str) -> None:
    found = strategy.load(name)
    assert set(found.needs) <= registry.signals(None, found.objective)
    contract.applies(found, GROUNDS.values())


def test_of_the_papers_strategies_longest_alone_does_not_apply_everywhere() -> None:
    paper = {"random", "lc", "nse", "margin", "mnlp", "token_entropy", "alise", "alise_nse"}
    assert {(name, kind) for name in paper for kind in KINDS} <= set(CASES)
    assert missing("longest", "captioning") == missing("longest", "images") == ["lengths"]
    assert ("longest", "tagging") in CASES


@pytest.mark.parametrize(("name", "kind"), ALL)
def test_the_plan_runs_it_or_says_what_is_missing(small: Any, name: str, kind: str) -> None:
    made = plan(small.request(strategies=(name, "full")))
    cells = {cell.strategy for cell in made.cells}
    if (name, kind) in CASES:
        assert (cells, made.inapplicable) == ({name, "full"}, {})
    else:
        assert (cells, made.inapplicable) == ({"full"}, {name: missing(name, kind)})


@pytest.mark.parametrize("name", NAMES)
def test_it_is_a_short_file_that_imports_no_label(name: str) -> None:
    text = Path(strategy.folder() / f"{name}.py").read_text(encoding="utf-8")
    contract.is_short(text)
    assert not re.search(r"\b(oracle|judge|ledger|Task|open|eval|exec)\b", text)


@pytest.mark.parametrize(
    ("name", "kind", "protocol"),
    [(name, kind, protocol) for name, kind in CASES for protocol in KINDS[kind]],
)
def test_it_ranks_enough_unlabelled_items_once(
    small: Any, name: str, kind: str, protocol: str
) -> None:
    found, ground = strategy.load(name), replace(GROUNDS[kind], protocol=protocol)
    contract.ranks(found, ground)
    (call,) = ground.calls(found)
    assert call.answer.dtype == torch.int64
    assert call.answer.device.type == "cpu"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_variant_does_so_too(small: Any, variant: str, kind: str) -> None:
    if Spec.parse(variant).name in {name for name, other in CASES if other == kind}:
        contract.ranks(strategy.load(variant), GROUNDS[kind])


@pytest.mark.parametrize(("name", "kind"), CASES)
@pytest.mark.parametrize("clause", contract.CLAUSES)
def test_it_keeps_to_each_clause(small: Any, name: str, kind: str, clause: str) -> None:
    contract.CLAUSES[clause](strategy.load(name), GROUNDS[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_blindness_is_asked_of_all_labels_that_are_not_revealed(small: Any, kind: str) -> None:
    found, ground = strategy.load("random"), GROUNDS[kind]
    plain = ground.run(found, rounds=2)
    task, kept = ground.load(found), {*plain[0].initial, *plain[0].selected}
    labels = contract.permuted(task, kept)
    assert set(labels) == set(range(len(task.corpus.labels))) - kept
    before = [name for number in labels for name in task.corpus.labels[number].as_py()]
    assert sorted(before) == sorted(name for names in labels.values() for name in names)
    again = ground.run(found, rounds=2, labels=labels)
    assert len(again[1].selected) > 0
    assert again[1].metrics != plain[1].metrics  # the test split was permuted, too


@pytest.mark.parametrize("kind", KINDS)
def test_fits_are_not_shared_between_objectives(small: Any, kind: str) -> None:
    store = FitStore(small.out / "fits")
    plain = small.run(small.cell("random", rounds=1), fits=store)[0]
    own = small.run(small.cell("alise", rounds=1), fits=store)[0]
    assert own.metrics == plain.metrics
    assert own.own_fit_seconds is not None
    assert len(list(store.folder.glob("*.npz"))) == 2


def test_every_strategy_is_held_to_every_clause(request: pytest.FixtureRequest) -> None:
    """Nothing of the contract may be skipped for some file: what is collected is complete."""
    met: dict[tuple[str, ...], set[Any]] = {}
    for item in request.session.items:
        if item.path == request.path and isinstance(item, pytest.Function):
            params = item.callspec.params if hasattr(item, "callspec") else {}
            if "name" in params:
                case = (params["name"], params["kind"]) if "kind" in params else params["name"]
                clause = (item.originalname, params.get("clause", ""))
                met.setdefault(clause, set()).add(case)
                assert not list(item.iter_markers("skip"))
    assert {clause for _, clause in met} == {"", *contract.CLAUSES}
    for (test, clause), cases in met.items():
        wanted = CASES if isinstance(min(cases), tuple) else NAMES
        if test == test_the_plan_runs_it_or_says_what_is_missing.__name__:
            wanted = ALL
        assert cases == set(wanted), (test, clause)
