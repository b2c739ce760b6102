"""Fits are made once, shared, and never trusted blindly."""

import multiprocessing
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch

from bench.data.tagging.kind import Tagging
from bench.error import StorageError
from bench.learners import registry
from bench.learners.layer import build
from bench.learners.learner import Learner
from bench.loop.fit import Fit, FitStore, Score
from bench.loop.seed import Streams
from bench.spec import Spec

SPEC = Spec.parse("bilstm-tagger[embedding=4,hidden=4]")
SCORE = Score(0.5, {"f1": 0.5}, 1.25, 0.75)


def blank() -> Learner:
    words = pa.array([["a", "b"], ["c"]])
    family = registry.make(SPEC, Tagging(("O", "B-x")), words)
    return Learner(family, torch.device("cpu"))


def built() -> Fit:
    learner = blank()
    learner.outputs = learner.family.outputs(pa.array([["O"]]))
    learner.model = learner.family.model(learner.outputs)
    build(learner.model, learner.device, Streams(0)("initialisation"))
    return Fit(learner, SCORE)


def ask(folder: Path, key: int, note: Path) -> None:
    """Ask for a fit; a line is noted when it has to be made."""

    def make() -> Fit:
        with note.open("a") as file:
            file.write("made\n")
        time.sleep(0.2)  # a fit takes long enough for others to ask
        return built()

    FitStore(folder).get({"key": key}, blank(), make)


def test_the_second_asker_gets_the_same_weights_scores_and_seconds(tmp_path: Path) -> None:
    store = FitStore(tmp_path)
    first = store.get({"seed": 1}, blank(), built)
    second = store.get({"seed": 1}, blank(), lambda: pytest.fail("made again"))
    assert second.score == first.score == SCORE
    a, b = first.learner.state(), second.learner.state()
    assert a.keys() == b.keys()
    assert all(np.array_equal(a[key], b[key]) for key in a)


def test_another_key_is_another_fit(tmp_path: Path) -> None:
    for key in (1, 2, 1):
        ask(tmp_path / "fits", key, tmp_path / "note")
    assert (tmp_path / "note").read_text() == "made\n" * 2


def test_two_processes_that_ask_at_once_make_one_fit(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    askers = [
        context.Process(target=ask, args=(tmp_path / "fits", 1, tmp_path / "note"))
        for _ in range(4)
    ]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join(60)
    assert [asker.exitcode for asker in askers] == [0] * 4
    assert (tmp_path / "note").read_text() == "made\n"


def test_files_hold_plain_arrays(tmp_path: Path) -> None:
    FitStore(tmp_path).get({"seed": 1}, blank(), built)
    (file,) = tmp_path.glob("*.npz")
    with np.load(file, allow_pickle=False) as arrays:
        assert {arrays[name].dtype.kind for name in arrays.files} <= {"f", "u", "U"}


@pytest.mark.parametrize("damage", [b"", b"PK", b"nonsense", None])
def test_a_damaged_fit_is_made_again(tmp_path: Path, damage: bytes | None) -> None:
    ask(tmp_path / "fits", 1, tmp_path / "note")
    (file,) = (tmp_path / "fits").glob("*.npz")
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2] if damage is None else damage)
    ask(tmp_path / "fits", 1, tmp_path / "note")
    assert (tmp_path / "note").read_text() == "made\n" * 2
    assert file.read_bytes() == content


def test_a_pickle_is_not_opened(tmp_path: Path) -> None:
    ask(tmp_path / "fits", 1, tmp_path / "note")
    (file,) = (tmp_path / "fits").glob("*.npz")
    np.savez(file, score=np.array([print], dtype=object))
    ask(tmp_path / "fits", 1, tmp_path / "note")
    assert (tmp_path / "note").read_text() == "made\n" * 2


def test_a_disk_that_refuses_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(StorageError, match=r"Cannot keep a trained model in .*npz: No space left"):
        FitStore(tmp_path / "fits").get({"seed": 1}, blank(), built)
    monkeypatch.undo()
    assert not list((tmp_path / "fits").glob("*.npz")) + list((tmp_path / "fits").glob("*.tmp"))


def test_round_0_is_fitted_once_for_all_strategies(
    tiny: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted, real = [], Learner.fit

    def count(learner: Learner, labeled: Any, *others: Any) -> None:
        fitted.append(tuple(labeled.ids.tolist()))
        real(learner, labeled, *others)

    monkeypatch.setattr(Learner, "fit", count)
    rows = [tiny.run(tiny.cell(name, rounds=1)) for name in ("random", "longest", "lc", "alise")]
    assert len(fitted) == 1
    assert len({row[0].fit_seconds for row in rows}) == 1
    tiny.run(tiny.cell("random", seed=1, rounds=1))
    assert len(fitted) == 2


def test_full_is_one_round_of_everything(tiny: Any) -> None:
    (row,) = tiny.run(tiny.cell("full"))
    assert (row.round, row.items, row.selected, row.strategy) == (0, 120, (), "full")
    assert len(row.initial) == 120
