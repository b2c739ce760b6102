"""What differs between kinds of learners: a family of models for one kind of task.

Each kind has a folder here with its family; the learner, training and everything after them are the
same for all. `Model` is what `Family.model` makes: a torch module with `encoder(batch, noise)`,
which gives an encoding with `z` [B, Z]; `loss(batch, noise)`, which is L_s, the mean per token;
`both(labeled, unlabeled, noise)`, z of both batches and L_s of the first; `latent_size` Z; and
`discriminator`, None until an adversarial game.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import pyarrow as pa
import torch

from bench.learners.config import Settings
from bench.learners.objective import Notify, Streams
from bench.learners.vocabulary import Vocabulary


class Family(Protocol):
    """The models of one kind of task, and what to read and to ask of them."""

    first: int
    """The number of the first symbol among the outputs."""

    @property
    def config(self) -> Settings:
        """All settings."""
        ...

    @property
    def signals(self) -> Mapping[str, Callable[..., Any]]:
        """By name: a function of (model, encoding, **options) with one row per item."""
        ...

    def scoring(self, device: torch.device) -> int:
        """How many items to score in one batch on a device."""
        ...

    def outputs(self, labels: pa.ListArray) -> Vocabulary:
        """What a model fitted on these labels can say."""
        ...

    def model(self, outputs: Vocabulary) -> Any:
        """A model without memory yet: made on the meta device."""
        ...

    def read(self, inputs: Any, labeled: tuple[pa.ListArray, Vocabulary] | None = None) -> Any:
        """Items as Data, with their labels where these are given."""
        ...

    def train(
        self, model: Any, data: Any, device: torch.device, streams: Streams, notify: Notify
    ) -> None:
        """Fit a model from its first weights on labelled data."""
        ...

    def beside(self, data: Any, inputs: Any) -> Any:
        """Unlabelled items as Data, read in training as `data` is."""
        ...

    def predict(self, model: Any, data: Any, outputs: Vocabulary, device: torch.device) -> Any:
        """The label of every item, as the task's kind scores it."""
        ...
