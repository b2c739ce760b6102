"""In the sandbox every strategy chooses what it chooses outside."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.data import card
from bench.error import UsageError
from bench.loop import strategy
from bench.loop.plan import plan
from bench.loop.sandbox import host, wall
from bench.loop.sandbox.limit import DEFAULT
from bench.rows.schema import Row

KINDS = ("tagging", "captioning", "images", "texts")
SPECS = (*strategy.names(), "coreset[robust=true,time_limit=10]", "nse[normalize=true,width=3]")


def lines(text: str) -> str:
    return '"""A test (nobody 2026)."""\n\nneeds = ("latent",)\n\n\n' + text


def test_this_machine_has_a_sandbox() -> None:
    host.probe()
    host.probe()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("spec", SPECS)
def test_it_chooses_the_same(
    smalls: dict[str, Any],
    spec: str,
    kind: str,
    lasting: Callable[[list[Row]], list[dict[str, Any]]],
) -> None:
    small = smalls[kind]
    plain, boxed = (
        small.cell(spec, out=small.out / str(inside), sandboxed=inside, rounds=2)
        for inside in (False, True)
    )
    if plain.missing:
        assert boxed.missing == plain.missing
        return
    one, two = small.run(plain), small.run(boxed)
    assert one[-1].error is None
    assert {row.isolation for row in two} == {"sandbox"}
    assert [row.notes for row in two] == [row.notes for row in one]
    assert [without(row) for row in lasting(two)] == [without(row) for row in lasting(one)]


def without(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "isolation"}


def test_a_machine_without_a_sandbox_is_no_fault_of_the_strategy(
    tiny: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise host.SandboxError("No such luck.")

    cell = tiny.cell("lc", sandboxed=True)
    assert cell.chooser
    monkeypatch.setattr(host, "_attend", refuse)
    with pytest.raises(UsageError, match="No such luck"):
        tiny.run(cell)
    assert not cell.path.exists()


def test_a_nursery_that_has_died_is_named_and_leaves_nothing() -> None:
    nursery = host.Nursery()
    nursery.process.kill()
    nursery.process.wait()
    for _ in range(2):
        gone = pytest.raises(host.SandboxError, match="no sandbox: it has ended")
        with gone, nursery.guest(DEFAULT):
            raise AssertionError
    assert not Path(nursery.scratch).exists()
    nursery.close()


def test_a_nursery_tidies_up() -> None:
    nursery = host.Nursery()
    assert Path(nursery.scratch).exists()
    nursery.close()
    assert not Path(nursery.scratch).exists()


def test_the_file_is_not_run_here(tiny: Any, tmp_path: Path) -> None:
    path = tmp_path / "told.py"
    path.write_text(
        lines("x = 1 / 0\n\n\ndef select(view, budget, rng):\n    return view.unlabeled\n")
    )
    cell = tiny.cell(str(path), sandboxed=True)
    assert plan(tiny.request(strategies=(str(path),), sandboxed=True)).cells
    (row,) = tiny.run(cell)
    assert row.error == (
        "The strategy failed; it says: The strategy raised ZeroDivisionError: division by zero"
    )
    with pytest.raises(UsageError, match="cannot be loaded: ZeroDivisionError"):
        strategy.load(str(path))


def test_parameters_reach_it_and_are_checked_without_it(tiny: Any, tmp_path: Path) -> None:
    path = tmp_path / "some.py"
    path.write_text(
        lines(
            'limits = {"skip": (0, 9)}\n\n\n'
            "def select(view, budget, rng, skip: int = 0):\n"
            "    view.note(skip=skip)\n"
            "    return view.unlabeled[skip:]\n"
        )
    )
    row = tiny.run(tiny.cell(f"{path}[skip=3]", sandboxed=True))[0]
    assert (row.params, row.notes) == ('{"skip":3}', {"skip": 3.0})
    for wrong, reason in (("skip=10", "between 0 and 9"), ("jump=1", "no parameter 'jump'")):
        with pytest.raises(UsageError, match=reason):
            strategy.load(f"{path}[{wrong}]", sandboxed=True)


def test_all_that_a_view_has_is_there(snaps: Any, tmp_path: Path) -> None:
    path = tmp_path / "curious.py"
    path.write_text(
        lines(
            "def select(view, budget, rng):\n"
            "    images, known = view.inputs(view.unlabeled), view.labeled\n"
            "    view.note(\n"
            "        shape=images.shape[-1], read=len(images.read(slice(None))),\n"
            "        inputs=len(known.inputs), labels=len(known.labels), ids=len(known.ids),\n"
            "        history=sum(map(len, view.history)), cost=view.cost(view.unlabeled).sum(),\n"
            "        signal=len(view.signal('latent', known.ids)), amount=budget.amount,\n"
            "        signals=view.signals('latent', ids=known.ids)[0].sum(),\n"
            "    )\n"
            "    return view.unlabeled\n"
        )
    )
    boxed, plain = (
        snaps.run(snaps.cell(str(path), sandboxed=inside, out=snaps.out / str(inside)))
        for inside in (True, False)
    )
    assert boxed[0].error is None
    assert [row.notes for row in boxed] == [row.notes for row in plain]


def test_no_label_lies_among_what_may_be_read() -> None:
    allowed = [path for path, rights in wall.paths() if rights & 4]  # to read files
    import sklearn

    data = Path(sklearn.__file__).parent / "datasets" / "data"
    ours = Path(host.__file__).parents[2]
    for hidden in (data / "digits.csv.gz", ours / "data" / "oracle.py", card.folder()):
        assert not any(hidden.resolve().is_relative_to(each) for each in allowed)
    assert len(allowed) > 10
