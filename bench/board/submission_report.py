"""The page of a submission, for whoever reviews it: who, what it kept to, its board, its source."""

import json
import re
from collections.abc import Iterator, Sequence

from bench.board import number, render
from bench.board.compare import Line
from bench.board.leaderboard import Board
from bench.board.submission import Manifest
from bench.spec import Spec


def page(
    manifest: Manifest,
    needs: Sequence[str],
    text: str,
    clauses: Sequence[str],
    verdict: str,
    boards: Sequence[Board],
) -> str:
    """REPORT.md. `text` is the source, which no mark of its own can turn into anything else.

    `clauses` are those of the contract that the file kept to.
    """
    kept = "\n".join(f"- {render.escape(clause)}" for clause in clauses)
    board = render.markdown(boards).removeprefix("# Leaderboard\n\n").rstrip("\n")
    parts = (
        f"# {render.escape(str(spec(manifest)))}",
        f"**{render.escape(verdict)}**",
        "\n".join(_facts(manifest, needs, text)),
        f"## What it was held to, on small tasks of each kind\n\n{kept}",
        f"## Board\n\n{board}",
        f"## {render.escape(manifest.file)}\n\n{fence(text)}",
    )
    return "\n\n".join(parts) + "\n"


def spec(manifest: Manifest) -> Spec:
    """The strategy with its parameters."""
    return Spec.of(manifest.strategy, manifest.params)


def verdict(name: str, boards: Sequence[Board], line: Line) -> str:
    """What the board says of a strategy, and of its difference to random, in a sentence."""
    held = ((board, entry) for board in boards for entry in board.entries)
    board, entry = next((board, entry) for board, entry in held if entry.strategy == name)
    place = f"rank {number.rank(entry.rank)} of {len(board.entries)}"
    if entry.rank is None:
        place = "without a rank"
    return (
        f"{name} on {board.place.task}, {board.place.protocol}: {place}; area "
        f"{number.interval(entry.area)}, {number.difference(entry.against_random)} against random: "
        f"{line.verdict}."
    )


def fence(text: str) -> str:
    """Python source that its own backticks cannot end."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    marks = "`" * max(3, longest + 1)
    return "\n".join((f"{marks}python", text.rstrip("\n"), marks))


def shows(page: str, manifest: Manifest, text: str) -> bool:
    """Whether a page is of this strategy and ends with its whole source."""
    title = f"# {render.escape(str(spec(manifest)))}\n"
    return page.startswith(title) and page.endswith(f"\n\n{fence(text)}\n")


def _facts(manifest: Manifest, needs: Sequence[str], text: str) -> Iterator[str]:
    learner = Spec.of(manifest.learner, manifest.learner_params)
    facts = {
        "file": manifest.file,
        "SHA-256": manifest.sha256,
        "size": f"{len(text.encode())} bytes, {len(text.splitlines())} lines",
        "asks for": ", ".join(needs) or "nothing",
        "parameters": json.dumps(manifest.params) if manifest.params else "the defaults",
        "task": f"{manifest.task}, protocol {manifest.protocol}, learner {learner}",
        "seeds": ", ".join(map(str, manifest.seeds)),
        "isolation": "sandbox",
        "made with": f"labelworth {manifest.bench_version}, rules {manifest.rules_version}",
    }
    yield "| | |"
    yield "|---|---|"
    for name, value in facts.items():
        yield f"| {name} | {render.escape(value)} |"
