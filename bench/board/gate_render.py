"""What the gate found, for people and as annotations of GitHub's; the same words in both."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from rich.console import Group
from rich.text import Text

from bench.board import gate_time, number, render
from bench.board.gate import EFFECT, Finding, Line, Verdict
from bench.board.gate_time import FLOOR, LEVEL, RATIO
from bench.board.sheet import Sheet

LEGEND = (
    "Same: the same selections and scores, to the bit. Not worse: what differs was made on another "
    "kind of CPU or by other versions, and no test tells it apart. Worse: the area under the curve "
    f"is at least {EFFECT} smaller, by a paired t test over the seeds. Changed: on one kind of CPU "
    "selections or scores differ, under the same rules. Slower: at least "
    f"{RATIO} times the passes and {FLOOR} more (acquisition in encodings of the same pool, each "
    "row's own), by a paired t test over the seeds and rounds of the task, or of all the "
    "strategy's tasks, on one kind of CPU alone. Tests hold at "
    f"{LEVEL:.0%} for all lines together (Holm). {number.NONE} not compared, or nothing differs."
)
REMEDY = {
    Verdict.FAILED: "See the column `error` of its rows.",
    Verdict.MISSING: "Run it again; if it was removed on purpose, renew the baseline.",
    Verdict.WORSE: "Revert what did it; if it is meant, raise the rules' version (RULES.md) and "
    "renew the baseline.",
    Verdict.CHANGED: "A change that moves a number raises the rules' version: revert it, or raise "
    "RULES_VERSION and RULES.md and renew the baseline.",
    Verdict.SLOWER: "Measure again on a quiet machine; if the cost is meant, renew the baseline.",
    Verdict.APART: "Make both with the same protocol, data and rules, or renew the baseline.",
    Verdict.NEW: "Nothing to compare with: renew the baseline, so that the next change has.",
}
"""What to do, by verdict. README.md, "The gate", says how to renew the baseline."""


def table(lines: Sequence[Line]) -> Group:
    """A table for each place within 100 columns, then what was found and what to do about it."""
    places = dict.fromkeys(map(_place, lines))
    drawn = (render.draw(_sheet(each, [x for x in lines if _place(x) == each])) for each in places)
    said = (Text(text) for text in _listed(_told(lines)))
    return Group(*drawn, *said, Text(summary(lines), "bold"), Text(LEGEND, "dim"))


def github(lines: Sequence[Line], bundled: Collection[str] = ()) -> str:
    """A workflow command for each finding, the gravest first, and one that counts.

    GitHub shows the first ten of a kind. Those of a bundled strategy are shown at its file.
    """
    commands = [_command(*found, bundled) for found in _told(lines)]
    title = _property("bench check")
    return "\n".join([*commands, f"::notice title={title}::{_data(summary(lines))}"]) + "\n"


def summary(lines: Sequence[Line]) -> str:
    """How many lines of which verdict, and of how many the time was compared."""
    count = Counter(line.verdict for line in lines)
    verdicts = ", ".join(f"{count[each]} {each}" for each in Verdict if count[each])
    timed = sum(bool(line.passes) for line in lines)
    reasons = sorted({line.untimed for line in lines if line.untimed})
    untimed = f" (the others: {'; '.join(reasons)})" if reasons else ""
    return f"{len(lines)} compared: {verdicts}; time compared of {timed}{untimed}."


def _sheet(place: str, lines: Sequence[Line]) -> Sheet:
    header = ("strategy", "verdict", "area", "p", "passes", "now", "ratio", "p")
    return Sheet(place, header, tuple(map(_row, lines)))


def _row(line: Line) -> tuple[str, ...]:
    before, after = gate_time.medians(line.passes) if line.passes else (None, None)
    return (
        line.strategy,
        ", ".join(each.verdict for each in line.findings),
        number.NONE if line.areas_p is None else number.difference(line.areas),
        number.chance(line.areas_p),
        number.significant(before),
        number.significant(after),
        f"{gate_time.ratio(line.passes):.2f}×" if line.passes else number.NONE,
        number.chance(line.times_p),
    )


def _told(lines: Sequence[Line]) -> list[tuple[Line, Finding]]:
    """All findings that have something to say, the gravest first."""
    found = [(line, each) for line in lines for each in line.findings if each.reason]
    order = list(Verdict)
    return sorted(found, key=lambda pair: order.index(pair[1].verdict))


def _listed(told: Sequence[tuple[Line, Finding]]) -> Iterator[str]:
    """Each verdict's findings, those of one task and reason together, and what to do once."""
    for verdict in dict.fromkeys(each.verdict for _, each in told):
        alike: dict[tuple[str, str], list[str]] = {}
        for line, each in told:
            if each.verdict == verdict:
                alike.setdefault((line.place.task, each.reason), []).append(line.strategy)
        yield f"{verdict.capitalize()}:"
        yield from (f"  {task} {', '.join(names)}: {why}" for (task, why), names in alike.items())
        yield f"  {REMEDY[verdict]}\n"


def _command(line: Line, found: Finding, bundled: Collection[str]) -> str:
    kind = "notice" if found.verdict == Verdict.NEW else "error"
    properties = {"title": f"{_name(line)}: {found.verdict}"}
    if line.name in bundled:
        properties["file"] = f"strategies/{line.name}.py"
    said = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{kind} {said}::{_data(f'{found.reason}. {REMEDY[found.verdict]}')}"


def _name(line: Line) -> str:
    return f"{line.place.task} {line.strategy}"


def _place(line: Line) -> str:
    return " · ".join(line.place[:4])


def _data(text: str) -> str:
    """A message as workflow commands take it."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """The value of a property as workflow commands take it."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
