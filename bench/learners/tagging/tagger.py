"""The family of taggers: sentences in, one tag of a fixed inventory per word out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import torch
from torch import Tensor

from bench.learners import word
from bench.learners.batching import descending
from bench.learners.objective import Notify, Streams, Training
from bench.learners.tagging.batch import Indexed
from bench.learners.tagging.config import Config
from bench.learners.tagging.decode import beam
from bench.learners.tagging.model import Model
from bench.learners.tagging.signal import SIGNALS
from bench.learners.vocabulary import Vocabulary
from bench.spec import Spec

SCORING = 256
"""Sentences in a batch that is scored."""


def make(spec: Spec, task: Any, pool: pa.ListArray, *files: Path) -> "Tagger":
    """The tagger of a spec: words of the pool's inputs, tags of the task's inventory.

    Words start from their vectors in the files; errors as in `word.start`.
    """
    config, words = Config.of(spec), Vocabulary.of(pool)
    tags = Vocabulary(pa.array(task.tags, pa.string()), first=0)
    return Tagger(spec.name, config, words, tags, word.start(spec.name, config, words, files))


@dataclass(frozen=True)
class Tagger:
    """See Family: one of `model.KINDS` over the words of a pool and the card's tags.

    `vectors` is what word embeddings start from, see Encoder.
    """

    name: str
    config: Config
    words: Vocabulary
    tags: Vocabulary
    vectors: Tensor | None = None

    first = 0

    @property
    def signals(self) -> Mapping[str, Callable[..., Any]]:
        """See Family."""
        return SIGNALS

    def scoring(self, device: torch.device) -> int:
        """See Family."""
        return SCORING

    def outputs(self, labels: pa.ListArray) -> Vocabulary:
        """The tags, whatever was revealed: a tag never seen can only be missed."""
        return self.tags

    def model(self, outputs: Vocabulary) -> Model:
        """See Family."""
        with torch.device("meta"):
            return Model(self.name, len(self.words), len(outputs), self.config, self.vectors)

    def read(
        self, inputs: pa.ListArray, labeled: tuple[pa.ListArray, Vocabulary] | None = None
    ) -> Indexed:
        """See Family; the singletons of a labelled set are sometimes read as unknown."""
        data = Indexed.of(inputs, self.words, labeled)
        if labeled is not None:
            data.hide_singletons(len(self.words), self.config.unknown)
        return data

    def train(
        self, model: Model, data: Indexed, device: torch.device, streams: Streams, notify: Notify
    ) -> None:
        """See Family."""
        Training.of(self, model, data, device, streams, notify).supervised()

    def beside(self, data: Indexed, inputs: pa.ListArray) -> Indexed:
        """See Family; what is hidden in the labelled set is hidden here."""
        other = Indexed.of(inputs, self.words)
        other.hidden, other.share = data.hidden, data.share
        return other

    def predict(
        self, model: Model, data: Indexed, outputs: Vocabulary, device: torch.device
    ) -> pa.ListArray:
        """The greedy tag sequence of every sentence, as strings."""
        tags = torch.empty(len(data.words), dtype=torch.int64)
        for rows in descending(data.lengths, self.scoring(device)):
            encoding = model.encoder(data.batch(rows, device))
            path = beam(model.decoder, encoding, model.tags, 1)[1].squeeze(-1).cpu()
            flat, inside = data.positions(rows)
            tags[flat[inside]] = path[inside]
        offsets = torch.cat([data.starts, torch.tensor([len(tags)])]).to(torch.int32).numpy()
        return pa.ListArray.from_arrays(offsets, outputs.symbols.take(pa.array(tags.numpy())))
