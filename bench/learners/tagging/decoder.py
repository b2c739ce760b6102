"""C: the decoders of the papers, each usable at once (teacher forcing) or step by step (beams).

`lstm`: Sutskever et al. 2014 as in ALISE; `aligned` and `attention`: Liu & Lane 2016; `focus`:
Zhu & Yu 2017; `Softmax`: one independent decision per token.
"""

from typing import NamedTuple, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bench.learners.layer import dropout
from bench.learners.tagging.config import Config
from bench.learners.tagging.encoder import Encoding

State = tuple[Tensor, ...]


class Memory(NamedTuple):
    """What every step of a beam reads: per sentence [B, T, …], and the tag table [K + 1, 4S].

    `noise` draws the dropout of what the last layer reads, where there is any.
    """

    sentence: tuple[Tensor, ...]
    table: Tensor
    noise: torch.Generator | None = None

    def head(self, count: int) -> "Memory":
        """The first `count` sentences."""
        return self._replace(sentence=tuple(part[:count] for part in self.sentence))


class Decoder(Protocol):
    """Reads an encoding; tags run from 0 to K − 1, K is the start mark."""

    output: nn.Linear
    """The last layer."""

    def read(self, encoding: Encoding, previous: Tensor, stream: torch.Generator | None) -> Tensor:
        """What the last layer reads [T, B, H], given the previous tags [T, B]."""
        ...

    def start(
        self, encoding: Encoding, noise: torch.Generator | None = None
    ) -> tuple[Memory, State]:
        """What all steps read, and the first state, each part [B, S]; dropout from `noise`."""
        ...

    def step(self, memory: Memory, time: int, tag: Tensor, state: State) -> tuple[Tensor, State]:
        """One step of B × W beams: tag [B, W], state parts [B, W, S] → logits [B, W, K], state."""
        ...


class Softmax(nn.Module):
    """No recurrence: P(y|x) factorises per token, so that beams are exact."""

    def __init__(self, tags: int, config: Config) -> None:
        super().__init__()
        self.share = config.dropout
        self.output = nn.Linear(2 * config.hidden, tags)

    def read(self, encoding: Encoding, previous: Tensor, stream: torch.Generator | None) -> Tensor:
        """See Decoder; the previous tags are not read."""
        return dropout(encoding.states, self.share, stream)

    def start(
        self, encoding: Encoding, noise: torch.Generator | None = None
    ) -> tuple[Memory, State]:
        """See Decoder; there is no state."""
        logits = self.output(dropout(encoding.states, self.share, noise)).transpose(0, 1)
        return Memory((logits,), logits.new_empty(0)), ()

    def step(self, memory: Memory, time: int, tag: Tensor, state: State) -> tuple[Tensor, State]:
        """See Decoder."""
        return memory.sentence[0][:, time].unsqueeze(1).expand(*tag.shape, -1), state


