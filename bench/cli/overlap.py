"""`bench overlap`: whether strategies pick the same items, and rank the pool alike."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.cli.common import data_root, examples, form, rows, show
from bench.error import UsageError
from bench.spec import Spec

if TYPE_CHECKING:
    from bench.board.agreement import Ids
    from bench.board.overlap import Cells, Overlap, Rankings
    from bench.board.run import Place
    from bench.loop.event import Notify
    from bench.rows.schema import Row


@click.command(
    epilog=examples(
        "bench overlap runs",
        "bench overlap results/shapes-alise --seeds 0",
        "bench overlap runs --figure overlap.html --seed 1",
    )
)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--seeds",
    type=click.IntRange(min=0),
    default=3,
    show_default=True,
    help="Rankings of the first N seeds, each a fit; 0: none, and no data is needed.",
)
@click.option(
    "--figure",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A page to write: ranking against ranking, a panel for each pair.",
)
@click.option("--seed", type=int, help="That the figure is of.  [default: the first]")
@form
@data_root
def overlap(
    folder: Path,
    seeds: int,
    figure: Path | None,
    seed: int | None,
    form: str,
    data_root: Path | None,
) -> None:
    """Compare what strategies pick: how much of it is the same, and how they rank the pool.

    FOLDER holds the results of two strategies or more on one task. Selections are compared in every
    round and for all seeds. Rankings are those of the whole unlabelled pool in the first round: its
    model, kept in .fits beside the results or else fitted anew, is asked once more.
    """
    from bench.board import overlap, overlap_render

    place, cells = _cells(folder)
    shared = _shared(cells, folder)
    drawn = shared[0] if seed is None else seed
    if drawn not in shared:
        known = ", ".join(map(str, shared))
        raise UsageError(f"No two strategies in {folder} share seed {seed}; they share {known}.")
    asked = sorted({*shared[:seeds], *([drawn] if figure else [])})
    answers = _ask(cells, asked, folder, data_root)
    found = overlap.build(
        place, cells, answers.rankings, tuple(answers.unranked), answers.pool, answers.notes
    )
    show(form, overlap_render, found)
    if figure is not None:
        _draw(found, cells, answers.rankings, drawn, figure)


@dataclass
class _Answers:
    """What strategies said when they were asked again."""

    rankings: "dict[str, dict[int, Ids]]" = field(default_factory=dict)
    unranked: dict[str, None] = field(default_factory=dict)
    changed: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    pool: int | None = None

    @property
    def notes(self) -> list[str]:
        """What the tables do not say, a sentence each."""
        if not self.changed:
            return self.silent
        told = f"Asked again, {', '.join(self.changed)} would not select what the rows say"
        why = "they were made by other code, on another machine or on a GPU"
        return [*self.silent, f"{told}: {why}."]


def _cells(folder: Path) -> "tuple[Place, Cells]":
    """The place of a folder's rows and their cells; UsageError when there is nothing to compare."""
    from bench.board import overlap, run
    from bench.rows import schema

    table = rows([folder])
    places = {each.place for each in run.runs(table)}
    if len(places) > 1:
        raise UsageError(
            f"{folder} holds results of several tasks, learners, settings or devices; name the "
            "folder of one."
        )
    cells = overlap.group(schema.from_table(table))
    if len(cells) < 2:
        found = f"only '{next(iter(cells))}' has" if cells else "no strategy has"
        raise UsageError(f"In {folder} {found} selected anything; overlap compares at least two.")
    return places.pop(), cells


def _shared(cells: "Cells", folder: Path) -> list[int]:
    """The seeds that at least two strategies have; UsageError when there is none."""
    count = Counter(seed for seeds in cells.values() for seed in seeds)
    shared = sorted(seed for seed in count if count[seed] > 1)
    if not shared:
        raise UsageError(f"No two strategies in {folder} have a seed in common.")
    return shared


def _ask(cells: "Cells", seeds: Sequence[int], folder: Path, data_root: Path | None) -> _Answers:
    """The rankings of every strategy for these seeds; errors as those of `replay.ranking`."""
    answers = _Answers()
    if not seeds:
        return answers
    from bench.loop import replay

    able = [name for name in cells if _known(name, answers)]
    asked = [(name, cells[name][seed][0]) for seed in seeds for name in able if seed in cells[name]]
    with replay.kept(folder) as kept, _watch(len(asked)) as notify:
        for name, row in asked:
            _note(answers, name, row, kept, notify, data_root)
    return answers


def _known(name: str, answers: _Answers) -> bool:
    """Whether there is such a strategy here; else the answers say why it has no ranking."""
    from bench.loop import strategy

    if Spec.parse(name).name not in strategy.names():
        answers.silent.append(f"No ranking of {name}: it is not one of the bundled strategies.")
        return False
    try:
        strategy.load(name)
    except UsageError as reason:
        answers.silent.append(f"No ranking of {name}: {reason}")
        return False
    return True


def _note(
    answers: _Answers, name: str, row: "Row", kept: Path, notify: "Notify", data_root: Path | None
) -> None:
    from bench.loop import replay
    from bench.loop.budget import SelectionError
    from bench.loop.fit import FitStore

    try:
        ranking = replay.ranking(row, FitStore(kept / row.executor), notify, data_root)
    except UsageError as reason:
        raise UsageError(f"{reason} With --seeds 0, selections alone are compared.") from reason
    except SelectionError as reason:
        answers.silent.append(f"No ranking of {name} seed {row.seed}: {reason}")
        return
    answers.pool = len(row.initial) + ranking.unlabeled
    if ranking.chosen != row.selected:
        shared = len({*ranking.chosen} & {*row.selected})
        answers.changed.append(f"{name} seed {row.seed} ({shared} of {len(row.selected)} the same)")
    if ranking.whole:
        answers.rankings.setdefault(name, {})[row.seed] = ranking.ids.numpy()
    else:
        answers.unranked[name] = None


@contextmanager
def _watch(cells: int) -> "Iterator[Notify]":
    """A live display on a terminal; elsewhere nothing is told."""
    from rich.console import Console

    from bench.progress import watch

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda event: None
        return
    with watch(cells, console) as notify:
        yield notify


def _draw(found: "Overlap", cells: "Cells", rankings: "Rankings", seed: int, figure: Path) -> None:
    """Write the page; UsageError when no two strategies have a ranking of the seed."""
    from bench.board import scatter
    from bench.board.page import write
    from bench.board.sheet import title

    ranked = {name: each[seed] for name, each in rankings.items() if seed in each}
    chosen = {name: cells[name][seed][0].selected for name in ranked}
    panels = scatter.panels(ranked, chosen, seed)
    if not panels:
        raise UsageError(f"No two strategies rank the whole pool of seed {seed}; nothing to draw.")
    about = f"{title(found)}, seed {seed}. {scatter.ABOUT}"
    if found.unranked:
        about += f" Without a ranking of the whole pool: {', '.join(found.unranked)}."
    write(scatter.page("Ranking against ranking", about, panels), figure)
    click.echo(f"Figure: {figure}", err=True)
