"""One classifier: encoder M, a linear decoder C and, in the adversarial game, D."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bench.learners.classification.batch import Batch
from bench.learners.classification.encoder import Encoding, Recurrent, Run, Vision
from bench.learners.classification.unrolled import unrolled
from bench.learners.discriminator import Discriminator
from bench.learners.layer import dropout


class Model(nn.Module):
    """M and C for K classes; `discriminator` exists once refined."""

    def __init__(self, encoder: Vision | Recurrent, classes: int) -> None:
        super().__init__()
        self.latent_size = encoder.size
        self.encoder = encoder
        self.decoder = nn.Linear(encoder.size, classes)
        self.discriminator: Discriminator | None = None

    def logits(self, encoding: Encoding) -> Tensor:
        """What the last layer gives [B, K]."""
        found: Tensor = self.decoder(encoding.z)
        return found

    def log_probs(self, encoding: Encoding) -> Tensor:
        """log P(y|x) [B, K]."""
        return torch.log_softmax(self.logits(encoding), -1)

    def again(self, encoding: Encoding, noise: torch.Generator | None) -> Tensor:
        """The logits [B, K] under new dropout masks; what none of them reaches is not redone."""
        return self._read(self.encoder.head(encoding.seen, encoding.lengths, noise), noise)

    def trace(self, x: Tensor, lengths: Tensor | None, run: Run = unrolled) -> Tensor:
        """The logits [B, K] of inputs as numbers (see Encoding), in steps that torch.func takes."""
        logits: Tensor = self.decoder(self.encoder.trace(x, lengths, run))
        return logits

    def loss(self, batch: Batch, noise: torch.Generator | None = None) -> Tensor:
        """L_s of a labelled batch: mean cross-entropy; dropout where a stream is given."""
        assert batch.classes is not None
        return F.cross_entropy(self._read(self.encoder(batch, noise).z, noise), batch.classes)

    def both(
        self, labeled: Batch, unlabeled: Batch, noise: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """z of labelled and unlabelled items [B + B', Z] from one pass, and L_s of the labelled."""
        assert labeled.classes is not None
        z = self.encoder(labeled.join(unlabeled), noise).z
        known = self._read(z[: len(labeled.classes)], noise)
        return z, F.cross_entropy(known, labeled.classes)

    def _read(self, z: Tensor, noise: torch.Generator | None) -> Tensor:
        logits: Tensor = self.decoder(dropout(z, self.encoder.share, noise))
        return logits