class Recurrent(nn.Module):
    """An LSTM started from z that reads the previous tag and, where asked, more.

    `aligned` adds the encoder state at the same position. `attention` adds a context over all
    encoder states, queried by the previous decoder state (additive form); it is the one thing
    that forbids a single fused call under teacher forcing. `focus`: of z, the first backward
    state alone starts it.
    """

    def __init__(
        self,
        tags: int,
        config: Config,
        aligned: bool,
        attention: bool = False,
        focus: bool = False,
    ) -> None:
        super().__init__()
        self.share, self.aligned, self.attention = config.dropout, aligned, attention
        size, width = config.decoder, 2 * config.hidden
        self.embedding = nn.Embedding(tags + 1, config.embedding)
        self.bridge = nn.Linear(config.hidden if focus else width, size)
        self.lstm = nn.LSTM(config.embedding + width * (aligned + attention), size)
        self.output = nn.Linear(size, tags)
        if attention:
            self.key = nn.Linear(width, size)
            self.query = nn.Linear(size, size)
            self.energy = nn.Linear(size, 1)

    def read(self, encoding: Encoding, previous: Tensor, stream: torch.Generator | None) -> Tensor:
        """See Decoder; without attention one fused call over all steps."""
        states = dropout(encoding.states, self.share, stream)
        if self.attention:
            hidden = self._unroll(encoding._replace(states=states), previous)
        else:
            x = self.embedding(previous)
            first = self._first(encoding).unsqueeze(0)
            x = torch.cat([x, states], -1) if self.aligned else x
            hidden, _ = self.lstm(x, (first, torch.zeros_like(first)))
        return dropout(hidden, self.share, stream)

    def start(
        self, encoding: Encoding, noise: torch.Generator | None = None
    ) -> tuple[Memory, State]:
        """See Decoder. Whatever the gates read beside the previous state is computed here, once."""
        weight, _, *biases = self._weights()
        bias = biases[0] + biases[1]
        size, width = self.embedding.embedding_dim, encoding.states.shape[-1]
        table = F.linear(self.embedding.weight, weight[:, :size], bias)
        states = dropout(encoding.states, self.share, noise).transpose(0, 1)
        sentence: tuple[Tensor, ...] = ()
        if self.aligned:
            sentence += (F.linear(states, weight[:, size : size + width]),)
        if self.attention:
            inside = torch.arange(states.shape[1], device=states.device) < encoding.lengths[:, None]
            mask = torch.zeros_like(inside, dtype=states.dtype).masked_fill_(~inside, -torch.inf)
            sentence += (mask, self.key(states), F.linear(states, weight[:, -width:]))
        first = self._first(encoding)
        return Memory(sentence, table, noise), (first, torch.zeros_like(first))

    def step(self, memory: Memory, time: int, tag: Tensor, state: State) -> tuple[Tensor, State]:
        """See Decoder. In place, and so without gradients: half of a step is moving numbers."""
        hidden, cell = state
        size = hidden.shape[-1]
        gates = F.embedding(tag, memory.table)
        gates.flatten(0, 1).addmm_(hidden.flatten(0, 1), self._weights()[1].T)
        self._look(memory, time, hidden, gates)
        doors, leave = gates[..., : 2 * size].sigmoid_(), gates[..., 3 * size :].sigmoid_()
        new = gates[..., 2 * size : 3 * size].tanh_()
        cell = (doors[..., size:] * cell).addcmul_(doors[..., :size], new)
        hidden = torch.tanh(cell).mul_(leave)
        return self.output(dropout(hidden, self.share, memory.noise)), (hidden, cell)

    def _weights(self) -> list[Tensor]:
        """Of the LSTM: input and recurrent weights, input and recurrent biases."""
        return list(self.lstm.all_weights[0])

    def _first(self, encoding: Encoding) -> Tensor:
        return torch.tanh(self.bridge(encoding.z[:, -self.bridge.in_features :]))

    def _unroll(self, encoding: Encoding, previous: Tensor) -> Tensor:
        memory, state = self.start(encoding)
        state = tuple(part.unsqueeze(1) for part in state)
        hidden = []
        for time, tag in enumerate(previous):
            state = self._advance(memory, time, tag.unsqueeze(1), state)
            hidden.append(state[0].squeeze(1))
        return torch.stack(hidden)

    def _advance(self, memory: Memory, time: int, tag: Tensor, state: State) -> State:
        """The state after a step that gradients can go back through."""
        hidden, cell = state
        gates = F.embedding(tag, memory.table) + F.linear(hidden, self._weights()[1])
        self._look(memory, time, hidden, gates)
        enter, forget, new, leave = gates.chunk(4, -1)
        cell = torch.sigmoid(forget) * cell + torch.sigmoid(enter) * torch.tanh(new)
        return torch.sigmoid(leave) * torch.tanh(cell), cell

    def _look(self, memory: Memory, time: int, hidden: Tensor, gates: Tensor) -> None:
        """Add what the gates read of the sentence."""
        if self.aligned:
            gates += memory.sentence[0][:, time].unsqueeze(1)
        if self.attention:
            gates += self._context(memory.sentence[-3:], hidden)

    def _context(self, sentence: tuple[Tensor, ...], hidden: Tensor) -> Tensor:
        mask, keys, values = sentence
        mixed = torch.tanh(keys.unsqueeze(1) + self.query(hidden).unsqueeze(2))  # [B, W, T, S]
        energy = self.energy(mixed).squeeze(-1) + mask.unsqueeze(1)
        return torch.softmax(energy, -1) @ values
