"""What a commit moves on an environment: the value between the planner and the push sensor."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Affected:
    """Apps that would move, workspace folders whose files differ; `common`: SQL, third-party services or routes do."""

    apps: tuple[str, ...]
    packages: tuple[str, ...]
    common: bool

    @property
    def nothing(self) -> bool:
        """True when a release of the commit would change nothing on the environment."""
        return not (self.apps or self.common)
