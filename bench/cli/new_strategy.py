"""`bench new-strategy`: a strategy file to begin with."""

from pathlib import Path

import click

from bench.cli.common import examples
from bench.error import StorageError, UsageError

TEMPLATE = '''"""Say in one line what it labels first, and cite the source (Author et al. YEAR)."""

import torch

from bench.loop.budget import Budget
from bench.loop.ranking import rank
from bench.loop.view import View

# The signals that `select` asks for; CONTRIBUTING.md lists them all.
needs = ("best_log_prob",)


def select(view: View, budget: Budget, rng: torch.Generator) -> torch.Tensor:
    # A number for each unlabelled item: the highest is labelled first, `rng` breaks ties.
    priority = -view.signal("best_log_prob")
    return rank(view.unlabeled, priority, rng)
'''


@click.command("new-strategy", epilog=examples("bench new-strategy my_strategy"))
@click.argument("name")
def new_strategy(name: str) -> None:
    """Write NAME.py, a strategy to be changed, into the current folder."""
    from bench.loop import strategy
    from bench.rows.schema import FULL

    if not (name.isascii() and name.isidentifier()):
        raise UsageError(
            f"'{name}' cannot be a strategy's name: letters, digits and _, as in my_strategy."
        )
    if name in (*strategy.names(), FULL):
        raise UsageError(f"There is a strategy '{name}' already; choose another name.")
    path = Path(f"{name}.py")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(TEMPLATE)
    except FileExistsError:
        raise UsageError(f"There is a file {path} already; choose another name.") from None
    except OSError as reason:
        raise StorageError(f"Cannot write {path}: {reason.strerror}.") from reason
    click.echo(
        f"{path} is written. Say in its docstring what it does and cite the source, change\n"
        f"`needs` and `select`, then try it small:  bench submit {path} --protocol smoke"
    )
