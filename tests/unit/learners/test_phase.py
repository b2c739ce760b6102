"""What a signal is busy with: who listens hears all of it, and changes none of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pyarrow as pa
import pytest
import torch

from bench.learners.device import moved
from bench.learners.learner import Learner
from bench.learners.phase import Name, heard, phase
from bench.loop import clock
from bench.loop.membership import membership

CPU = torch.device("cpu")
DECODED = ("best_log_prob", "nbest_log_probs")


class Ear:
    """Hears phases as they begin, each with those that it is inside of."""

    def __init__(self) -> None:
        self.open, self.said = list[str](), list[str]()

    @contextmanager
    def __call__(self, name: Name) -> Iterator[None]:
        self.open.append(name)
        self.said.append("/".join(self.open))
        yield
        self.open.pop()


@pytest.fixture
def ticks(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock: every look at it takes the next of these numbers."""
    left: list[float] = []
    monkeypatch.setattr(clock.time, "perf_counter", lambda: left.pop(0))
    return left


def test_a_signal_is_collated_moved_encoded_and_decoded(drawn, sentences):
    learner: Learner = drawn("bilstm-aligned")
    ear, three = Ear(), sentences("a b", "c", "d e a")  # one batch
    with heard(ear):
        learner.signal("best_log_prob", three)
    moves = ["collate/transfer"] * 2  # words and lengths
    assert ear.said == ["collate", "collate", *moves, "encode", "decode"]
    assert ear.open == []


@pytest.mark.parametrize("name", DECODED)
def test_one_at_a_time_every_input_is_a_batch(name, drawn, sentences, monkeypatch):
    learner: Learner = drawn("bilstm-aligned")
    counts = {}
    for form in ("batched", "sequential"):
        ear = Ear()
        with heard(ear):
            learner.signal(name, sentences(), decode=form)
        counts[form] = ear.said.count("decode")
    assert counts == {"batched": 1, "sequential": len(sentences())}


@pytest.mark.parametrize("name", [*DECODED, "latent", "token_entropy", "lengths"])
def test_one_at_a_time_gives_the_same_signals(name, kind, drawn, sentences):
    learner: Learner = drawn(kind)
    inputs = sentences("b a c", "f", "a b c d e f", "e e", "d", "a b a b")
    one, other = (learner.signal(name, inputs, decode=form) for form in ("batched", "sequential"))
    assert len(one.unique(dim=0)) > 2
    torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-5)
    for row in range(len(inputs)):  # in the order of the inputs, whatever their lengths
        alone = learner.signal(name, inputs[row : row + 1], decode="sequential")[0]
        torch.testing.assert_close(other[row], alone, atol=1e-5, rtol=1e-5)


def test_gradients_come_one_at_a_time_too(drawn, sentences):
    learner: Learner = drawn("bilstm-aligned")
    one, other = (
        learner.signal("gradient_embedding", sentences(), decode=form)
        for form in ("batched", "sequential")
    )
    assert len(one) == len(other) == len(sentences())
    torch.testing.assert_close(one.norms(), other.norms(), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", ["latent", "best_log_prob", "gradient_embedding", "lengths"])
def test_listening_changes_nothing(name: str, drawn, sentences):
    learner: Learner = drawn("bilstm-aligned")
    alone = learner.signal(name, sentences())
    with heard(Ear()):
        listened = learner.signal(name, sentences())
    if not isinstance(alone, torch.Tensor):
        alone, listened = alone.norms(), listened.norms()
    assert torch.equal(alone, listened)


def test_nobody_hears_once_the_context_is_left():
    ear = Ear()
    with pytest.raises(ValueError, match="no"), heard(ear):
        raise ValueError("no")
    with phase("encode"):
        moved(torch.zeros(1), CPU)
    assert ear.said == []


def test_an_inner_listener_takes_over_and_gives_back():
    outer, inner = Ear(), Ear()
    with heard(outer):
        with heard(inner), phase("encode"):
            pass
        with phase("decode"):
            pass
    assert (outer.said, inner.said) == (["decode"], ["encode"])


def test_the_training_of_dals_classifier_is_heard():
    points, ear = torch.randn(30, 4, generator=torch.Generator().manual_seed(0)), Ear()
    alone = membership(points[:5], points[5:], torch.Generator().manual_seed(1))
    with heard(ear):
        found = membership(points[:5], points[5:], torch.Generator().manual_seed(1))
    assert ear.said == ["auxiliary training"]
    assert torch.equal(alone, found)


def test_a_phase_inside_another_is_no_part_of_it(ticks: list[float]) -> None:
    ticks += [10, 11, 13, 16, 20, 25]
    phases = clock.Phases(CPU)
    # From 10 to 25, from 11 to 20, from 13 to 16.
    with phases("pick"), phases("collate"), phases("transfer"):
        pass
    assert dict(phases.seconds) == {"pick": 1 + 5, "collate": 2 + 4, "transfer": 3}
    assert ticks == []


def test_what_is_between_two_phases_is_in_none(ticks: list[float]) -> None:
    ticks += [0, 1, 100, 102]
    phases = clock.Phases(CPU)
    for _ in range(2):
        with phases("encode"):
            pass
    assert dict(phases.seconds) == {"encode": 1 + 2}


def test_a_phase_that_fails_is_counted_and_closed(ticks: list[float]) -> None:
    ticks += [0, 1, 3, 6]
    phases = clock.Phases(CPU)
    with pytest.raises(ValueError, match="no"), phases("pick"), phases("decode"):
        raise ValueError("no")
    assert dict(phases.seconds) == {"pick": 1 + 3, "decode": 2}


def test_the_phases_of_a_signal_add_up(
    drawn, sentences: Callable[..., pa.ListArray], ticks: list[float]
):
    """By a clock that ticks at every look: what is in no phase are the two ends of the block."""
    learner: Learner = drawn("bilstm-aligned")
    phases = clock.Phases(CPU)
    ticks += [float(number) for number in range(100)]
    with heard(phases), clock.lap(CPU) as lap, phases("pick"):
        learner.signal("nbest_log_probs", sentences())
    assert set(phases.seconds) == {"pick", "collate", "transfer", "encode", "decode"}
    assert all(value > 0 for value in phases.seconds.values())
    assert sum(phases.seconds.values()) == lap.seconds - 2
