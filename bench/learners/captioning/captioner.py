"""The family of captioners: images in, captions of revealed words out."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import torch
from torch import Tensor

from bench.data.captioning.reader import words
from bench.data.image import Images
from bench.learners.batching import descending
from bench.learners.captioning.batch import END, Captions, Pictures
from bench.learners.captioning.config import Config
from bench.learners.captioning.decode import beam
from bench.learners.captioning.model import Model
from bench.learners.captioning.signal import SIGNALS
from bench.learners.objective import Notify, Streams, Training
from bench.learners.vocabulary import Vocabulary
from bench.spec import Spec

KINDS = {
    "show-attend-tell": "CNN or precomputed features, LSTM decoder with soft attention "
    "(Xu et al. 2015)",
}
"""The captioners, the default one first."""
SEEN = 2
"""A word is said when the revealed captions hold it so often (Deng et al. 2018)."""
WIDTH = 5
"""The beam that captions are predicted with."""


def make(spec: Spec, task: Any, pool: Images) -> "Captioner":
    """The captioner of a spec for images, or features, of the pool's shape."""
    return Captioner(Config.of(spec), pool.shape)


@dataclass(frozen=True)
class Captioner:
    """See Family."""

    config: Config
    shape: tuple[int, ...]

    first = END + 1

    @property
    def signals(self) -> Mapping[str, Callable[..., Tensor]]:
        """See Family."""
        return SIGNALS

    def scoring(self, device: torch.device) -> int:
        """See Family: on a CPU no more than its cache holds of a beam's attention."""
        return 512 if device.type == "cuda" else 64

    def outputs(self, labels: pa.ListArray) -> Vocabulary:
        """The words that these captions hold at least twice, and no others, sorted."""
        counts = Counter(word for text in labels.flatten().to_pylist() for word in words(text))
        known = sorted(word for word, count in counts.items() if count >= SEEN)
        return Vocabulary(pa.array(known, pa.string()), first=self.first)

    def model(self, outputs: Vocabulary) -> Model:
        """See Family."""
        with torch.device("meta"):
            return Model(self.shape, len(outputs), self.config)

    def read(
        self, inputs: Images, labeled: tuple[pa.ListArray, Vocabulary] | None = None
    ) -> Pictures:
        """See Family."""
        return Pictures(inputs, Captions.of(*labeled) if labeled else None)

    def train(
        self, model: Model, data: Pictures, device: torch.device, streams: Streams, notify: Notify
    ) -> None:
        """See Family."""
        Training.of(self, model, data, device, streams, notify).supervised()

    def beside(self, data: Pictures, inputs: Images) -> Pictures:
        """See Family."""
        return Pictures(inputs)

    def predict(
        self, model: Model, data: Pictures, outputs: Vocabulary, device: torch.device
    ) -> pa.StringArray:
        """The most likely caption of every image, its words parted by spaces."""
        symbols = outputs.symbols.to_pylist()
        texts = [""] * len(data)
        for rows in descending(data.lengths, self.scoring(device)):
            encoding = model.encoder(data.batch(rows, device))
            found = beam(model.decoder, encoding, model.symbols, WIDTH).words[..., 0].T
            for row, caption in zip(rows.tolist(), found.tolist(), strict=True):
                said = caption[: caption.index(END)]
                texts[row] = " ".join(symbols[symbol - self.first] for symbol in said)
        return pa.array(texts, pa.string())
