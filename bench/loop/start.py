"""Whether a run can begin: the initial set can be had, whatever the seed."""

from bench.data.oracle import Scarce
from bench.data.task import Task
from bench.error import DataError
from bench.loop.ledger import Ledger
from bench.loop.seed import Streams


def check(task: Task, seeds: range) -> None:
    """DataError when, for one of the seeds, the first target pays for nothing or a class is scarce.

    The latter names the protocols that any class will do for.
    """
    recipes = task.card.protocols
    each = task.card.recipe(task.protocol.name).each
    if task.protocol.unit == "items" and task.protocol.targets[0] > 0 and not each:
        return  # one of any
    for seed in seeds:
        streams = Streams(seed)
        ledger = Ledger(task.deal(streams("split")))
        try:
            ledger.initial(task.protocol.targets[0], streams("initial"), each)
        except Scarce as reason:
            others = (f"--protocol {name}" for name, recipe in recipes.items() if not recipe.each)
            remedy = " or ".join(["take more data", *others])
            raise DataError(f"{task.card.name}, seed {seed}: {reason}; {remedy}.") from None
