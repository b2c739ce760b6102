"""Build hook: a real wheel carries `strategies/` and `datasets/` inside the package.

They are folders of the checkout, not packages, so an installed wheel finds them as
`bench/_strategies` and `bench/_datasets`. An editable install reads the checkout itself:
copies made there would go stale, which is why this is not a static `force-include`.
"""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Hook(BuildHookInterface[Any]):
    """Adds the two folders to standard wheels."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling; `version` is 'standard' or 'editable'."""
        if version != "standard":
            return
        for folder in ("strategies", "datasets"):
            build_data["force_include"][str(Path(self.root, folder))] = f"bench/_{folder}"
