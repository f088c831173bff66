"""How a recorded run looks while it goes on, and what is told at its end."""

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from alecia_pipeline.cli.output import print_json, stdout
from alecia_pipeline.images.layers import MEGABYTE

if TYPE_CHECKING:
    # Dagster takes a second to import; `alecia --help` must not wait for it.
    from alecia_pipeline.defs.recording import Progress


@dataclass
class RunView:
    """Follows one run: prints a line per step to stderr, and keeps what the summary needs."""

    environment: str
    commit: str
    https_port: int
    started: float = field(default_factory=time.monotonic)
    steps: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __call__(self, progress: "Progress") -> None:
        """Take note of one event of the run."""
        step = self.steps.setdefault(progress.key, {"seconds": None, "state": "running", "facts": {}})
        match progress.kind:
            case "made":
                step |= {"facts": dict(progress.facts), "state": "done"}
            case "done":
                step |= {"seconds": round(progress.seconds, 2), "state": "done"}
                self._say(progress.key, step)
            case "failed" if step["state"] != "failed":
                # A gate that blocks fails twice: as a check, and as the step it stops.
                step["state"] = "failed"
                click.echo(f"{self._clock()}  failed  {progress.key}", err=True)
            case "started":
                click.echo(f"{self._clock()}  start   {progress.key}", err=True)

    def _say(self, key: str, step: dict[str, Any]) -> None:
        facts = self._facts(key)
        words = []
        if "reused" in facts:
            words.append("reused" if facts["reused"] else "built")
        if "size_bytes" in facts:
            words.append(f"{facts['size_bytes'] / MEGABYTE:.1f} MB")
        if "moved" in facts:
            words.append("moved" if facts["moved"] else "unchanged")
        click.echo(f"{self._clock()}  done    {key}  {step['seconds']:.1f} s  {', '.join(words)}".rstrip(), err=True)

    def _clock(self) -> str:
        minutes, seconds = divmod(int(time.monotonic() - self.started), 60)
        return f"{minutes:02d}:{seconds:02d}"

    def _facts(self, key: str) -> dict[str, Any]:
        facts: dict[str, Any] = self.steps.get(key, {}).get("facts", {})
        return facts

    @property
    def images(self) -> dict[str, dict[str, Any]]:
        """The images of the run: app -> facts."""
        return {key.split("/")[1]: self._facts(key) for key in self.steps if key.startswith("image/")}

    @property
    def urls(self) -> list[str]:
        """The public addresses that the smoke test asked."""
        port = "" if self.https_port == 443 else f":{self.https_port}"  # noqa: PLR2004 - the default port of HTTPS
        probes = self._facts(f"{self.environment}/smoke").get("probes", [])
        return list(dict.fromkeys(f"https://{probe['host']}{port}" for probe in probes if isinstance(probes, list)))

    @property
    def release(self) -> str | None:
        """The release that is live after the run."""
        found = self._facts(f"{self.environment}/release").get("release")
        return str(found) if found else None

    @property
    def moved(self) -> list[str]:
        """The apps whose container is another one now."""
        prefix = f"{self.environment}/"
        return [
            key.removeprefix(prefix) for key in self.steps if key.startswith(prefix) and self._facts(key).get("moved")
        ]

    def finish(self, run_id: str, output: str) -> None:
        """Print the summary: times, sizes, addresses."""
        seconds = round(time.monotonic() - self.started, 1)
        if output == "json":
            print_json(self._document(run_id, seconds))
            return
        built = [image for image in self.images.values() if not image.get("reused")]
        size = sum(image.get("size_bytes", 0) for image in built) / MEGABYTE
        console = stdout()
        images = f"{len(built)} built ({size:.1f} MB), {len(self.images) - len(built)} reused"
        moved = ", ".join(self.moved) or "nothing"
        console.print(f"release {self.release} is live on {self.environment} after {seconds} s", markup=False)
        console.print(f"  images: {images}; moved: {moved}; run {run_id}", markup=False)
        for url in self.urls:
            console.print(f"  {url}", markup=False)

    def _document(self, run_id: str, seconds: float) -> dict[str, Any]:
        return {
            "schema": 1,
            "run": run_id,
            "environment": self.environment,
            "commit": self.commit,
            "release": self.release,
            "moved": self.moved,
            "images": self.images,
            "urls": self.urls,
            "steps": [
                {"key": key, "seconds": step["seconds"], "state": step["state"]} for key, step in self.steps.items()
            ],
            "seconds": seconds,
        }
