"""The strategies' priorities and rankings of images against the enumeration of every caption."""

import pyarrow as pa
import pytest
import torch
from torch import Tensor

from bench.data.pool import Pool
from bench.learners.captioning.captioner import Captioner
from bench.learners.captioning.signal import SIGNALS
from bench.loop import strategy
from bench.loop.budget import Budget
from bench.loop.view import View

IDS = torch.tensor([3, 4, 7, 10, 11, 12, 20, 31])
ALL = 40


@pytest.fixture
def select(labeled, monkeypatch):
    """What a strategy answers over eight images; `raw` gives its priorities, not its ranking."""

    def ask(text: str, learner, images, raw: bool = False) -> Tensor:
        chosen = strategy.load(text)
        pool = Pool(IDS, images, torch.ones_like(IDS))
        view = View(pool, IDS, labeled(images), [], learner, chosen.needs)
        with monkeypatch.context() as patch:
            if raw:
                patch.setitem(
                    chosen.select.__globals__, "rank", lambda ids, priority, rng: priority
                )
            rng = torch.Generator().manual_seed(0)
            return chosen.select(view, Budget(3), rng, **dict(chosen.spec.params))

    return ask


def entropy(log_p: Tensor, normalize: bool) -> Tensor:
    p = log_p.exp()
    p = p / p.sum() if normalize else p
    return -(p * p.log()).sum()


# Of the captions of an image, best first, their log P and the number of words and end mark.
TRUTHS = {
    "lc": lambda log_p, tokens: -log_p[0],
    "mnlp": lambda log_p, tokens: -log_p[0] / tokens[0],
    "margin": lambda log_p, tokens: log_p[1].exp() - log_p[0].exp(),
    "nse": lambda log_p, tokens: entropy(log_p, normalize=False),
    "nse[normalize=true]": lambda log_p, tokens: entropy(log_p, normalize=True),
}


def widened(name: str, width: int) -> str:
    return f"{name[:-1]},width={width}]" if name.endswith("]") else f"{name}[width={width}]"


def check(ranking: Tensor, priority: Tensor, truth: Tensor) -> None:
    torch.testing.assert_close(priority.double(), truth.double(), atol=1e-4, rtol=0)
    assert sorted(ranking.tolist()) == IDS.tolist()
    assert (truth[torch.searchsorted(IDS, ranking)].diff() <= 2e-4).all()
    assert truth.max() - truth.min() > 0.01


@pytest.mark.parametrize("name", TRUTHS)
def test_priorities_are_exact_with_a_wide_beam(name, short, drawn, images, every, select) -> None:
    learner, text = drawn(images, 3), widened(name, ALL)
    truths, lengths = [], set()
    for found in every(learner, images):
        log_p = torch.tensor([p for _, p in found], dtype=torch.float64)
        tokens = [len(said) + 1 for said, _ in found]
        truths.append(TRUTHS[name](log_p, tokens))
        lengths.add(tokens[0])
    check(
        select(text, learner, images), select(text, learner, images, raw=True), torch.stack(truths)
    )
    assert len(lengths) > 1  # so that their number matters


@pytest.mark.parametrize("name", ["token_entropy", "total_token_entropy"])
def test_token_entropy_is_the_mean_or_the_total_over_the_greedy_caption(
    name, short, drawn, images, encoding, spoken, select
) -> None:
    learner, truth = drawn(images, 3), []
    for annotations in encoding(learner, images).annotations:
        said: tuple[int, ...] = ()
        entropies = []
        while len(entropies) <= short:
            logits = spoken(learner.model.decoder, annotations, said).logits[-1]
            entropies.append(entropy(torch.log_softmax(logits, -1), normalize=False))
            said = (*said, int(logits.argmax()))
            if said[-1] == 0:
                break
        truth.append(sum(entropies) / (len(entropies) if name == "token_entropy" else 1))
    found = (select(name, learner, images, raw=raw) for raw in (False, True))
    check(*found, torch.stack(truth))


def test_alise_prefers_what_the_discriminator_takes_for_labelled_least(
    drawn, images, encoding, select
) -> None:
    learner = drawn(images)
    game, z = learner.model.discriminator, encoding(learner, images).z
    inner = torch.clamp(z @ game.inner.weight.T + game.inner.bias, min=0)
    logits = inner @ game.outer.weight[0] + game.outer.bias
    torch.testing.assert_close(learner.signal("discriminator", images), logits)
    assert select("alise", learner, images).tolist() == IDS[torch.argsort(logits)].tolist()


def test_alise_nse_ranks_its_candidates_by_entropy(short, drawn, images, every, select) -> None:
    learner = drawn(images)
    # Twice the budget of three images, by the discriminator.
    candidates = torch.argsort(learner.signal("discriminator", images))[:6].tolist()
    log_ps = [torch.tensor([p for _, p in found]) for found in every(learner, images)]
    scores = torch.stack([entropy(log_p, normalize=False) for log_p in log_ps])
    expected = sorted(candidates, key=lambda row: -scores[row])
    found = select(f"alise_nse[width={ALL}]", learner, images)
    assert found.tolist() == IDS[expected].tolist()


def test_latent_is_z(drawn, images, encoding) -> None:
    learner = drawn(images)
    assert torch.equal(learner.signal("latent", images), encoding(learner, images).z)


def test_signals_do_not_depend_on_how_images_are_batched(drawn, images, monkeypatch) -> None:
    learner = drawn(images)
    whole = {name: learner.signal(name, images) for name in SIGNALS}
    monkeypatch.setattr(Captioner, "scoring", lambda self, device: 3)
    for name in SIGNALS:
        torch.testing.assert_close(learner.signal(name, images), whole[name])


def test_signals_are_in_the_order_of_the_images(drawn, images) -> None:
    learner, turned = drawn(images), images.take(pa.array(range(7, -1, -1)))
    for name in SIGNALS:
        torch.testing.assert_close(
            learner.signal(name, turned).flip(0), learner.signal(name, images)
        )


def test_a_supervised_model_has_no_discriminator_to_ask(drawn, images) -> None:
    learner = drawn(images)
    learner.model.discriminator = None
    with pytest.raises(ValueError, match="no discriminator"):
        learner.signal("discriminator", images)


def test_no_images_are_no_signal_and_no_prediction(drawn, images) -> None:
    learner, none = drawn(images), images.take(pa.array([], pa.int64()))
    assert all(len(learner.signal(name, none)) == 0 for name in SIGNALS)
    assert len(learner.predict(none)) == 0
