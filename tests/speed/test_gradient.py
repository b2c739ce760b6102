"""Gradient embeddings, dropout masks and what is chosen by them, on sentences of `flights`.

As ratios in one run, in the process's own CPU seconds, on one thread.
"""

from time import process_time

import pyarrow as pa
import pytest
import torch

from bench.data import task as tasks
from bench.learners import registry
from bench.learners.gradient import Gradients
from bench.learners.learner import Labeled, Learner
from bench.learners.tagging import sample
from bench.learners.tagging.decode import greedy
from bench.loop.seed import Streams
from bench.spec import Spec

LABELED, UNLABELED = 300, 4_478  # as many as ATIS has for training


@pytest.fixture(scope="module")
def corpus() -> tasks.Task:
    return tasks.load("flights", "alise")


@pytest.fixture(scope="module")
def pool(corpus: tasks.Task) -> pa.ListArray:
    return corpus.corpus.inputs.combine_chunks()[:UNLABELED]


@pytest.fixture(scope="module")
def labeled(corpus: tasks.Task, pool: pa.ListArray) -> Labeled:
    labels = corpus.corpus.labels.combine_chunks()
    return Labeled(torch.arange(LABELED), pool[:LABELED], labels[:LABELED])


@pytest.fixture(scope="module")
def learner(corpus: tasks.Task, pool: pa.ListArray, labeled: Labeled) -> Learner:
    spec = Spec.parse("bilstm-aligned[epochs=5]")
    made = Learner(registry.make(spec, corpus.kind, pool), torch.device("cpu"))
    made.fit(labeled, Streams(0), lambda epoch: None)
    return made


def dense(gradients: Gradients) -> torch.Tensor:
    """The whole matrix [n, K·H]."""
    matrix = torch.empty(len(gradients), gradients.left.shape[1] * gradients.right.shape[1])
    counts = gradients.counts.tolist()
    sides = zip(gradients.left.split(counts), gradients.right.split(counts), strict=True)
    for row, (left, right) in enumerate(sides):
        matrix[row] = (left.T @ right).flatten()
    return matrix


def test_wbadge_is_faster_than_k_means_plus_plus_on_the_matrix(learner, pool, query, benchmark):
    """Three hundred of the pool, embeddings included, against scikit-learn's seeding alone."""
    from sklearn.cluster import kmeans_plusplus

    matrix = dense(learner.signal("gradient_embedding", pool)).numpy()
    assert matrix.shape[1] > 15_000

    def faster() -> float:
        start = process_time()
        kmeans_plusplus(matrix, 300, random_state=0)
        return (process_time() - start) / query("wbadge").seconds

    found = benchmark.pedantic(faster)
    benchmark.extra_info["k-means++ of the matrix / wbadge"] = found
    assert found >= 10


def norms_by_autograd(learner: Learner, sentences: pa.ListArray) -> torch.Tensor:
    """Squared norms of ∇ −log P(ŷ|x) by the last layer's weights, one sentence at a time."""
    data, model, found = learner.family.read(sentences), learner.model, []
    for row in range(len(data)):
        batch = data.batch(torch.tensor([row]), learner.device)
        with torch.no_grad():
            encoding = model.encoder(batch)
            path = greedy(model.decoder, encoding, model.tags)
        loss = model.teach(encoding, path, None) * batch.tokens
        [gradient] = torch.autograd.grad(loss, model.decoder.output.weight)
        found.append(gradient.square().sum())
    return torch.stack(found)


def test_embeddings_in_a_batch_are_faster_than_autograd(learner, pool, ratio, benchmark) -> None:
    some = pool[:200]

    def ours() -> torch.Tensor:
        return learner.signal("gradient_embedding", some).norms()

    def theirs() -> torch.Tensor:
        return norms_by_autograd(learner, some)

    torch.testing.assert_close(ours(), theirs(), rtol=1e-3, atol=1e-6)
    faster = benchmark.pedantic(lambda: 1 / ratio(ours, theirs, 3))
    benchmark.extra_info["autograd / factors"] = faster
    assert faster >= 5


def test_masks_in_a_batch_are_faster_than_one_at_a_time(
    learner, pool, query, ratio, monkeypatch, benchmark
):
    """Of forty sentences, as at the end of a pool; a full batch keeps a CPU busy by itself."""

    def masks(together: int) -> None:
        monkeypatch.setattr(sample, "COPIES", together)
        learner.signal("dropout_predictions", pool[:40], passes=20)

    faster = benchmark.pedantic(lambda: 1 / ratio(lambda: masks(1024), lambda: masks(1), 3))
    benchmark.extra_info["one by one / batched masks"] = faster
    asked = query("bald[passes=20]")
    benchmark.extra_info["passes of bald with 20 masks"] = asked.seconds / asked.pass_seconds
    assert faster > 1
