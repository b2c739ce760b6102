from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.board.stats import ENOUGH_SEEDS
from bench.data import card as cards
from bench.data.captioning import meteor
from bench.error import UsageError
from bench.loop import strategy
from bench.loop.plan import Cell, plan


def names(cells: list[Cell]) -> list[str]:
    return [cell.name for cell in cells]


def test_cells_come_strategy_by_strategy_seed_by_seed(tiny: Any) -> None:
    made = plan(tiny.request(strategies=("lc", "full"), seeds=2, jobs=3))
    assert names(made.cells) == ["lc seed 0", "lc seed 1", "full seed 0", "full seed 1"]
    assert made.finished == []
    assert made.jobs == 3
    assert [cell.rounds for cell in made.cells] == [4, 4, 1, 1]


def test_none_stands_for_the_protocols_choice(tiny: Any) -> None:
    made = plan(tiny.request(strategies=None, seeds=None))
    assert names(made.cells) == ["random seed 0", "random seed 1", "lc seed 0", "lc seed 1"]
    assert {cell.key.protocol for cell in made.cells} == {"drawn"}


def test_a_protocol_that_lists_no_strategies_compares_all_bundled_ones(
    tiny: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    protocol = replace(tiny.cell("lc").task.protocol, strategies=())
    whole = replace(tiny.cell("lc").task, protocol=protocol)
    monkeypatch.setattr("bench.loop.plan.load_task", lambda request: whole)
    found = plan(tiny.request(strategies=None))
    named = [*found.inapplicable, *(cell.strategy for cell in found.cells)]
    assert sorted(named) == strategy.names()
    assert "lc" not in found.inapplicable


def test_the_gates_protocol_is_that_of_every_embedded_task() -> None:
    embedded = [cards.load(name) for name in cards.names() if not cards.load(name).files]
    assert [card.name for card in embedded] == ["digits", "flights", "shapes"]
    for card in embedded:
        assert card.recipe("gate").strategies == ()
        assert card.recipe("gate").seeds == ENOUGH_SEEDS


def test_finished_and_failed_and_open_cells_are_told_apart(tiny: Any) -> None:
    tiny.run(tiny.cell("random"))
    tiny.run(tiny.cell("lc", rounds=2))
    made = plan(tiny.request(strategies=("random", "lc", "longest")))
    assert names(made.finished) == ["random seed 0"]
    assert names(made.cells) == ["lc seed 0", "longest seed 0"]


def test_equal_choices_are_one_cell(tiny: Any) -> None:
    made = plan(tiny.request(strategies=("nse", "nse[normalize=false]", "nse[width=3]")))
    assert [str(cell.chooser.spec) for cell in made.cells if cell.chooser] == [
        "nse",
        "nse[width=3]",
    ]


def test_two_files_of_one_name_are_refused(tiny: Any, tmp_path: Path) -> None:
    files = [tmp_path / folder / "mine.py" for folder in ("a", "b")]
    for path in files:
        path.parent.mkdir()
        path.write_text(f'"""Of {path.parent.name}."""\nneeds = ()\ndef select(v, b, r): ...\n')
    with pytest.raises(UsageError, match=r"'.*a/mine.py' and '.*b/mine.py' have one name"):
        plan(tiny.request(strategies=tuple(map(str, files))))


def test_settings_that_say_the_default_are_no_settings(tiny: Any) -> None:
    key = tiny.cell("random").key
    assert key.learner == "bilstm-tagger"
    assert '"hidden":8' in key.learner_params
    assert '"patience":' in tiny.cell("random").origin["config"]
    spelled = tiny.cell("random", learner="bilstm-tagger[hidden=64]").key
    assert spelled == tiny.cell("random", learner="bilstm-tagger").key


@pytest.mark.parametrize(
    ("kind", "learner"), [("tagging", "bilstm-aligned"), ("captioning", "show-attend-tell")]
)
def test_without_a_learner_it_is_the_default_of_the_tasks_kind(
    smalls: Any, kind: str, learner: str
) -> None:
    (cell,) = plan(smalls[kind].request(learner=None)).cells
    assert (cell.key.learner, cell.key.learner_params) == (learner, "{}")
    assert cell.key == smalls[kind].cell("random", learner=learner).key


def protocol_with(cell: Cell, **changes: Any) -> Cell:
    """The cell under a protocol that sets more."""
    task = cell.task
    recipe = replace(task.card.recipe(task.protocol.name), **changes)
    card = replace(task.card, protocols={task.protocol.name: recipe})
    cell.__dict__["task"] = replace(task, card=card)  # where the cached property keeps it
    return cell


def test_a_protocol_names_a_learner_and_sets_it(tiny: Any) -> None:
    sets = {"learner": "bilstm-focus", "settings": {"hidden": 9, "validation": 0.0}}
    cell = protocol_with(tiny.cell("random", learner=None), **sets)
    assert cell.key.learner == "bilstm-focus"
    assert cell.key.learner_params == '{"hidden":9,"validation":0.0}'
    assert (cell.config.hidden, cell.config.validation) == (9, 0.0)
    named = protocol_with(tiny.cell("random", learner="bilstm-lstm[hidden=5]"), **sets)
    assert named.key.learner == "bilstm-lstm"
    assert named.key.learner_params == '{"hidden":5,"validation":0.0}'  # the user's word is last


def test_a_strategy_without_its_signals_is_left_out_and_named(tiny: Any, snaps: Any) -> None:
    wanted = ("random", "longest", "lc", "alise")
    made = plan(snaps.request(strategies=wanted, seeds=2))
    assert made.inapplicable == {"longest": ["lengths"]}
    assert {cell.strategy for cell in made.cells} == {"random", "lc", "alise"}
    assert len(made.cells) == 6
    assert plan(tiny.request(strategies=wanted)).inapplicable == {}


def test_all_missing_signals_are_named(snaps: Any, tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    needs = '("gradient_embedding", "latent", "lengths")'
    path.write_text(f'"""Of nobody (2026)."""\nneeds = {needs}\ndef select(v, b, r): ...\n')
    made = plan(snaps.request(strategies=(str(path), "full")))
    assert made.inapplicable == {str(path): ["gradient_embedding", "lengths"]}
    assert names(made.cells) == ["full seed 0"]


def test_when_no_strategy_applies_the_request_is_wrong(snaps: Any) -> None:
    reason = r"^No strategy applies to 'snaps': longest misses lengths\.$"
    with pytest.raises(UsageError, match=reason):
        plan(snaps.request(strategies=("longest",)))
    assert not snaps.out.exists()


@pytest.mark.parametrize(
    ("kind", "learner", "fit"),
    [
        (
            *("tagging", "show-attend-tell"),
            "is for captioning of images, but 'tiny' is tagging; take one of: bilstm-al",
        ),
        (
            *("captioning", "bilstm-tagger[hidden=9]"),
            "is for tagging of sentences, but 'snaps' is captioning; take one of: show-attend-tell",
        ),
    ],
)
def test_a_learner_of_another_kind_is_refused(
    smalls: Any, kind: str, learner: str, fit: str
) -> None:
    with pytest.raises(UsageError, match=f"Learner '{learner.partition('[')[0]}' {fit}"):
        plan(smalls[kind].request(learner=learner))


def test_what_cannot_be_measured_is_remarked_before_it_runs(
    tiny: Any, snaps: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert plan(snaps.request()).remark == "METEOR is left out of these tests."
    assert plan(tiny.request()).remark is None
    monkeypatch.setattr(meteor, "missing", lambda: None)
    assert plan(snaps.request()).remark is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"seeds": 0}, "--seeds is 0; it must be at least 1"),
        ({"seeds": -3}, "--seeds is -3"),
        ({"rounds": 0}, "--rounds is 0"),
        ({"jobs": 0}, "--jobs is 0"),
        (
            {"rounds": 5},
            "protocol 'drawn' of 'tiny' has 4 rounds, the last at 80 items",
        ),
        ({"device": "abacus"}, "There is no device 'abacus' here; use --device cpu"),
        ({"device": "meta"}, "There is no device 'meta' here"),
        ({"device": "cuda:99"}, "There is no device 'cuda:99' here"),
        ({"task": "tinny"}, r"There is no task 'tinny'\. Did you mean tiny"),
        ({"protocol": "draw"}, r"has no protocol 'draw'\. Did you mean drawn"),
        ({"learner": "bilstm-tager"}, r"no learner 'bilstm-tager'\. Did you mean bilstm-tagger"),
        ({"learner": "bilstm-tagger[hiden=3]"}, r"has no parameter 'hiden'\. Did you mean hidden"),
        ({"learner": "bilstm-tagger[hidden=big]"}, "is <class 'int'>, not 'big'|is int, not 'big'"),
        ({"learner": "bilstm-tagger[hidden=0]"}, "'hidden' of .* is 0; it must lie between 1"),
        ({"learner": "bilstm-tagger[dropout=1.5]"}, "'dropout' of .* is 1.5; it must lie"),
        ({"learner": "bilstm-tagger[learning_rate=NaN]"}, "is nan; it must lie between 0"),
        ({"strategies": ("lcc",)}, r"no strategy 'lcc'\. Did you mean lc"),
        ({"strategies": ("lc", "nse[width=0]")}, "'width' of 'nse' is 0; it must lie between 1"),
        ({"strategies": ("lc[x=1]",)}, r"has no parameter 'x'\. It has: decode, width"),
    ],
)
def test_a_wrong_request_is_refused_before_anything_runs(
    tiny: Any, changes: dict[str, Any], reason: str
) -> None:
    with pytest.raises(UsageError, match=reason):
        plan(tiny.request(**changes))
    assert not tiny.out.exists()
