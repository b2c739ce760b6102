"""What has become of the cells of a run."""

from dataclasses import dataclass, field


@dataclass
class Summary:
    """How many cells finished, and which failed, with the reason."""

    done: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)

    def count(self, name: str, error: str | None) -> None:
        """Count a cell that has ended."""
        if error is None:
            self.done += 1
        else:
            self.failed.append((name, error))
