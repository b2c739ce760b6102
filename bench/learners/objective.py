"""What a model is trained for: the supervised loss, or ALISE's adversarial game on top of it."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from bench.learners.adam import Adam
from bench.learners.batching import Data, buckets
from bench.learners.config import Config
from bench.learners.discriminator import Discriminator
from bench.learners.layer import build

Notify = Callable[[int], None]
"""Told the number of each epoch that ends."""

ADDS = {"supervised": frozenset[str](), "adversarial": frozenset({"discriminator"})}
"""The objectives, and the signals that a model gains from each."""


class Streams(Protocol):
    """The random streams of a cell: one generator per role, the same whenever it is asked for."""

    def __call__(self, role: str, device: torch.device = ...) -> torch.Generator:
        """A fresh generator at the start of the role's stream."""
        ...


@dataclass
class Training:
    """A model of any kind, its labelled data split for early stopping, and its streams."""

    model: Any
    data: Data
    config: Config
    device: torch.device
    streams: Streams
    notify: Notify
    scoring: int  # items in a batch that is not trained on

    @classmethod
    def of(
        cls,
        family: Any,
        model: Any,
        data: Data,
        device: torch.device,
        streams: Streams,
        notify: Notify,
    ) -> "Training":
        """As a family's settings have it, which have to be those of a network."""
        config = family.config
        assert isinstance(config, Config)  # what is no network offers no such objective
        return cls(model, data, config, device, streams, notify, family.scoring(device))

    def __post_init__(self) -> None:
        """Split the labelled rows (a function of seed and ids alone) and open the streams."""
        order = torch.randperm(len(self.data), generator=self.streams("validation"))
        share = self.config.validation
        held = max(1, round(share * len(order))) if share else 0
        self.valid, self.train = order[:held], order[held:] if held < len(order) else order
        self.order = self.streams("order")
        self.dropout = self.streams("dropout", self.device)

    def supervised(self) -> None:
        """Minimise L_s (mean per token) from the model's present weights."""
        optimiser = self._adam(self.model)

        def epoch() -> None:
            for rows in self._batches():
                loss = self.model.loss(self._read(self.data, rows), self.dropout)
                _step(optimiser, loss)

        self._repeat(epoch)

    def adversarial(self, unlabeled: Data) -> None:
        """ALISE, Algorithm 1, from a supervised M and C: alternate Eq. 8 (M, C) and Eq. 9 (D).

        An epoch passes once over the labelled training rows with as many unlabelled ones. Both
        steps share one encoder pass: D is trained on the z that M has just been scored on.
        """
        model = self.model
        game = model.discriminator = self._discriminator()
        players = [self._adam(model.encoder, model.decoder), self._adam(game)]

        def epoch() -> None:
            for rows, others in self._pairs(unlabeled):
                batch = self._read(self.data, rows)
                z, supervised = model.both(batch, self._read(unlabeled, others), self.dropout)
                known = len(rows)
                fooling = encoder_loss(game(z), known) + self.config.supervised_weight * supervised
                _step(players[0], fooling)
                _step(players[1], discriminator_loss(game(z.detach()), known))

        self._repeat(epoch)

    def _discriminator(self) -> Discriminator:
        with torch.device("meta"):
            made = Discriminator(self.model.latent_size)
        return build(made, self.device, self.streams("discriminator"))

    def _batches(self) -> list[Tensor]:
        chosen = buckets(self.data.lengths[self.train], self.config.batch_size, self.order)
        return [self.train[rows] for rows in chosen]

    def _pairs(self, unlabeled: Data) -> Iterator[tuple[Tensor, Tensor]]:
        """Labelled batches, each with an unlabelled one of like length, in random order."""
        count = len(self.train)
        drawn = torch.randperm(len(unlabeled), generator=self.order)[
            torch.arange(count) % len(unlabeled)
        ]
        others = buckets(unlabeled.lengths[drawn], self.config.batch_size, self.order)
        ours = sorted(self._batches(), key=lambda rows: int(self.data.lengths[rows].max()))
        theirs = sorted(
            (drawn[rows] for rows in others), key=lambda rows: int(unlabeled.lengths[rows].max())
        )
        for i in torch.randperm(len(ours), generator=self.order).tolist():
            yield ours[i], theirs[i]

    def _read(self, data: Data, rows: Tensor) -> Any:
        return data.draw(rows, self.device, self.order, self.dropout)

    def _adam(self, *modules: torch.nn.Module) -> Adam:
        parameters = [p for module in modules for p in module.parameters()]
        return Adam(parameters, self.config.learning_rate)

    @torch.no_grad()
    def _validation_loss(self) -> float:
        total, tokens = 0.0, 0
        order = self.valid[torch.argsort(self.data.lengths[self.valid])]
        for rows in torch.split(order, self.scoring):
            batch = self.data.batch(rows, self.device)
            total += batch.tokens * self.model.loss(batch).item()
            tokens += batch.tokens
        return total / tokens

    def _repeat(self, epoch: Callable[[], None]) -> None:
        """Run epochs: all of them where nothing is held out, else until it gets no better."""
        if len(self.valid):
            self._until_no_better(epoch)
            return
        for number in range(1, self.config.epochs + 1):
            epoch()
            self.notify(number)

    def _until_no_better(self, epoch: Callable[[], None]) -> None:
        """Run epochs until the validation loss has not fallen for `patience`; keep the best."""
        best, best_epoch, state = float("inf"), 0, self.model.state_dict()
        for number in range(1, self.config.epochs + 1):
            epoch()
            loss = self._validation_loss()
            self.notify(number)
            if loss < best:
                best, best_epoch, state = loss, number, copy.deepcopy(self.model.state_dict())
            elif number - best_epoch >= self.config.patience:
                break
        self.model.load_state_dict(state)


def encoder_loss(logits: Tensor, known: int) -> Tensor:
    """M's part of Eq. 8: −E_L log D(M(x)) − E_U log D(M(x)); the first `known` are labelled."""
    return F.softplus(-logits[:known]).mean() + F.softplus(-logits[known:]).mean()


def discriminator_loss(logits: Tensor, known: int) -> Tensor:
    """Eq. 9, D's loss: −E_L log D(M(x)) − E_U log(1 − D(M(x)))."""
    return F.softplus(-logits[:known]).mean() + F.softplus(logits[known:]).mean()


def _step(optimiser: Adam, loss: Tensor) -> None:
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimiser.step()
