"""The strategies' priorities and rankings against the enumeration of every label sequence."""

import pyarrow as pa
import pytest
import torch
from torch import Tensor

from bench.data.pool import Pool
from bench.learners.gradient import Gradients
from bench.loop import strategy
from bench.loop.budget import Budget
from bench.loop.view import View

IDS = torch.tensor([3, 4, 7, 10, 11, 12, 20, 31])


class Stub:
    """A learner that answers every signal with given values, and remembers how it was asked."""

    def __init__(self, values: Tensor) -> None:
        self.values = values
        self.asked: list[dict[str, object]] = []

    def signal(self, name: str, inputs: pa.ListArray, **options: object) -> Tensor:
        self.asked.append({"name": name, **options})
        return self.values


@pytest.fixture
def select(labeled, sentences, monkeypatch):
    """What a strategy answers over the sentences; `raw` gives its priorities, not its ranking."""

    def ask(text: str, learner, raw: bool = False) -> Tensor:
        chosen = strategy.load(text)
        ids = IDS[: len(learner.values)] if isinstance(learner, Stub) else IDS
        inputs = sentences()[: len(ids)]
        view = View(
            Pool(ids, inputs, torch.ones_like(ids)), ids, labeled("a b"), [], learner, chosen.needs
        )
        with monkeypatch.context() as patch:
            if raw:
                patch.setitem(
                    chosen.select.__globals__, "rank", lambda ids, priority, rng: priority
                )
            rng = torch.Generator().manual_seed(0)
            return chosen.select(view, Budget(3), rng, **dict(chosen.spec.params))

    return ask


def entropy(log_probs: Tensor, width: int, normalize: bool) -> Tensor:
    p = log_probs[:width].exp()
    p = p / p.sum() if normalize else p
    return -(p * p.log()).sum()


LENGTHS = (4, 1, 2, 3, 4, 2, 3, 1)
TRUTHS = {
    "lc": lambda log_p, n, width: -log_p[0],
    "mnlp": lambda log_p, n, width: -log_p[0] / n,
    "margin": lambda log_p, n, width: log_p[1].exp() - log_p[0].exp(),
    "nse": lambda log_p, n, width: entropy(log_p, width, normalize=False),
    "nse[normalize=true]": lambda log_p, n, width: entropy(log_p, width, normalize=True),
}


def widened(name: str, width: int) -> str:
    return f"{name[:-1]},width={width}]" if name.endswith("]") else f"{name}[width={width}]"


def check(ranking: Tensor, priority: Tensor, truth: Tensor) -> None:
    torch.testing.assert_close(priority.double(), truth, atol=1e-4, rtol=0)
    assert sorted(ranking.tolist()) == IDS.tolist()
    assert (truth[torch.searchsorted(IDS, ranking)].diff() <= 1e-4).all()
    assert truth.max() - truth.min() > 0.01


@pytest.mark.parametrize("name", TRUTHS)
@pytest.mark.parametrize("width", [5, 81])
def test_the_taggers_priorities_are_exact(name, width, drawn, every, select, sentences):
    learner = drawn("bilstm-tagger")
    log_ps = [scores for _, scores in every(learner, sentences())]
    truth = torch.stack([TRUTHS[name](p, n, width) for p, n in zip(log_ps, LENGTHS, strict=True)])
    text = widened(name, width)
    check(select(text, learner), select(text, learner, raw=True), truth)


@pytest.mark.parametrize("name", TRUTHS)
def test_a_decoders_priorities_are_exact_with_a_wide_beam(
    kind, name, drawn, every, select, sentences
):
    learner, text = drawn(kind, 1), widened(name, 81)
    log_ps = [scores for _, scores in every(learner, sentences())]
    truth = torch.stack([TRUTHS[name](p, n, 81) for p, n in zip(log_ps, LENGTHS, strict=True)])
    check(select(text, learner), select(text, learner, raw=True), truth)


def test_token_entropy_is_the_mean_over_words(drawn, every, select, sentences):
    # The tagger's words are independent: a sentence's entropy is the sum of its words'.
    learner = drawn("bilstm-tagger")
    whole = [entropy(scores, 81, normalize=False) for _, scores in every(learner, sentences())]
    truth = torch.stack(whole) / torch.tensor(LENGTHS)
    check(select("token_entropy", learner), select("token_entropy", learner, raw=True), truth)


def test_total_token_entropy_is_that_of_the_sentence(drawn, every, select, sentences):
    learner, name = drawn("bilstm-tagger"), "total_token_entropy"
    truth = [entropy(scores, 81, normalize=False) for _, scores in every(learner, sentences())]
    check(select(name, learner), select(name, learner, raw=True), torch.stack(truth))


@pytest.mark.parametrize("name", ["lc", "mnlp"])
def test_confidence_is_ranked_where_one_minus_p_rounds_to_one(name, select):
    log_p = torch.tensor([-30.0, -20.0, -25.0])
    assert (1 - log_p.exp() == 1).all()
    learner = Stub(log_p)
    assert select(name, learner).tolist() == [3, 7, 4]
    (asked,) = learner.asked
    assert bool(asked.get("normalize")) == (name == "mnlp")


