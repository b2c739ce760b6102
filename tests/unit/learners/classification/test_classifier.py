"""The families of classifying networks: they learn, and read what they are to read."""

from typing import Any

import pyarrow as pa
import pytest
import torch
import torch.nn.functional as F

from bench.learners import registry
from bench.learners.captioning.batch import Batch as Photos
from bench.learners.classification.batch import Batch
from bench.learners.classification.config import Images
from bench.learners.classification.encoder import lenet
from bench.learners.classification.model import Model
from bench.learners.layer import build
from bench.learners.learner import Learner
from bench.loop.ledger import Ledger
from bench.loop.seed import Streams
from bench.spec import Spec


@pytest.mark.parametrize(
    ("small", "spec", "least"),
    [
        ("images", "lenet[epochs=60,patience=60]", 0.6),
        ("texts", "bilstm-classifier[embedding=16,hidden=16,learning_rate=0.01]", 0.8),
    ],
)
def test_it_learns(smalls: dict[str, Any], small: str, spec: str, least: float) -> None:
    task = smalls[small].cell("random").task
    deal = task.deal(Streams(0)("split"))
    ledger, pool = Ledger(deal), deal.pool.inputs(deal.pool.ids)
    ledger.reveal(deal.pool.ids)
    family = registry.make(Spec.parse(spec), task.kind, pool)
    learner = Learner(family, torch.device("cpu"))
    learner.fit(ledger.labeled(), Streams(0), lambda epoch: None)
    scores = deal.judge.score(learner.predict)
    assert scores["accuracy"] is not None
    assert scores["accuracy"] >= least


def test_words_seen_once_are_hidden_from_labelled_and_unlabelled_texts(
    smalls: dict[str, Any],
) -> None:
    kind = smalls["texts"].cell("random").task.kind
    pool = pa.array([["a", "b", "a"], ["c", "b"], ["d"]])
    family: Any = registry.make(Spec("bilstm-classifier"), kind, pool)
    labels = pa.array([["film"], ["music"]])
    data = family.read(pool[:2], (labels, family.outputs(labels)))
    hidden = [word for word, once in zip("?abcd", data.items.hidden, strict=True) if once]
    assert hidden == ["c"]
    assert data.items.share == 0.5
    assert data.classes.tolist() == [0, 2]
    other = family.beside(data, pool[2:])
    assert other.items.hidden is data.items.hidden
    assert other.items.share == 0.5
    assert family.read(pool).items.hidden is None
    assert family.read(pool).classes is None


def test_the_loss_of_both_is_that_of_the_labelled() -> None:
    with torch.device("meta"):
        model = Model(lenet((1, 8, 8), Images(dropout=0.0)), 3)
    build(model, torch.device("cpu"), torch.Generator().manual_seed(0))
    rng = torch.Generator().manual_seed(1)
    pixels = torch.randint(256, (6, 1, 8, 8), generator=rng, dtype=torch.uint8)
    labeled = Batch(Photos(pixels[:2]), torch.tensor([1, 2]))
    z, loss = model.both(labeled, Batch(Photos(pixels[2:])), rng)
    assert torch.allclose(z, model.encoder(Batch(Photos(pixels))).z, atol=1e-6)
    logits = model.logits(model.encoder(labeled))
    assert loss.item() == pytest.approx(F.cross_entropy(logits, torch.tensor([1, 2])).item())
    assert loss.item() == pytest.approx(model.loss(labeled).item())
