"""The families of classifying networks: images, or texts, in, one class of an inventory out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import torch
from torch import Tensor

from bench.data.image import Images as Pixels
from bench.learners import word
from bench.learners.batching import Data, descending
from bench.learners.captioning.batch import Pictures
from bench.learners.classification.batch import Classed
from bench.learners.classification.config import Images, Texts, Wide
from bench.learners.classification.encoder import Recurrent, Vision, lenet, vgg16
from bench.learners.classification.model import Model
from bench.learners.classification.signal import SIGNALS
from bench.learners.objective import Notify, Streams, Training
from bench.learners.tagging.batch import Indexed
from bench.learners.vocabulary import Vocabulary
from bench.spec import Spec


class Sight(NamedTuple):
    """A classifier of images: in one line, its settings, and its encoder for a shape."""

    about: str
    config: type[Images]
    encoder: Callable[..., Vision]


VISION = {
    "lenet": Sight("LeNet-5 with dropout (LeCun et al. 1998), for small images", Images, lenet),
    "vgg16": Sight(
        "VGG-16 with group norms and dropout (Simonyan & Zisserman 2015), for 32 × 32 images",
        Wide,
        vgg16,
    ),
}
"""The classifiers of images, the default one first."""
READING: dict[str, str] = {
    "bilstm-classifier": "BiLSTM, its last states, softmax over the classes of a text",
}
"""The networks that classify texts."""
SCORING = 256
"""Items in a batch that is scored."""


def seeing(spec: Spec, task: Any, pool: Pixels) -> "Seeing":
    """The classifier of a spec for images of the pool's shape and the classes of the task."""
    config = VISION[spec.name].config.of(spec)
    return Seeing(spec.name, config, _classes(task), pool.shape)


def reading(spec: Spec, task: Any, pool: pa.ListArray, *files: Path) -> "Reading":
    """The classifier of a spec for the words of the pool's texts and the classes of the task.

    Words start from their vectors in the files; errors as in `word.start`.
    """
    config, words = Texts.of(spec), Vocabulary.of(pool)
    return Reading(
        spec.name, config, _classes(task), words, word.start(spec.name, config, words, files)
    )


def _classes(task: Any) -> Vocabulary:
    return Vocabulary(pa.array(task.classes, pa.string()), first=0)


class Classifier:
    """See Family: what classifiers of images and of texts have in common."""

    config: Any
    classes: Vocabulary

    first = 0

    @property
    def signals(self) -> Mapping[str, Callable[..., Any]]:
        """See Family."""
        return SIGNALS

    def scoring(self, device: torch.device) -> int:
        """See Family."""
        return SCORING

    def outputs(self, labels: pa.ListArray) -> Vocabulary:
        """The classes, whatever was revealed."""
        return self.classes

    def encoder(self) -> Vision | Recurrent:
        """M, without memory yet."""
        raise NotImplementedError

    def items(self, inputs: Any, labeled: bool) -> Data:
        """The inputs as Data; `labeled`: to be trained on."""
        raise NotImplementedError

    def model(self, outputs: Vocabulary) -> Model:
        """See Family."""
        with torch.device("meta"):
            return Model(self.encoder(), len(outputs))

    def read(self, inputs: Any, labeled: tuple[pa.ListArray, Vocabulary] | None = None) -> Classed:
        """See Family."""
        classes = labeled[1].encode(labeled[0]) if labeled else None
        return Classed(self.items(inputs, labeled is not None), classes)

    def train(
        self, model: Model, data: Classed, device: torch.device, streams: Streams, notify: Notify
    ) -> None:
        """See Family."""
        Training.of(self, model, data, device, streams, notify).supervised()

    def beside(self, data: Classed, inputs: Any) -> Classed:
        """See Family."""
        return self.read(inputs)

    def predict(
        self, model: Model, data: Classed, outputs: Vocabulary, device: torch.device
    ) -> pa.StringArray:
        """The most likely class of every item."""
        return said(model, data, outputs, device, self.scoring(device))


@dataclass(frozen=True)
class Seeing(Classifier):
    """Images of one shape, by one of `VISION`."""

    name: str
    config: Images
    classes: Vocabulary
    shape: tuple[int, ...]

    def encoder(self) -> Vision:
        """See Classifier."""
        return VISION[self.name].encoder(self.shape, self.config)

    def items(self, inputs: Pixels, labeled: bool) -> Pictures:
        """See Classifier; a labelled set is small, and read in every epoch."""
        return Pictures(inputs.held() if labeled else inputs)


@dataclass(frozen=True)
class Reading(Classifier):
    """Texts over the words of a pool; `vectors` is what word embeddings start from."""

    name: str
    config: Texts
    classes: Vocabulary
    words: Vocabulary
    vectors: Tensor | None = None

    def encoder(self) -> Recurrent:
        """See Classifier."""
        return Recurrent(len(self.words), self.config, self.vectors)

    def items(self, inputs: pa.ListArray, labeled: bool) -> Indexed:
        """See Classifier; the singletons of a labelled set are sometimes read as unknown."""
        data = Indexed.of(inputs, self.words)
        if labeled:
            data.hide_singletons(len(self.words), self.config.unknown)
        return data

    def beside(self, data: Classed, inputs: pa.ListArray) -> Classed:
        """See Family; what is hidden in the labelled set is hidden here."""
        other = Indexed.of(inputs, self.words)
        other.hidden, other.share = data.items.hidden, data.items.share  # type: ignore[attr-defined]
        return Classed(other)


def said(
    model: Any, data: Any, outputs: Vocabulary, device: torch.device, scoring: int
) -> pa.StringArray:
    """The most likely class of every item, by a model with an `encoder` and `log_probs`."""
    best = torch.empty(len(data), dtype=torch.int64)
    for rows in descending(data.lengths, scoring):
        encoding = model.encoder(data.batch(rows, device))
        best[rows] = model.log_probs(encoding).argmax(1).cpu()
    return outputs.symbols.take(pa.array(best.numpy()))
