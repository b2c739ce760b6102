"""Gradients of classifiers for many images and all classes at once, against one at a time.

As ratios in one run, in the process's own CPU seconds, on one thread.
"""

from time import process_time
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from bench.data import task as tasks
from bench.learners import registry
from bench.learners.classification.deepfool import OVERSHOOT, STEPS
from bench.learners.classification.encoder import Encoding
from bench.learners.classification.model import Model
from bench.learners.learner import Learner
from bench.loop.ledger import Ledger
from bench.loop.seed import Streams
from bench.spec import Spec

MANY, FEW = 1_000, 25
"""Images scored in batches, and one at a time."""


@pytest.fixture(scope="module")
def fitted(data_root) -> tuple[Learner, Any]:
    """LeNet on a hundred digits of MNIST, and images that it has not seen."""
    task = tasks.load("mnist", "dal-100-small", data_root)
    deal = task.deal(Streams(0)("split"))
    ledger = Ledger(deal)
    ledger.reveal(deal.pool.ids[:100])
    inputs = deal.pool.inputs(deal.pool.ids)
    learner = Learner(registry.make(Spec("lenet"), task.kind, inputs), torch.device("cpu"))
    learner.fit(ledger.labeled(), Streams(0), lambda epoch: None)
    return learner, deal.pool.inputs(deal.pool.ids[100 : 100 + MANY])


def encoded(fitted: tuple[Learner, Any], row: int) -> Encoding:
    learner, images = fitted
    batch = learner.family.read(images).batch(torch.tensor([row]), learner.device)
    with torch.no_grad():
        found: Encoding = learner.model.encoder(batch)
    return found


def length(model: Model, encoding: Encoding) -> float:
    """The expected gradient length of one image: for each class, forward and backward."""
    total, parameters = 0.0, [*model.encoder.parameters(), *model.decoder.parameters()]
    p = model.log_probs(encoding).exp()[0].tolist()
    for label, share in enumerate(p):
        loss = F.cross_entropy(model.trace(encoding.x, None), torch.tensor([label]))
        gradients = torch.autograd.grad(loss, parameters)
        total += share * sum(float(each.square().sum()) for each in gradients) ** 0.5
    return total


def distance(model: Model, encoding: Encoding) -> float:
    """DeepFool on one image, a backward pass a class (Algorithm 2)."""
    total, first = torch.zeros_like(encoding.x), int(model.logits(encoding).argmax())
    for _ in range(STEPS):
        x = (encoding.x + (1 + OVERSHOOT) * total).requires_grad_()
        logits = model.trace(x, None)[0]
        if int(logits.argmax()) != first:
            break
        slopes = torch.stack([torch.autograd.grad(f, x, retain_graph=True)[0] for f in logits])
        ways = (slopes - slopes[first]).flatten(1)
        gaps, norms = (logits - logits[first]).abs().detach(), ways.norm(dim=1)
        gaps[first] = torch.inf
        other = int((gaps / norms).argmin())
        total += (gaps[other] / norms[other] ** 2 * ways[other]).view_as(x)
    return float(total.norm())


@pytest.mark.parametrize(
    ("signal", "slow", "floor"),
    [("expected_gradient_length", length, 10), ("boundary_distance", distance, 6)],
)
def test_a_batch_is_many_times_as_fast_as_a_loop(fitted, benchmark, signal, slow, floor):
    """Twenty times is what we want; see the README for what is measured."""
    learner, images = fitted
    learner.signal(signal, images)  # as warm as the loop

    def faster() -> float:
        start = process_time()
        loop = [slow(learner.model, encoded(fitted, row)) for row in range(FEW)]
        middle = process_time()
        batch = learner.signal(signal, images)
        end = process_time()
        assert batch[:FEW].tolist() == pytest.approx(loop, rel=1e-2)
        return (middle - start) / FEW / ((end - middle) / MANY)

    found = benchmark.pedantic(faster)
    benchmark.extra_info["one at a time / batch"] = found
    assert found >= floor
