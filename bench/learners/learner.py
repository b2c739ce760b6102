"""A learner: a model and its training behind the protocol that harness and strategies see."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from bench.data.table import Inputs
from bench.learners.batching import descending
from bench.learners.discriminator import Discriminator
from bench.learners.family import Family
from bench.learners.gather import Gathered
from bench.learners.layer import build
from bench.learners.objective import ADDS, Notify, Streams, Training
from bench.learners.phase import phase
from bench.learners.vocabulary import Vocabulary

OUTPUTS = "outputs"
"""The array of a state that holds the symbols of `outputs`."""
Arrays = dict[str, np.ndarray[Any, Any]]
LENGTHS = "lengths"
"""The one signal that asks no model: input words per item, int64 on the host."""


@dataclass(frozen=True)
class Labeled:
    """The revealed items: ids [n] ascending, their inputs and their labels."""

    ids: Tensor
    inputs: Inputs
    labels: pa.ListArray


class Learner:
    """A model of a family on one device; `outputs` is what it can say, once it is fitted.

    `fit` starts from scratch; `refine` goes on from the present weights with another objective.
    """

    def __init__(self, family: Family, device: torch.device) -> None:
        self.family, self.device = family, device
        self.outputs = Vocabulary(pa.array([], pa.string()))
        self.model: Any = None

    def copy(self) -> "Learner":
        """Another learner of the same family, to be fitted on its own."""
        return copy.copy(self)

    def fit(self, labeled: Labeled, streams: Streams, notify: Notify) -> None:
        """Train the plain supervised model from a fresh initialisation."""
        self.outputs = self.family.outputs(labeled.labels)
        model = self.family.model(self.outputs)
        self.model = build(model, self.device, streams("initialisation"))
        self.family.train(self.model, self._data(labeled), self.device, streams, notify)

    def refine(
        self, objective: str, labeled: Labeled, unlabeled: Inputs, streams: Streams, notify: Notify
    ) -> "Learner":
        """A copy trained on with another objective; this learner stays as it is."""
        if objective not in ADDS or objective == "supervised":
            raise ValueError(f"There is no objective '{objective}' to go on with.")
        own = self.copy()
        own.model = copy.deepcopy(self.model)
        training = own._training(labeled, streams, notify)
        training.adversarial(self.family.beside(training.data, unlabeled))
        return own

    @torch.inference_mode()
    def predict(self, inputs: Inputs) -> Any:
        """The label of every input, as the task's kind scores it."""
        return self.family.predict(self.model, self.family.read(inputs), self.outputs, self.device)

    def signal(self, name: str, inputs: Inputs, decode: str = "batched", **options: Any) -> Any:
        """A named signal for every input, on the device, in the order of the inputs.

        A tensor with a row per input; of gradients, Gradients. With `decode` = "sequential" one
        input at a time goes through the model, as in implementations of 2018: only slower.
        """
        size = 1 if decode == "sequential" else self.family.scoring(self.device)
        return self._asked({name: options}, inputs, size)[0]

    def signals(self, names: Sequence[str], inputs: Inputs) -> list[Any]:
        """As many signals as are named, each as `signal` gives it, by one pass over the inputs."""
        return self._asked({name: {} for name in names}, inputs, self.family.scoring(self.device))

    @torch.no_grad()  # a strategy may train on a signal, which an inference tensor forbids
    def _asked(
        self, asked: Mapping[str, Mapping[str, Any]], inputs: Inputs, size: int
    ) -> list[Any]:
        with phase("collate"):
            data = self.family.read(inputs)
        found = {name: Gathered(len(data), self.device) for name in asked if name != LENGTHS}
        for rows in descending(data.lengths, size) if found else ():
            with phase("collate"):
                batch = data.batch(rows, self.device)
            with phase("encode"):
                encoding = self.model.encoder(batch)
            with phase("decode"):
                for name, gathered in found.items():
                    part = self.family.signals[name](self.model, encoding, **asked[name])
                    gathered.add(rows.to(self.device), part)
        return [data.lengths.clone() if name == LENGTHS else found[name].all for name in asked]

    def state(self) -> Arrays:
        """All weights, and what they can say, as arrays on the host."""
        weights = {key: value.cpu().numpy() for key, value in self.model.state_dict().items()}
        return {**weights, OUTPUTS: np.array(self.outputs.symbols.to_pylist(), dtype=np.str_)}

    def restore(self, state: Mapping[str, np.ndarray[Any, Any]]) -> "Learner":
        """A copy with what `state` gave."""
        made, weights = self.copy(), dict(state)
        symbols = pa.array(weights.pop(OUTPUTS).tolist(), pa.string())
        made.outputs = Vocabulary(symbols, first=self.family.first)
        made.model = self.family.model(made.outputs)
        if any(key.startswith("discriminator.") for key in weights):
            with torch.device("meta"):
                made.model.discriminator = Discriminator(made.model.latent_size)
        made.model.to_empty(device=self.device)
        made.model.load_state_dict({key: torch.from_numpy(value) for key, value in weights.items()})
        return made

    def _data(self, labeled: Labeled) -> Any:
        return self.family.read(labeled.inputs, (labeled.labels, self.outputs))

    def _training(self, labeled: Labeled, streams: Streams, notify: Notify) -> Training:
        data = self._data(labeled)
        return Training.of(self.family, self.model, data, self.device, streams, notify)
