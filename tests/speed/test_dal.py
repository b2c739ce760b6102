"""DAL's classifier against the plain training, and against scikit-learn's of the same layers.

As ratios in one run, in the process's own CPU seconds, on one thread. The points are as wide as
LeNet's latents, and like them never negative.
"""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from bench.loop.membership import membership

LABELED, POOL, SIZE = 100, 5_000, 84


@pytest.fixture(scope="module")
def points() -> Tensor:
    return torch.randn(POOL, SIZE, generator=torch.Generator().manual_seed(0)).relu()


def ours(points: Tensor) -> Tensor:
    return membership(points[:LABELED], points[LABELED:], torch.Generator().manual_seed(0))


def sample(points: Tensor) -> tuple[Tensor, Tensor]:
    """What the classifier is trained on: ten unlabelled points for each labelled one."""
    return points[: 11 * LABELED], (torch.arange(11 * LABELED) >= LABELED).float()


def plain(points: Tensor) -> Tensor:
    """As everybody would write it first: torch's initial values, batches of 1,024."""
    points = (points - points.mean(0)) / points.std(0)
    x, truth = sample(points)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        hidden = [layer for n in (SIZE, 256, 256) for layer in (nn.Linear(n, 256), nn.ReLU())]
        model = nn.Sequential(*hidden, nn.Linear(256, 1))
    rng, right = torch.Generator().manual_seed(0), 0
    weights = torch.where(truth > 0, 0.55, 5.5)
    optimiser = torch.optim.Adam(model.parameters())
    while right < 0.98 * len(x):
        right = 0
        for rows in torch.randperm(len(x), generator=rng).split(1_024):
            logits = model(x[rows]).squeeze(1)
            optimiser.zero_grad()
            binary_cross_entropy_with_logits(logits, truth[rows], weights[rows]).backward()
            optimiser.step()
            right += int(((logits > 0) == (truth[rows] > 0)).sum())
    with torch.no_grad():
        return model(points[LABELED:]).squeeze(1)


def sklearn(points: Tensor) -> object:
    """A peer's network of the same layers, as it comes."""
    from sklearn.neural_network import MLPClassifier

    x, truth = sample(points)
    model = MLPClassifier((256, 256, 256), random_state=0).fit(x.numpy(), truth.numpy())
    return model.predict_proba(points[LABELED:].numpy())


@pytest.mark.parametrize(("theirs", "least"), [(plain, 1.5), (sklearn, 2)])
def test_the_classifier_is_fast(
    theirs: Callable[[Tensor], object], least: float, points: Tensor, ratio, benchmark
) -> None:
    found = benchmark.pedantic(lambda: 1 / ratio(lambda: ours(points), lambda: theirs(points), 3))
    benchmark.extra_info[f"{theirs.__name__} / membership"] = found
    assert found >= least
