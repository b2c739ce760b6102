"""M: the encoder every sequence labelling learner shares (Deng et al. 2018; Liu & Lane 2016)."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from bench.learners.layer import BiLSTM, Pretrained, dropout
from bench.learners.tagging.batch import Batch
from bench.learners.tagging.config import Config


class Encoding(NamedTuple):
    """What a decoder reads: states [T, B, 2H], the item representation z [B, 2H], lengths [B].

    `words` [T, B] are what was encoded.
    """

    states: Tensor
    z: Tensor
    lengths: Tensor
    words: Tensor

    def head(self, count: int) -> "Encoding":
        """The first `count` sentences."""
        states, words = self.states[:, :count], self.words[:, :count]
        return Encoding(states, self.z[:count], self.lengths[:count], words)

    def repeat(self, count: int) -> "Encoding":
        """Each sentence `count` times in a row."""
        states, words = (each.repeat_interleave(count, 1) for each in (self.states, self.words))
        z, lengths = (each.repeat_interleave(count, 0) for each in (self.z, self.lengths))
        return Encoding(states, z, lengths, words)


class Encoder(nn.Module):
    """Word embeddings and a BiLSTM; z = [last forward state; first backward state].

    `vectors` [words, E] is what the embeddings start from, where given and not NaN.
    """

    def __init__(self, words: int, config: Config, vectors: Tensor | None = None) -> None:
        super().__init__()
        self.share = config.dropout
        self.embedding = (
            nn.Embedding(words, config.embedding) if vectors is None else Pretrained(vectors)
        )
        self.lstm = BiLSTM(config.embedding, config.hidden)

    def forward(self, batch: Batch, stream: torch.Generator | None = None) -> Encoding:
        """Encode a batch; dropout on the embeddings where a stream is given."""
        x = dropout(self.embedding(batch.words), self.share, stream)
        states, z = self.lstm(x, batch.lengths)
        return Encoding(states, z, batch.lengths, batch.words)
