"""`bench data`: download files, check them, make features of images."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.cli.common import data_root, examples, layout, table
from bench.error import DataError

if TYPE_CHECKING:
    from bench.data.card import Card

_PROTOCOL = click.option("--protocol", help="Files of this protocol.  [default: the task's own]")


@click.group(
    epilog=examples(
        "bench data fetch atis",
        "bench data verify",
        "bench data features flickr8k --encoder hf:microsoft/resnet-50",
        "bench data inspect my.conll",
    )
)
def data() -> None:
    """Download data files, check their digests, make features of images, look at own data."""


def _card(task: str, protocol: str | None) -> "Card":
    from bench.data import card

    found = card.load(task)
    return found.of(found.recipe(protocol or found.default).variant)


@data.command(epilog=examples("bench data fetch atis", "bench data fetch flickr8k"))
@click.argument("tasks", nargs=-1, metavar="TASK…", required=True)
@_PROTOCOL
@data_root
def fetch(tasks: tuple[str, ...], protocol: str | None, data_root: Path | None) -> None:
    """Download the files of tasks, or find them in the data root."""
    from bench.data import fetch

    cards = [_card(task, protocol) for task in tasks]
    found = [each for card in cards for each in fetch.fetch(card, data_root).items()]
    table([(path, str(place)) for path, place in found])


@data.command(epilog=examples("bench data verify", "bench data verify atis --data-root ~/corpora"))
@click.argument("tasks", nargs=-1, metavar="[TASK]…")
@_PROTOCOL
@data_root
def verify(tasks: tuple[str, ...], protocol: str | None, data_root: Path | None) -> None:
    """Check the digests of files. Takes all tasks when none is named; then none has to be there."""
    from bench.data import card, fetch

    cards = [_card(task, protocol) for task in tasks] or list(map(card.load, card.names()))
    rows = [row for each in cards for row in fetch.verify(each, data_root)]
    table(rows)
    fine = ("ok",) if tasks else ("ok", "missing")
    bad = [path for path, state in rows if state not in fine]
    if bad:
        raise DataError(f"{len(bad)} of {len(rows)} files are not as the cards say.")


@data.command(
    epilog=examples(
        "bench data features flickr8k --encoder hf:microsoft/resnet-50",
        "bench data features flickr8k --protocol small --encoder file:vgg.h5 --name vgg",
        "bench run --task flickr8k --learner 'show-attend-tell[features=resnet-50]'",
    )
)
@click.argument("task")
@click.option(
    "--encoder", required=True, help="hf:MODEL (hub or folder) or file:PATH (.npy .mat .h5)."
)
@click.option("--name", help="What to call them.  [default: the last part of the encoder's name]")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:N.")
@_PROTOCOL
@data_root
def features(
    task: str,
    encoder: str,
    name: str | None,
    device: str,
    protocol: str | None,
    data_root: Path | None,
) -> None:
    """Make annotation vectors of a task's images once; a learner reads them by their name."""
    from bench.data import feature
    from bench.loop import provenance

    where = str(provenance.device(device))
    made = feature.make(_card(task, protocol), encoder, name, where, data_root)
    click.echo(f"{made.path}: {' × '.join(map(str, made.shape))}")
    click.echo(f"Use them with --learner 'show-attend-tell[features={made.name}]'.")


@data.command(
    epilog=examples(
        "bench data inspect my.conll",
        "bench data inspect my.conll --columns 1,4 --scheme iob1",
        "bench data inspect hf:./folder --columns tokens,ner_tags",
    )
)
@click.argument("file")
@layout
def inspect(file: str, columns: str, scheme: str) -> None:
    """Say what is understood of own data: columns, scheme, sizes, labels, and what is odd.

    FILE is as --data of `bench run`. What that would refuse is an error here, after all that could
    be understood; lines, words and labels are counted up to the first line that cannot be read.
    """
    from bench.data.tagging import inspection
    from bench.data.tagging.source import Source

    source = Source(file, columns=columns, scheme=scheme)
    report = inspection.inspect(source)
    table([("data", file), *report.facts])
    for warning in report.warnings:
        click.echo(f"warning: {warning}")
    from bench.loop.plan import check_own  # what comes now takes torch, and longer

    click.echo(f"`bench run --data` takes it: {check_own(source).card.title}")
