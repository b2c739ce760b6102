"""Gradients of a last layer, kept as factors: an item's is Σ_t left_t ⊗ right_t over its words.

With K outputs and H numbers that the layer reads, a gradient has K·H entries (16,256 for ATIS and a
decoder of 128), while its factors have K + H a word. Inner products need no more than the factors:
⟨g, g'⟩ = Σ_{s,t} (left_s · left'_t)(right_s · right'_t).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor


@dataclass(frozen=True)
class Gradients:
    """n gradients: `left` [W, K] and `right` [W, H], a row per word, item after item.

    `counts` [n] are the words of each item, `squares` [n] the squared norms of the gradients.
    """

    left: Tensor
    right: Tensor
    counts: Tensor
    squares: Tensor

    @classmethod
    def of(cls, left: Tensor, right: Tensor, lengths: Tensor) -> "Gradients":
        """From padded factors [T, B, K] and [T, B, H], where `left` is 0 in the padding."""
        inside = torch.arange(len(left), device=left.device) < lengths.unsqueeze(1)
        flat = [side.transpose(0, 1)[inside] for side in (left, right)]
        return cls(flat[0], flat[1], lengths, squared_norms(left, right))

    @classmethod
    def join(cls, parts: "Sequence[Gradients]") -> "Gradients":
        """The items of all parts, one after the other."""
        names = ("left", "right", "counts", "squares")
        return cls(*(torch.cat([getattr(part, name) for part in parts]) for name in names))

    def __len__(self) -> int:
        return len(self.counts)

    def __getitem__(self, rows: Tensor) -> "Gradients":
        """The items at some rows."""
        counts, starts = self.counts[rows], (self.counts.cumsum(0) - self.counts)[rows]
        within = torch.arange(int(counts.sum()), device=counts.device)
        within -= (counts.cumsum(0) - counts).repeat_interleave(counts)
        words = starts.repeat_interleave(counts) + within
        return Gradients(self.left[words], self.right[words], counts, self.squares[rows])

    @property
    def bytes(self) -> int:
        """The memory that the factors take."""
        return self.left.nbytes + self.right.nbytes

    def norms(self) -> Tensor:
        """The squared norms [n]."""
        return self.squares

    def products(self, row: int, count: int | None = None) -> Tensor:
        """The inner products of the first `count` gradients, or of all, with that of a row."""
        end, reach = int(self.counts[: row + 1].sum()), int(self.counts[:count].sum())
        words = slice(end - int(self.counts[row]), end)
        left, right = (side[:, :reach] for side in self._columns)
        both = (self.left[words] @ left).mul_(self.right[words] @ right).sum(0)
        return _totals(both, self.counts[:count])

    @cached_property
    def _columns(self) -> tuple[Tensor, Tensor]:
        """The factors by dimension: products are up to twice as fast so."""
        return self.left.T.contiguous(), self.right.T.contiguous()

    def sketch(self, size: int, rng: torch.Generator) -> Tensor:
        """The gradients in `size` dimensions [n, size]; equal generators give one projection.

        Entry i is Σ_t (a_i · left_t)(b_i · right_t) / √size for random signs a_i, b_i: inner
        products keep their mean, and the squared norm of one word's has a relative variance below
        8 / size (tensorised random projections, Rakhshan & Rabusseau 2020).
        """
        sides = []
        for factor in (self.left, self.right):
            bits = torch.randint(2, (factor.shape[1], size), generator=rng, dtype=torch.int8)
            sides.append(factor @ bits.to(factor).mul_(2).sub_(1))
        return _totals(sides[0].mul_(sides[1]), self.counts).div_(size**0.5)


def squared_norms(left: Tensor, right: Tensor) -> Tensor:
    """‖Σ_t left_t ⊗ right_t‖² [B] from factors [T, B, …], one of which is 0 in the padding."""
    grams = [side.transpose(0, 1) @ side.permute(1, 2, 0) for side in (left, right)]
    return (grams[0] * grams[1]).sum((1, 2))


def _totals(words: Tensor, counts: Tensor) -> Tensor:
    """Sums over the words of each item."""
    total: Tensor = torch.segment_reduce(words, "sum", lengths=counts, unsafe=True)
    return total
