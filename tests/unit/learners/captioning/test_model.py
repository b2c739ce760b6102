"""L_s and the doubly stochastic penalty against loops over captions, steps and places."""

import pytest
import torch

CPU = torch.device("cpu")


def whole(learner, labeled):
    data = learner.family.read(labeled.inputs, (labeled.labels, learner.outputs))
    return data.batch(torch.arange(len(data)), CPU)


def texts(batch) -> list[tuple[int, tuple[int, ...]]]:
    """Per caption: its image and its words, without the end mark."""
    columns = [[s for s in column if s >= 0] for column in batch.captions.T.tolist()]
    assert all(column[-1] == 0 for column in columns)
    return [(i, tuple(c[:-1])) for i, c in zip(batch.owners.tolist(), columns, strict=True)]


def told(learner, batch, spoken) -> tuple[list[float], list[float], int]:
    """−log P and Σ_places (1 − Σ_steps α)² of each caption, and the number of all steps."""
    annotations = learner.model.encoder(batch).annotations.detach()
    losses, penalties, tokens = [], [], 0
    for image, said in texts(batch):
        steps = spoken(learner.model.decoder, annotations[image], said)
        log_probs = torch.log_softmax(steps.logits, -1)
        losses.append(-sum(log_probs[t, s].item() for t, s in enumerate((*said, 0))))
        looked = [
            sum(step[place].item() for step in steps.places)
            for place in range(annotations.shape[1])
        ]
        penalties.append(sum((1 - sum_) ** 2 for sum_ in looked))
        tokens += len(said) + 1
    return losses, penalties, tokens


@pytest.mark.parametrize("seed", range(2))
def test_the_loss_is_a_mean_over_words_and_end_marks(seed, drawn, labeled, images, spoken) -> None:
    learner = drawn(images, seed, doubly_stochastic=1)
    batch = whole(learner, labeled(images))
    losses, _, tokens = told(learner, batch, spoken)
    assert tokens == batch.tokens
    assert len({len(said) for _, said in texts(batch)}) > 2  # so that there is padding
    found = learner.model.loss(batch).item()
    assert found == pytest.approx(sum(losses) / tokens, rel=1e-4)


@pytest.mark.parametrize("weight", [0.0, 0.25, 2.0])
def test_training_adds_the_doubly_stochastic_penalty(
    weight, drawn, labeled, images, spoken
) -> None:
    """Xu et al., Eq. 14: −log P + λ Σ_places (1 − Σ_steps α)² per caption; here both per token."""
    learner = drawn(images, doubly_stochastic=weight, dropout=0)
    batch = whole(learner, labeled(images))
    losses, penalties, tokens = told(learner, batch, spoken)
    expected = sum(a + weight * b for a, b in zip(losses, penalties, strict=True)) / tokens
    found = learner.model.loss(batch, torch.Generator().manual_seed(0)).item()
    assert found == pytest.approx(expected, rel=1e-4)
    assert sum(penalties) / sum(losses) > 0.05  # it would be missed


def test_the_penalty_by_hand(drawn, features, captions) -> None:
    """Five places looked at alike in n steps: 5 (1 − n/5)² a caption, Σ over captions per token."""
    learner = drawn(features, doubly_stochastic=1, dropout=0)
    with torch.no_grad():
        learner.model.decoder.energy.weight.zero_()
    labels = captions("a b c|b", *"aaaaaaa")
    data = learner.family.read(features, (labels, learner.outputs))
    batch = data.batch(torch.tensor([0]), CPU)
    with_ = learner.model.loss(batch, torch.Generator())
    # Four steps and two: 5 · 0.04 + 5 · 0.36 = 2, over six words and end marks
    assert (with_ - learner.model.loss(batch)).item() == pytest.approx(2 / 6, abs=1e-5)


def test_losses_do_not_depend_on_company(drawn, labeled, images) -> None:
    learner, known = drawn(images), labeled(images)
    data = learner.family.read(known.inputs, (known.labels, learner.outputs))
    batches = [data.batch(torch.tensor([row]), CPU) for row in range(8)]
    total = sum(batch.tokens * learner.model.loss(batch).item() for batch in batches)
    together = data.batch(torch.arange(8), CPU)
    found = together.tokens * learner.model.loss(together).item()
    assert found == pytest.approx(total, rel=1e-5)


def test_both_are_encoded_as_if_alone(drawn, labeled, images) -> None:
    learner, known = drawn(images, dropout=0), labeled(images)
    data = learner.family.read(known.inputs, (known.labels, learner.outputs))
    rows, noise = torch.tensor([3, 0, 1]), torch.Generator().manual_seed(0)
    ours = data.draw(rows, CPU, torch.Generator().manual_seed(0), noise)
    theirs = learner.family.beside(data, images).batch(torch.tensor([7, 5]), CPU)
    z, loss = learner.model.both(ours, theirs, noise)
    alone = torch.cat([learner.model.encoder(part).z for part in (ours, theirs)])
    torch.testing.assert_close(z, alone, atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(loss, learner.model.loss(ours, noise))
    assert z.requires_grad
