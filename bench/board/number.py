"""How numbers are written: the same in every table. What is unknown is a dash."""

import math

from bench.board.entry import Reach
from bench.board.stats import Difference, Estimate

NONE = "—"


def score(value: Estimate | None, deviation: bool = True) -> str:
    """0.912 ± 0.004."""
    if value is None:
        return NONE
    return f"{value.mean:.3f}" + (
        f" ± {value.std:.3f}" if deviation and value.std is not None else ""
    )


def interval(value: Estimate | None) -> str:
    """0.912 [0.907, 0.917]."""
    if value is None:
        return NONE
    ends = "" if value.low is None else f" [{value.low:.3f}, {value.high:.3f}]"
    return f"{value.mean:.3f}{ends}"


def difference(value: Difference | None) -> str:
    """+0.012 [-0.003, 0.027]."""
    if value is None:
        return NONE
    ends = "" if value.low is None else f" [{value.low:+.3f}, {value.high:+.3f}]"
    return f"{value.mean:+.3f}{ends}"


def detectable(value: Difference | None) -> str:
    """0.031."""
    return NONE if value is None or value.detectable is None else f"{value.detectable:.3f}"


def improvement(value: Difference | None) -> str:
    """90 %."""
    return NONE if value is None else share(value.improvement, 0)


def probability(value: Difference | None) -> str:
    """Wilcoxon's p, as `chance`."""
    return chance(value.p if value else None)


def chance(p: float | None) -> str:
    """0.016, or <0.001: never nothing."""
    if p is None:
        return NONE
    return f"{p:.3f}" if p >= 0.001 else "<0.001"


def share(value: float, decimals: int = 1) -> str:
    """4.2 %."""
    return f"{100 * value:.{decimals}f} %"


def rank(value: tuple[int, int] | None) -> str:
    """1–3."""
    if value is None:
        return NONE
    return str(value[0]) if value[0] == value[1] else f"{value[0]}–{value[1]}"


def reach(value: Reach | None) -> str:
    """12,345 ± 678, or how many seeds got there: never a number that some did not reach."""
    if value is None:
        return NONE
    if value.words is None:
        return f"reached by {value.reached} of {value.n}" if value.reached else "not reached"
    deviation = "" if value.words.std is None else f" ± {value.words.std:,.0f}"
    return f"{value.words.mean:,.0f}{deviation}"


def significant(value: float | None, unit: str = "") -> str:
    """Two significant digits, without exponent: 120, 12, 1.2, 0.012."""
    if value is None:
        return NONE
    if value == 0:
        return f"0{unit}"
    rounded = float(f"{value:.1e}")
    decimals = max(0, 1 - math.floor(math.log10(abs(rounded))))
    return f"{rounded:,.{decimals}f}{unit}"