@pytest.mark.parametrize("name", ["nse", "nse[normalize=true]", "margin"])
def test_absent_parses_are_no_nan(name, select):
    inf = -torch.inf
    log_p = torch.tensor([[-0.5, -0.93275, inf], [-1e-9, -40.0, inf], [0.0, inf, inf]])
    priority = select(name, Stub(log_p), raw=True)
    assert not priority.isnan().any()
    ranking = select(name, Stub(log_p))
    assert ranking[0] == 3
    if name == "nse":
        # e^-0.5 = 0.60653, e^-0.93275 = 0.39347: 0.60653 · 0.5 + 0.39347 · 0.93275 = 0.67027
        assert priority[0].item() == pytest.approx(0.67027, abs=1e-5)
        assert priority[2] == 0


@pytest.mark.parametrize("bias", [0.0, 500.0])
def test_alise_compares_logits_where_the_sigmoid_saturates(bias, drawn, select, sentences):
    learner = drawn("bilstm-aligned")
    with torch.no_grad():
        learner.model.discriminator.outer.bias.fill_(bias)
    logits = learner.signal("discriminator", sentences())
    if bias:
        assert (torch.sigmoid(logits) == 1).all()
    assert select("alise", learner).tolist() == IDS[torch.argsort(logits)].tolist()


def test_alise_nse_asks_for_parses_of_its_candidates_alone(drawn, select, sentences):
    learner = drawn("bilstm-tagger")
    logits = learner.signal("discriminator", sentences())
    candidates = torch.argsort(logits)[:6]  # twice the budget of three
    parses = learner.signal("nbest_log_probs", sentences(), width=5)
    scores = torch.special.entr(parses.double().exp()).sum(-1)[candidates]
    expected = IDS[candidates[torch.argsort(scores, descending=True)]]
    assert select("alise_nse", learner).tolist() == expected.tolist()


def test_votes_are_counted_by_hand(select):
    """Of 5 masks: 3 agree, all agree, 2 and 2 agree: 0.4, 0 and 0.6 disagree."""
    said = torch.tensor([[7, 7, 1, 7, 2], [5, 5, 5, 5, 5], [1, 2, 1, 2, 3]])
    learner = Stub(said)
    assert select("bald[passes=5]", learner, raw=True).tolist() == pytest.approx([0.4, 0.0, 0.6])
    assert select("bald[passes=5]", learner).tolist() == [7, 3, 4]
    assert learner.asked[0]["name"] == "dropout_predictions"
    assert learner.asked[0]["passes"] == 5
    information = Stub(torch.tensor([0.1, 0.9, 0.5]))
    assert select("bald[measure=mutual_information]", information).tolist() == [4, 7, 3]
    assert information.asked[0]["name"] == "mutual_information"
    assert information.asked[0]["passes"] == 100


def test_egl_ranks_by_the_expected_length(select):
    learner = Stub(torch.tensor([1.0, 3.0, 2.0]))
    assert select("egl[width=2]", learner).tolist() == [4, 7, 3]
    assert learner.asked[0] | {"width": 2} == learner.asked[0]


class Sentences(Stub):
    """Answers with gradients, or with the lengths of the sentences."""

    def __init__(self, gradients: Gradients, lengths: Tensor) -> None:
        super().__init__(lengths)
        self.gradients = gradients

    def signal(self, name: str, inputs: pa.ListArray, **options: object) -> Tensor:
        return self.values if name == "lengths" else self.gradients  # type: ignore[return-value]


@pytest.mark.parametrize(("name", "power"), [("badge", 0), ("wbadge", 2)])
def test_badge_draws_by_squared_norms_and_wbadge_by_lengths_too(name, power, select, monkeypatch):
    """What both hand to k-means++: the gradients, and the weight of every item."""
    stream, lengths = torch.Generator().manual_seed(0), torch.tensor([4, 1, 2])
    left = torch.randn(4, 3, 2, generator=stream)
    left *= (torch.arange(4).unsqueeze(1) < lengths).unsqueeze(-1)
    gradients = Gradients.of(left, torch.randn(4, 3, 5, generator=stream), lengths)
    handed = {}

    def record(cloud, weights, costs, budget, rng):
        handed.update(cloud=cloud, weights=weights, costs=costs, budget=budget)
        return torch.tensor([2, 0, 1])

    chosen = strategy.load(name)
    monkeypatch.setitem(chosen.select.__globals__, "k_means_plus_plus", record)
    assert select(name, Sentences(gradients, lengths)).tolist() == [7, 3, 4]
    assert handed["cloud"] is gradients
    truth = lengths.double() ** power
    torch.testing.assert_close(
        handed["weights"] / handed["weights"].sum(), (truth / truth.sum()).to(handed["weights"])
    )
    assert handed["costs"].tolist() == [1, 1, 1]
    assert handed["budget"] == Budget(3)
