"""`bench select`: a strategy chooses from sentences that nobody has labelled."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import click

from bench.cli.common import examples, layout, table
from bench.error import DataError, UsageError
from bench.spec import Spec

if TYPE_CHECKING:
    from bench.data.tagging.column import Sentence
    from bench.data.tagging.reader import Row
    from bench.data.tagging.source import Part
    from bench.loop.choose import Request


@click.command(
    epilog=examples(
        "bench select --labeled done.conll --pool rest.txt --strategy wbadge --budget 2000",
        "bench select --labeled a.conll --pool b.conll --strategy mnlp --budget 100 --unit items",
        "bench select --labeled a.jsonl --pool b.jsonl --strategy lc --budget 500 --out c.jsonl",
    )
)
@click.option(
    "--labeled", required=True, metavar="FILE", help="What is labelled, as --data of `bench run`."
)
@click.option(
    "--pool",
    required=True,
    metavar="FILE",
    help="Sentences to choose from: columns (tags are not read), JSONL, or .txt with a sentence a "
    "line (unless tabs, or blank lines between equal numbers of columns, show that it is columns).",
)
@click.option("--strategy", required=True, help="See `bench list strategies`.")
@click.option("--budget", required=True, type=int, help="How much can be annotated.")
@click.option(
    "--unit",
    type=click.Choice(["words", "items"]),
    default="words",
    show_default=True,
    help="What the budget counts: words, or sentences.",
)
@click.option("--learner", help="See `bench list learners`.  [default: bilstm-aligned]")
@layout
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Of the model and the strategy."
)
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:N.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="A new file for the chosen sentences.  [default: selected.conll, or .jsonl for JSONL]",
)
def select(
    labeled: str,
    pool: str,
    strategy: str,
    budget: int,
    unit: str,
    learner: str | None,
    columns: str,
    scheme: str,
    seed: int,
    device: str,
    out: Path | None,
) -> None:
    """Fit a model on labelled data, let a strategy choose what to annotate next, and write it down.

    The chosen sentences come in the strategy's order, with _ where a tag is to be written.
    """
    from bench.data.tagging import annotation, own, source

    request = _request(strategy, learner, budget, unit, seed, device)
    rest = source.pool(pool, columns)
    out = out or Path("selected.jsonl" if rest.format == "JSONL" else "selected.conll")
    annotation.check(out)
    named, rows = own.read(source.parts(source.Source(labeled, "", columns, scheme)), scheme)
    held = own.filled(rest)
    known = {tuple(row.tokens) for row in rows}
    fresh = [sentence for sentence in held if tuple(sentence.tokens) not in known]
    if not fresh:
        raise DataError(f"{pool}: all of its sentences are labelled already, in {labeled}.")
    chosen = [fresh[place] for place in _places(request, rows, fresh)]
    annotation.write(out, _lines(rest, columns, chosen))
    left = f"; {len(held) - len(fresh):,} are labelled already" if len(held) > len(fresh) else ""
    whole = ": the whole pool, for the budget exceeds it" if len(chosen) == len(fresh) else ""
    table(
        [
            ("labelled", f"{labeled}: {_size(rows)}, tags are {named.upper()}"),
            ("pool", f"{pool}, {rest.format}: {_size(held)}{left}"),
            ("chosen", f"{_size(chosen)} by {request.strategy.spec}{whole}"),
            ("written", str(out)),
        ]
    )


def _request(
    strategy: str, learner: str | None, budget: int, unit: str, seed: int, device: str
) -> "Request":
    """The options that need no data, checked."""
    from bench.learners import registry
    from bench.loop import provenance
    from bench.loop.choose import Request
    from bench.loop.strategy import load

    if budget < 1:
        raise UsageError(f"--budget is {budget}; it must be at least 1.")
    spec = Spec.parse(learner or registry.default("tagging"))
    registry.check(spec.name, "tagging", "own data")
    registry.config(spec)
    counted = cast(Literal["words", "items"], unit)
    return Request(load(strategy), spec, budget, counted, seed, provenance.device(device))


def _places(request: "Request", rows: "Sequence[Row]", fresh: "Sequence[Sentence]") -> list[int]:
    """The chosen ones' places, best first; the model is fitted under a bar on a terminal."""
    import torch
    from rich.console import Console

    from bench.data.tagging.own import inventory
    from bench.learners import registry
    from bench.loop.choose import choose
    from bench.loop.event import Reporter
    from bench.progress import watch

    torch.set_num_threads(1)
    labeled = [(row.tokens, row.tags) for row in rows]
    tags = inventory(tag for row in rows for tag in row.tags)
    epochs = registry.config(request.learner).duration
    with watch(1, Console(stderr=True)) as notify:
        report = Reporter(request.strategy.spec.name, 1, epochs, notify)
        return choose(request, labeled, [each.tokens for each in fresh], tags, report.epoch)


def _lines(rest: "Part", columns: str, chosen: "Sequence[Sentence]") -> Iterator[str]:
    """The chosen ones as text, in the pool's format."""
    from bench.data.tagging import annotation

    if rest.format != "JSONL":
        return annotation.columns(chosen)
    return annotation.jsonl(chosen, rest.keys()[0], columns.partition(",")[2].strip() or "tags")


def _size(sentences: "Sequence[Row | Sentence]") -> str:
    words = sum(len(each.tokens) for each in sentences)
    return f"{len(sentences):,} sentence{'s' * (len(sentences) != 1)}, {words:,} words"
