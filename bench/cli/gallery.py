"""`bench gallery`: what the models of several strategies say of test images."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.cli.common import data_root, examples
from bench.error import UsageError

if TYPE_CHECKING:
    from bench.board.gallery import Picture
    from bench.rows.schema import Row


@click.command(
    epilog=examples(
        "bench gallery runs/shapes-alise",
        "bench gallery runs/shapes-alise --seed 1 --images 24 --out gallery.html",
    )
)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--seed", default=0, show_default=True, help="Of which cells.")
@click.option(
    "--images",
    type=click.IntRange(min=1),
    default=12,
    show_default=True,
    help="The first N test images.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("gallery.html"),
    show_default=True,
    help="The page to write.",
)
@data_root
def gallery(folder: Path, seed: int, images: int, out: Path, data_root: Path | None) -> None:
    """Write a page of test images with captions by strategy, after each one's last round.

    FOLDER holds the results of one captioning task. Models that its run did not keep, in .fits
    beside the results, are fitted anew.
    """
    from bench.board import gallery
    from bench.board.page import write
    from bench.data.extra import need

    need("PIL.Image", "caption")
    cells = _cells(folder, seed)
    first = next(iter(cells.values()))[0]
    bought = ", ".join(f"{name} {rows[-1].items:,}" for name, rows in cells.items())
    about = (
        f"{first.task}, protocol {first.protocol}, {first.learner}, seed {seed}: the first "
        f"{images} test images, captioned by the model fitted on what each strategy had bought "
        f"last (images: {bought})."
    )
    pictures = _draw(cells, folder, images, data_root)
    write(gallery.page(f"{first.task}: captions by strategy", about, pictures), out)
    click.echo(str(out))


def _cells(folder: Path, seed: int) -> "dict[str, list[Row]]":
    """By strategy: the rows of the folder's cells of one seed; UsageError unless of one task."""
    from bench.learners import registry
    from bench.rows import schema, store

    found = schema.from_table(store.scan([folder]))
    rows = [row for row in found if row.seed == seed and row.status == "ok"]
    if not rows:
        raise UsageError(f"There are no results of seed {seed} in {folder}.")
    if len({(r.task, r.protocol, r.learner, r.learner_params, r.device) for r in rows}) > 1:
        raise UsageError(
            f"{folder} holds results of several tasks, learners or devices; name the folder of one."
        )
    if registry.kind(rows[0].learner) != "captioning":
        raise UsageError(f"'{rows[0].task}' has no images; a gallery is of a captioning task.")
    cells: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda row: row.round):
        cells.setdefault(str(row.spec), []).append(row)
    return cells


def _draw(
    cells: "dict[str, list[Row]]", folder: Path, count: int, data_root: Path | None
) -> "list[Picture]":
    import numpy as np
    from rich.console import Console

    from bench.board.gallery import Picture
    from bench.data.captioning import picture
    from bench.loop import replay
    from bench.loop.fit import FitStore
    from bench.loop.plan import named_task
    from bench.loop.seed import Streams
    from bench.progress import watch

    captions: dict[str, list[str]] = {}
    with replay.kept(folder) as kept, watch(len(cells), Console(stderr=True)) as notify:
        for name, rows in cells.items():
            fits = FitStore(kept / rows[0].executor)
            learner, deal = replay.successor(rows, fits, notify, data_root)
            inputs, _ = deal.judge.sample(count)
            captions[name] = learner.predict(inputs).to_pylist()
    row = next(iter(cells.values()))[0]
    task = named_task(row.task, row.protocol, data_root, "")  # pixels, whatever the learner read
    pixels, labels = task.deal(Streams(row.seed)("split")).judge.sample(count)
    return [
        Picture(
            picture.data_uri(image),
            tuple(references),
            {name: said[place] for name, said in captions.items()},
        )
        for place, (image, references) in enumerate(
            zip(pixels.read(np.arange(len(pixels))), labels.to_pylist(), strict=True)
        )
    ]
