"""One sequence labelling model: encoder M, decoder C and, in the adversarial game, D."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bench.error import UsageError
from bench.learners.discriminator import Discriminator
from bench.learners.tagging.batch import Batch
from bench.learners.tagging.config import Config
from bench.learners.tagging.decoder import Recurrent, Softmax
from bench.learners.tagging.encoder import Encoder, Encoding
from bench.learners.vocabulary import IGNORED
from bench.spec import nearest

KINDS = {
    "bilstm-aligned": "BiLSTM encoder, LSTM decoder that also reads the aligned encoder state "
    "(Liu & Lane 2016, without attention)",
    "bilstm-attention": "BiLSTM encoder, LSTM decoder with aligned state and attention "
    "(Liu & Lane 2016)",
    "bilstm-focus": "BiLSTM encoder, LSTM decoder started from the backward state, with focus "
    "(Zhu & Yu 2017)",
    "bilstm-lstm": "BiLSTM encoder, standard LSTM decoder started from z "
    "(Sutskever et al. 2014, as in ALISE)",
    "bilstm-tagger": "BiLSTM encoder, softmax per token; exact sequence probabilities",
}
"""The taggers, the default one first."""


class Model(nn.Module):
    """M and C over a fixed vocabulary and tag inventory; `discriminator` exists once refined."""

    def __init__(
        self, kind: str, words: int, tags: int, config: Config, vectors: Tensor | None = None
    ) -> None:
        super().__init__()
        self.tags, self.latent_size = tags, 2 * config.hidden
        self.encoder = Encoder(words, config, vectors)
        self.decoder = _decoder(kind, tags, config)
        self.discriminator: Discriminator | None = None

    def teach(self, encoding: Encoding, tags: Tensor, stream: torch.Generator | None) -> Tensor:
        """L_s: cross-entropy, mean per token, under teacher forcing; tags [T, B]."""
        logits = self.decoder.output(self.reading(encoding, tags, stream))
        return F.cross_entropy(logits.flatten(0, 1), tags.flatten(), ignore_index=IGNORED)

    def reading(
        self, encoding: Encoding, tags: Tensor, stream: torch.Generator | None = None
    ) -> Tensor:
        """What the last layer reads along a path of tags [T, B], which may end in padding."""
        start = torch.full_like(tags[:1], self.tags)
        return self.decoder.read(encoding, torch.cat([start, tags[:-1].clamp(min=0)]), stream)

    def loss(self, batch: Batch, stream: torch.Generator | None = None) -> Tensor:
        """L_s of a labelled batch; dropout where a stream is given."""
        assert batch.tags is not None
        return self.teach(self.encoder(batch, stream), batch.tags, stream)

    def both(
        self, labeled: Batch, unlabeled: Batch, stream: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """z of labelled and unlabelled items [B + B', Z] from one pass, and L_s of the labelled."""
        assert labeled.tags is not None
        encoding = self.encoder(labeled.join(unlabeled), stream)
        known, steps = len(labeled.lengths), len(labeled.words)
        head = encoding.head(known)
        head = head._replace(states=head.states[:steps])
        return encoding.z, self.teach(head, labeled.tags, stream)


def _decoder(kind: str, tags: int, config: Config) -> Softmax | Recurrent:
    if kind not in KINDS:
        raise UsageError(f"There is no learner '{kind}'.{nearest(kind, KINDS)}")
    if kind == "bilstm-tagger":
        return Softmax(tags, config)
    return Recurrent(
        tags,
        config,
        aligned=kind != "bilstm-lstm",
        attention=kind == "bilstm-attention",
        focus=kind == "bilstm-focus",
    )
