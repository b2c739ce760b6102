"""C: an LSTM that looks at one mixture of places before each word (Xu et al. 2015, 3.1.2 and 4.2).

Soft, deterministic attention with the gating scalar β; the state starts from the mean annotation
vector; the deep output layer reads word, state and context.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bench.learners.captioning.config import Config
from bench.learners.captioning.encoder import Encoding
from bench.learners.layer import dropout

State = tuple[Tensor, Tensor]


class Memory(NamedTuple):
    """What steps read: annotations [B, L, H], keys [B, L, A], what each word adds [K + 1, 4S]."""

    annotations: Tensor
    keys: Tensor
    table: Tensor

    def take(self, rows: Tensor) -> "Memory":
        """Of some images."""
        return Memory(self.annotations[rows], self.keys[rows], self.table)


class Taught(NamedTuple):
    """Logits [T, C, K] under teacher forcing, and where each step looked [T, C, L]."""

    logits: Tensor
    attention: Tensor


class Decoder(nn.Module):
    """Symbols run from 0 (the end mark) to K − 1; K is the start mark."""

    def __init__(self, symbols: int, config: Config) -> None:
        super().__init__()
        hidden, size, inner = config.hidden, config.decoder, config.attention
        self.share = config.dropout
        self.embedding = nn.Embedding(symbols + 1, config.embedding)
        self.begin = nn.Linear(hidden, 2 * size)
        self.key = nn.Linear(hidden, inner)
        self.query = nn.Linear(size, inner, bias=False)
        self.energy = nn.Linear(inner, 1, bias=False)
        self.gate = nn.Linear(size, 1)
        self.word = nn.Linear(config.embedding, 4 * size)
        self.context = nn.Linear(hidden, 4 * size, bias=False)
        self.recur = nn.Linear(size, 4 * size, bias=False)
        self.reads = nn.Linear(size + hidden, config.embedding)
        self.output = nn.Linear(config.embedding, symbols)

    def teach(self, encoding: Encoding, previous: Tensor, noise: torch.Generator | None) -> Taught:
        """Every step given the true previous words [T, C]; encoding and captions row by row."""
        keys, (hidden, cell) = self._begin(encoding)
        state = (hidden.unsqueeze(1), cell.unsqueeze(1))
        steps, places = [], []
        for adds in self.word(self.embedding(previous)).unsqueeze(2):  # all words in one product
            state, seen, attention = self._advance(encoding.annotations, keys, adds, state)
            steps.append(torch.cat([state[0], seen], -1).squeeze(1))
            places.append(attention.squeeze(1))
        logits = self._say(torch.stack(steps), previous, noise)
        return Taught(logits, torch.stack(places))

    def start(self, encoding: Encoding) -> tuple[Memory, State]:
        """What all steps read, and the first state, both parts [B, S]."""
        keys, state = self._begin(encoding)
        return Memory(encoding.annotations, keys, self.word(self.embedding.weight)), state

    def step(self, memory: Memory, word: Tensor, state: State) -> tuple[Tensor, State]:
        """One step of B × W beams: word [B, W], state parts [B, W, S] → logits [B, W, K], state."""
        adds = F.embedding(word, memory.table)
        state, seen, _ = self._advance(memory.annotations, memory.keys, adds, state)
        return self._say(torch.cat([state[0], seen], -1), word, None), state

    def _begin(self, encoding: Encoding) -> tuple[Tensor, State]:
        hidden, cell = torch.tanh(self.begin(encoding.z)).chunk(2, -1)
        return _doubled(self.key(encoding.annotations)), (hidden, cell)

    def _advance(
        self, annotations: Tensor, keys: Tensor, adds: Tensor, state: State
    ) -> tuple[State, Tensor, Tensor]:
        hidden, cell = state
        query = _doubled(self.query(hidden)).unsqueeze(2)
        one = keys.new_ones(())
        inner = torch.addcmul(one, keys.unsqueeze(1), query).reciprocal()  # [B, W, L, A]
        attention = torch.softmax(-2 * (inner @ self.energy.weight[0]), -1)  # [B, W, L]
        seen = torch.sigmoid(self.gate(hidden)) * (attention @ annotations)
        gates = adds + self.context(seen) + self.recur(hidden)
        enter, forget, new, leave = gates.chunk(4, -1)
        cell = torch.sigmoid(forget) * cell + torch.sigmoid(enter) * torch.tanh(new)
        return (torch.sigmoid(leave) * torch.tanh(cell), cell), seen, attention

    def _say(self, steps: Tensor, previous: Tensor, noise: torch.Generator | None) -> Tensor:
        """The deep output layer (Eq. 7): from state, context and previous word to logits."""
        inner = self.embedding(previous) + self.reads(dropout(steps, self.share, noise))
        logits: Tensor = self.output(dropout(torch.tanh(inner), self.share, noise))
        return logits


def _doubled(x: Tensor) -> Tensor:
    """e^2x, where tanh(a + b) = 1 − 2 / (1 + e^2a · e^2b): a product per step instead of a tanh.

    The softmax does not see the 1. Beyond ±20, where a tanh has long been flat, x is cut, so that
    no product overflows.
    """
    return torch.exp(2 * x.clamp(-20, 20))
