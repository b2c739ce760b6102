"""Settings of learners: every size and training setting, recorded in every row."""

from dataclasses import asdict, dataclass, fields, replace
from typing import Any, TypeVar

from bench.error import UsageError
from bench.spec import Spec, Value, nearest

Some = TypeVar("Some", bound="Settings")

# Far above any use: what lies beyond is a slip of the keyboard, better told than tried.
_HIGHEST: dict[str, int | float] = {
    **dict.fromkeys(("embedding", "hidden", "decoder", "attention", "width"), 8192),
    **dict.fromkeys(("patience", "epochs"), 100_000),
    **{"batch_size": 65_536, "learning_rate": 100, "supervised_weight": 1_000_000},
    **{"dropout": 0.99, "unknown": 1, "validation": 0.9, "doubly_stochastic": 1000},
    "C": 1_000_000,
}


@dataclass(frozen=True)
class Settings:
    """What can be set of a learner: the fields of a subclass, which is a dataclass too.

    A spec such as `bilstm-aligned[hidden=100]` sets some.
    """

    @property
    def duration(self) -> int:
        """Epochs at most; 1 where training has none."""
        return 1

    @classmethod
    def of(cls: type[Some], spec: Spec) -> Some:
        """The defaults with a spec's parameters; UsageError for a wrong name, type or value."""
        known = {field.name for field in fields(cls)}
        values: dict[str, Any] = {}
        for key, value in spec.params:
            if key not in known:
                raise UsageError(
                    f"Learner '{spec.name}' has no parameter '{key}'.{nearest(key, known)}"
                )
            what = f"Parameter '{key}' of learner '{spec.name}'"
            values[key] = _checked(what, key, value, type(getattr(cls, key)))
        return replace(cls(), **values)

    def overrides(self) -> dict[str, Value]:
        """The settings that differ from the defaults."""
        default = type(self)().record()
        return {key: value for key, value in self.record().items() if value != default[key]}

    def record(self) -> dict[str, Value]:
        """All settings as plain values."""
        return asdict(self)


@dataclass(frozen=True)
class Config(Settings):
    """How a network is trained; each kind adds its sizes and has its own defaults."""

    dropout: float = 0.3
    """Dropout on embeddings and on what the output layer reads."""
    learning_rate: float = 0.002
    """Adam's step size."""
    batch_size: int = 16
    """Items per training step."""
    validation: float = 0.1
    """Share of the labelled set held out for early stopping; it counts as spent.

    With 0 nothing is held out: all epochs are run, and the last one's model is kept.
    """
    patience: int = 10
    """Epochs without a lower validation loss before training stops."""
    epochs: int = 100
    """Epochs at most."""
    supervised_weight: float = 10.0
    """λ of the adversarial objective (ALISE, Eq. 8); tuned on `flights`, then frozen."""

    @property
    def duration(self) -> int:
        """See Settings."""
        return self.epochs


def _checked(what: str, key: str, value: Value, kind: type) -> Value:
    if kind is str and not isinstance(value, bool):
        return str(value)
    if isinstance(value, bool | str) or (kind is int and isinstance(value, float)):
        raise UsageError(f"{what} is {kind.__name__}, not {value!r}.")
    low, high = int(kind is int), _HIGHEST[key]
    if not low <= value <= high:
        raise UsageError(f"{what} is {value}; it must lie between {low} and {high}.")
    return float(value) if kind is float else value  # 0 and 0.0 are one setting
