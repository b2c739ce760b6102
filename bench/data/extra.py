"""Packages that come with an extra: found when they are needed, and missed in one sentence."""

from importlib import import_module
from types import ModuleType

from bench.error import UsageError


def need(module: str, extra: str) -> ModuleType:
    """The module; UsageError with the command that installs it when it is not there."""
    try:
        return import_module(module)
    except ImportError as error:
        raise UsageError(
            f"This needs {module}, which cannot be imported ({error}); "
            f"run pip install 'labelworth[{extra}]'."
        ) from error
