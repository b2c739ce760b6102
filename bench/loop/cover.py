"""Robust k-centre as a mixed-integer program: all but some outliers near a centre.

Sener & Savarese (2018), Algorithm 2, with HiGHS for a solver. Three departures. A program holds at
most 2,000 points. The search starts at a radius of 0, not at half of the greedy one: the factor two
does not hold where there are outliers or where items differ in cost. And one outlier is allowed at
least, since the paper's share of 1e-4 of the points is none of 2,000.
"""

from dataclasses import dataclass
from math import ceil, log2
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bench.loop import clock
from bench.loop.budget import Budget
from bench.loop.geometry import farthest_first

CANDIDATES = 2_000
SHARE = 1e-4
"""The share of a program's points that may be outliers."""
Rows = NDArray[np.int64]
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Cover:
    """Centres that leave no more than the outliers beyond a radius.

    `rows` [k] are the centres; no choice gets below `bound`; `timed_out` counts the programs that
    ended without an answer.
    """

    rows: Rows
    radius: float
    bound: float
    timed_out: int

    @property
    def gap(self) -> float:
        """The share of the radius that is not proven to be needed."""
        return 1 - self.bound / self.radius if self.bound < self.radius else 0.0


@dataclass(frozen=True)
class Problem:
    """Which points to make centres, at a cost [n] of no more than `amount` together.

    `distances` [n, n] are those among the points, `reached` [n] those to what is labelled.
    """

    distances: Values
    reached: Values
    costs: NDArray[np.int64]
    amount: int
    outliers: int

    def radius(self, rows: Rows) -> float:
        """How far the points but the outliers are from these or the labelled centres at most."""
        nearest = np.minimum(self.reached, self.distances[:, rows].min(1, initial=np.inf))
        return float(np.sort(nearest)[-1 - self.outliers]) if len(nearest) > self.outliers else 0.0

    def probe(self, radius: float, seconds: float) -> "Answer":
        """Whether some choice gets to a radius, as far as HiGHS knows when its time is over.

        u_j ∈ {0, 1}: j is a centre; o_i ∈ [0, 1]: i is an outlier. Every i that nothing labelled
        reaches has Σ_{j within the radius} u_j + o_i ≥ 1, where Σ cost_j u_j ≤ amount and
        Σ o_i ≤ outliers. No objective: the first choice that keeps to it will do.
        """
        from scipy.optimize import Bounds, LinearConstraint, milp
        from scipy.sparse import csr_array, eye_array, hstack

        near = csr_array(self.distances[self.reached > radius] <= radius, dtype=float)
        missed, points = near.shape
        centre = np.repeat([1.0, 0.0], [points, missed])
        found = milp(
            np.zeros_like(centre),
            integrality=centre,
            bounds=Bounds(0, 1),
            constraints=[
                LinearConstraint(hstack([near, eye_array(missed)], format="csr"), lb=1),
                LinearConstraint(np.r_[self.costs, np.zeros(missed)], ub=self.amount),
                LinearConstraint(1 - centre, ub=self.outliers),
            ],
            # The presolve takes minutes where balls are large, and does not look at the time.
            options={"time_limit": seconds, "presolve": False},
        )
        if found.x is None:
            return Answer(None, proven=found.status == 2)
        rows = np.flatnonzero(found.x[:points] > 0.5)
        fits = self.costs[rows].sum() <= self.amount and self.radius(rows) <= radius
        return Answer(rows if fits else None, proven=fits)


class Answer(NamedTuple):
    """Centres, if there are any, and whether that is certain."""

    rows: Rows | None
    proven: bool


def search(problem: Problem, start: Rows, time_limit: float) -> Cover:
    """The least radius by bisection of all distances, down from that of a choice to start with.

    A program that ends without an answer is first taken for infeasible, while the radius is looked
    for, and then, where any did, for feasible, to lift the proven bound. Each has an equal share
    of the seconds left; without any left, there are no more.
    """
    best, most = start, problem.radius(start)
    known = np.append(problem.distances, problem.reached)
    radii = np.unique(known[known <= most])
    met, proven, timed_out = len(radii) - 1, 0, 0
    for doubt, passes in ((False, 2), (True, 1)):
        low, high = proven, met
        while low < high and time_limit > 0:
            middle = (low + high) // 2
            with clock.lap(torch.device("cpu")) as lap:
                share = time_limit / (passes * ceil(log2(high - low + 1)))
                answer = problem.probe(radii[middle], share)
            time_limit = max(0.0, time_limit - lap.seconds)
            timed_out += not answer.proven
            if answer.rows is not None:
                best = answer.rows
                met = high = int(np.searchsorted(radii, problem.radius(best)))
            elif answer.proven:
                proven = low = middle + 1
            elif doubt:
                high = middle
            else:
                low = middle + 1
    return Cover(best, float(radii[met]), float(radii[proven]), timed_out)


def robust_first(
    points: Tensor,
    centres: Tensor,
    costs: Tensor,
    budget: Budget,
    rng: torch.Generator,
    time_limit: float,
) -> tuple[Tensor, Cover]:
    """Rows of points [n, d] until their costs reach the budget: a cover, then farthest-first.

    The cover is of what farthest-first picks and of a random rest, 2,000 points in all; it need
    not spend everything. Its centres, too, come in farthest-first order.
    """
    greedy = farthest_first(points, centres, costs, budget, rng)
    some = torch.cat([greedy, _rest(torch.randperm(len(points), generator=rng), greedy)])
    some = some[:CANDIDATES]
    affordable = min(budget.count(costs[greedy]), len(some))
    problem = _problem(points[some], centres, costs[some], budget)
    cover = search(problem, np.arange(affordable), time_limit)
    chosen = some[torch.from_numpy(cover.rows)]
    first = chosen[farthest_first(points[chosen], centres, costs[chosen], budget, rng)]
    left = Budget(budget.amount - int(costs[first].sum()))
    rest = _rest(torch.arange(len(points)), first)
    covered = torch.cat([centres, points[first]])
    more = rest[farthest_first(points[rest], covered, costs[rest], left, rng)]
    return torch.cat([first, more]), cover


def _problem(points: Tensor, centres: Tensor, costs: Tensor, budget: Budget) -> Problem:
    points, centres = points.double().cpu(), centres.double().cpu()
    exact = "donot_use_mm_for_euclid_dist"
    distances = torch.cdist(points, points, compute_mode=exact)
    reached = torch.full((len(points),), torch.inf, dtype=torch.float64)
    for part in torch.split(centres, CANDIDATES) if len(centres) else ():
        reached = torch.minimum(reached, torch.cdist(points, part, compute_mode=exact).amin(1))
    outliers = max(1, int(SHARE * len(points)))
    return Problem(distances.numpy(), reached.numpy(), costs.numpy(), budget.amount, outliers)


def _rest(rows: Tensor, taken: Tensor) -> Tensor:
    return rows[~torch.isin(rows, taken)]
