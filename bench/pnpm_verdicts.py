"""Ask real pnpm again what it says to the recorded lockfiles: `python bench/pnpm_verdicts.py [VERSION]…`.

Each case of `pnpm_verdicts.json` is written to a scratch folder, and `pnpm install --frozen-lockfile --lockfile-only
--ignore-scripts` of the version is run on it, by npx. What differs from the record is printed; then the status is 1.
pnpm 11 and later need Node 22 or newer.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TABLE = Path(__file__).parents[1] / "alecia_pipeline_tests" / "audit" / "manifests" / "pnpm_verdicts.json"
FLAGS = ("install", "--frozen-lockfile", "--lockfile-only", "--ignore-scripts")
SECONDS = 120


def passes(version: str, files: Mapping[str, str]) -> bool:
    """Tell whether one version of pnpm takes these files as they are."""
    with tempfile.TemporaryDirectory() as folder:
        for path, text in files.items():
            file = Path(folder, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode())
        command = ["npx", "--yes", f"pnpm@{version}", "--dir", folder, *FLAGS]
        # Started elsewhere: npx obeys a .npmrc where it stands.
        done = subprocess.run(command, cwd="/", capture_output=True, timeout=SECONDS, check=False)
        return done.returncode == 0


def differing(table: Mapping[str, Any], versions: set[str]) -> list[str]:
    """Return the cases, with their versions, whose verdict is not the recorded one."""
    found = []
    for case in table["cases"]:
        files = {path: table["texts"][number] for path, number in case["files"].items()}
        asked = sorted(versions.intersection(case["pnpm"]))
        wrong = (version for version in asked if passes(version, files) != case["passes"])
        found += [f"{case['name']} with pnpm {version}" for version in wrong]
    return found


def main() -> int:
    """Ask for the versions that the command line names, else for all."""
    table = json.loads(TABLE.read_text())
    versions = set(sys.argv[1:]) or {version for case in table["cases"] for version in case["pnpm"]}
    found = differing(table, versions)
    print("\n".join(found) or f"pnpm {', '.join(sorted(versions))}: as recorded")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
