"""`bench list`: what there is."""

import click

from bench.cli.common import examples, table


@click.command(
    "list", epilog=examples("bench list strategies", "bench list learners | grep attention")
)
@click.argument("kind", type=click.Choice(["tasks", "strategies", "learners"]))
def list_(kind: str) -> None:
    """List tasks, strategies or learners."""
    table({"tasks": _tasks, "strategies": _strategies, "learners": _learners}[kind]())


def _tasks() -> list[tuple[str, str]]:
    from bench.data import card

    return [(name, card.load(name).title) for name in card.names()]


def _strategies() -> list[tuple[str, str]]:
    from bench.loop import strategy
    from bench.rows.schema import FULL

    rows = [(name, strategy.load(name).about.partition("\n")[0]) for name in strategy.names()]
    return [*rows, (FULL, "Not a strategy: everything labelled, the reference for '98 % of full'.")]


def _learners() -> list[tuple[str, str]]:
    from bench.learners import registry

    return [(name, registry.describe(name)) for name in sorted(registry.names())]
