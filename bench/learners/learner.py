"""A learner: a model and its training behind the protocol that harness and strategies see."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from bench.learners.batch import Indexed, Vocabulary, descending
from bench.learners.config import Config
from bench.learners.decode import beam
from bench.learners.layer import build
from bench.learners.model import KINDS, Discriminator, Model
from bench.learners.objective import ADDS, Notify, Streams, Training
from bench.learners.signal import SIGNALS
from bench.spec import Spec

SCORING_BATCH = 256


@dataclass(frozen=True)
class Labeled:
    """The revealed items: ids [n] ascending, their inputs and their labels."""

    ids: Tensor
    inputs: pa.ListArray
    labels: pa.ListArray


class Learner:
    """One of KINDS over the words of a pool and a tag inventory, on one device.

    `fit` starts from scratch; `refine` goes on from the present weights with another objective.
    """

    def __init__(
        self, spec: Spec, pool: pa.ListArray, tags: tuple[str, ...], device: torch.device
    ) -> None:
        self.kind, self.config, self.device = spec.name, Config.of(spec), device
        self.words = Vocabulary.of(pool)
        self.tags = Vocabulary(pa.array(tags, pa.string()), first=0)
        with torch.device("meta"):
            self.model = Model(self.kind, len(self.words), len(self.tags), self.config)

    def copy(self) -> "Learner":
        """Another learner of the same kind, config and vocabulary, to be fitted on its own."""
        return copy.copy(self)

    def fit(self, labeled: Labeled, streams: Streams, notify: Notify) -> None:
        """Train the plain supervised model from a fresh initialisation."""
        with torch.device("meta"):
            self.model = Model(self.kind, len(self.words), len(self.tags), self.config)
        build(self.model, self.device, streams("initialisation"))
        self._training(labeled, streams, notify).supervised()

    def refine(
        self,
        objective: str,
        labeled: Labeled,
        unlabeled: pa.ListArray,
        streams: Streams,
        notify: Notify,
    ) -> "Learner":
        """A copy trained on with another objective; this learner stays as it is."""
        if objective not in ADDS or objective == "supervised":
            raise ValueError(f"There is no objective '{objective}' to go on with.")
        own = self.copy()
        own.model = copy.deepcopy(self.model)
        training = own._training(labeled, streams, notify)
        training.adversarial(Indexed.of(unlabeled, own.words))
        return own

    @torch.inference_mode()
    def predict(self, inputs: pa.ListArray) -> pa.ListArray:
        """The greedy tag sequence of every sentence, as strings."""
        data = Indexed.of(inputs, self.words)
        tags = torch.empty(len(data.words), dtype=torch.int64)
        for rows in descending(data.lengths, SCORING_BATCH):
            encoding = self.model.encoder(data.batch(rows, self.device))
            path = beam(self.model.decoder, encoding, self.model.tags, 1)[1].squeeze(-1).cpu()
            flat, inside = data.positions(rows)
            tags[flat[inside]] = path[inside]
        offsets = torch.cat([data.starts, torch.tensor([len(tags)])]).to(torch.int32).numpy()
        return pa.ListArray.from_arrays(offsets, self.tags.symbols.take(pa.array(tags.numpy())))

    @torch.no_grad()  # a strategy may train on a signal, which an inference tensor forbids
    def signal(self, name: str, inputs: pa.ListArray, **options: Any) -> Tensor:
        """A named signal for every input, on the device, in the order of the inputs."""
        data = Indexed.of(inputs, self.words)
        result: Tensor | None = None
        for rows in descending(data.lengths, SCORING_BATCH):
            encoding = self.model.encoder(data.batch(rows, self.device))
            part = SIGNALS[name](self.model, encoding, **options)
            if result is None:  # the first batch holds the longest sentence
                result = part.new_empty((len(data), *part.shape[1:]))
            result = _scatter(result, rows.to(self.device), part)
        return torch.empty(0, device=self.device) if result is None else result

    def state(self) -> dict[str, np.ndarray[Any, Any]]:
        """All weights as arrays on the host."""
        return {key: value.cpu().numpy() for key, value in self.model.state_dict().items()}

    def restore(self, state: Mapping[str, np.ndarray[Any, Any]]) -> "Learner":
        """A copy with weights that `state` gave."""
        made = self.copy()
        with torch.device("meta"):
            made.model = Model(self.kind, len(self.words), len(self.tags), self.config)
            if any(key.startswith("discriminator.") for key in state):
                made.model.discriminator = Discriminator(2 * self.config.hidden)
        made.model.to_empty(device=self.device)
        made.model.load_state_dict({key: torch.from_numpy(value) for key, value in state.items()})
        return made

    def _training(self, labeled: Labeled, streams: Streams, notify: Notify) -> Training:
        data = Indexed.of(labeled.inputs, self.words, (labeled.labels, self.tags))
        return Training(self.model, data, self.config, self.device, streams, notify)


def signals(objective: str = "supervised") -> frozenset[str]:
    """The signals a learner offers after training for an objective."""
    gained = frozenset[str]().union(*ADDS.values()) - ADDS[objective]
    return frozenset(SIGNALS) - gained


def names() -> list[str]:
    """All learners."""
    return sorted(KINDS)


def describe(name: str) -> str:
    """A learner in one line."""
    return KINDS[name]


def _scatter(result: Tensor, rows: Tensor, part: Tensor) -> Tensor:
    if part.dim() == 3 and part.shape[1] < result.shape[1]:  # shorter sentences: certain padding
        result[rows, part.shape[1] :] = -torch.inf
        result[rows, part.shape[1] :, 0] = 0
        result[rows, : part.shape[1]] = part
    else:
        result[rows] = part
    return result
