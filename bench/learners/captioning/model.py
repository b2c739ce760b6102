"""One captioning model: encoder M, decoder C and, in the adversarial game, D."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bench.learners.captioning.batch import Batch
from bench.learners.captioning.config import Config
from bench.learners.captioning.decoder import Decoder
from bench.learners.captioning.encoder import Encoder, Encoding
from bench.learners.discriminator import Discriminator
from bench.learners.vocabulary import IGNORED


class Model(nn.Module):
    """M and C for images of one shape and K symbols; `discriminator` exists once refined."""

    def __init__(self, shape: tuple[int, ...], symbols: int, config: Config) -> None:
        super().__init__()
        self.symbols, self.latent_size = symbols, config.hidden
        self.penalty = config.doubly_stochastic
        self.encoder = Encoder(shape, config)
        self.decoder = Decoder(symbols, config)
        self.discriminator: Discriminator | None = None

    def teach(self, encoding: Encoding, captions: Tensor, noise: torch.Generator | None) -> Tensor:
        """L_s under teacher forcing: cross-entropy, mean per token; captions [T, C].

        In training the doubly stochastic penalty is added, as much per caption as in the paper.
        """
        start = torch.full_like(captions[:1], self.symbols)
        previous = torch.cat([start, captions[:-1].clamp(min=0)])
        logits, attention = self.decoder.teach(encoding, previous, noise)
        loss = F.cross_entropy(logits.flatten(0, 1), captions.flatten(), ignore_index=IGNORED)
        if noise is None or self.penalty == 0:
            return loss
        said = captions != IGNORED
        looked = (attention * said.unsqueeze(-1)).sum(0)  # [C, L]
        return loss + self.penalty * (1 - looked).square().sum() / said.sum()

    def loss(self, batch: Batch, noise: torch.Generator | None = None) -> Tensor:
        """L_s of a labelled batch; dropout and penalty where a stream is given."""
        assert batch.captions is not None
        assert batch.owners is not None
        return self.teach(self.encoder(batch).take(batch.owners), batch.captions, noise)

    def both(
        self, labeled: Batch, unlabeled: Batch, noise: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """z of labelled and unlabelled items [B + B', H] from one pass, and L_s of the labelled."""
        assert labeled.captions is not None
        encoding = self.encoder(labeled.join(unlabeled))
        head = encoding.head(len(labeled.images))
        return encoding.z, self.teach(head, labeled.captions, noise)
