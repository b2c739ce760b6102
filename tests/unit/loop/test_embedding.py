"""Gradient embeddings of a pool: exact while they fit, a sketch with a stated error beyond."""

from typing import Any

import pytest
import torch

from bench.learners.gradient import Gradients
from bench.loop import embedding
from bench.loop.budget import Budget
from bench.loop.geometry import Cloud, Points
from bench.loop.view import View

NEEDS = ("gradient_embedding", "lengths")


def asked(tiny: Any, **changes: Any) -> tuple[View, Cloud, Any]:
    """The view of a round, its cloud of gradients, and the row that was written."""
    found: list[Any] = []

    def select(view: View, budget: Budget, rng: torch.Generator) -> torch.Tensor:
        found.extend((view, embedding.gradients(view, rng)))
        return view.unlabeled

    cell = tiny.planted(select, NEEDS, rounds=1, **changes)
    cell.path.unlink(missing_ok=True)
    row = tiny.run(cell)[0]
    assert row.error is None
    return found[0], found[1], row


def test_what_fits_is_exact_and_notes_nothing(tiny):
    view, cloud, row = asked(tiny)
    assert isinstance(cloud, Gradients)
    assert len(cloud) == len(view.unlabeled)
    assert row.notes is None


def test_what_does_not_fit_is_sketched_and_noted(tiny, monkeypatch):
    _, exact, _ = asked(tiny)
    monkeypatch.setattr(embedding, "ROOM", 8 * 64 * len(exact) + 7)  # twice 64 dimensions
    assert exact.bytes > embedding.ROOM  # type: ignore[attr-defined]
    monkeypatch.setattr(embedding, "_CHUNK", 20)
    _, cloud, row = asked(tiny)
    assert isinstance(cloud, Points)
    assert cloud.columns.shape == (64, len(exact))
    error = ((cloud.norms() / exact.norms() - 1) ** 2).mean().sqrt().item()
    assert row.notes == {"sketch": 64.0, "sketch_error": pytest.approx(error, rel=1e-4)}
    assert 0.01 < error < (8 / 64) ** 0.5 * 1.5


def test_the_sketch_is_a_function_of_the_stream(tiny, monkeypatch):
    monkeypatch.setattr(embedding, "ROOM", 4 * 16 * 400)
    view, one, _ = asked(tiny)
    _, other, _ = asked(tiny)
    assert torch.equal(one.columns, other.columns)
    another = embedding.gradients(view, torch.Generator().manual_seed(1))
    assert not torch.equal(one.columns, another.columns)
