"""The command `bench`, a file per verb: parse, call, print. Heavy imports live inside the verbs."""

import sys

import click

from bench import __version__
from bench.cli.check import check
from bench.cli.compare import compare
from bench.cli.data import data
from bench.cli.gallery import gallery
from bench.cli.leaderboard import leaderboard
from bench.cli.list import list_
from bench.cli.new_strategy import new_strategy
from bench.cli.overlap import overlap
from bench.cli.plan import plan
from bench.cli.replay import replay
from bench.cli.report import report
from bench.cli.run import run
from bench.cli.select import select
from bench.cli.speed import speed
from bench.cli.submit import submit
from bench.error import BenchError

INTERRUPTED = 130
UNREADABLE, STORAGE = 3, 4
_READING = (PermissionError, FileNotFoundError, IsADirectoryError, NotADirectoryError)


def main() -> None:
    """Run the command; whatever can be expected to fail ends as one sentence and an exit code."""
    try:
        cli.main(prog_name="bench", standalone_mode=False)
    except click.Abort:
        _end("interrupted; run the same command again to resume", INTERRUPTED)
    except click.ClickException as error:
        _end(f"Error: {error.format_message()}", error.exit_code)
    except BenchError as error:
        _end(f"Error: {error}", error.exit_code)
    except OSError as error:
        # Writers raise StorageError themselves, so that these kinds are of something to be read.
        code = UNREADABLE if isinstance(error, _READING) else STORAGE
        _end(f"Error: {error.filename or 'input or output'}: {error.strerror or error}.", code)


def _end(message: str, code: int) -> None:
    click.echo(message, err=True)
    sys.exit(code)


_EPILOG = """\b
Begin with:
  bench run              a small comparison on the embedded task, a few minutes
  bench list strategies  what there is to compare
  bench run --help       options and examples

\b
Exit codes:
  0    all went well
  1    a cell failed; the others went on; or a replay, or a submission, is not confirmed
  2    the request is wrong: an unknown name, a value out of range, a folder in use
  3    data is missing, damaged, malformed or unreadable
  4    results could not be written
  130  interrupted; the same command resumes
`bench check` has a 1, 3 and 4 of its own: see its help.
"""


@click.group(
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=_EPILOG,
)
@click.version_option(__version__, prog_name="labelworth")
@click.pass_context
def cli(context: click.Context) -> None:
    """What a label is worth: benchmark query strategies for active learning on sequences."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


for verb in (
    *(run, plan, list_, data, leaderboard, gallery, overlap, compare, replay, select, report),
    *(new_strategy, submit, check, speed),
):
    cli.add_command(verb)
