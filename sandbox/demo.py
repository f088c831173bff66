"""`make demo`: release a scratch copy of the sample monorepo to the sandbox's VPS, as a user would.

Everything goes through the `alecia` command. A second run finds the same commit and changes nothing.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "examples" / "alepanel"
SCRATCH = ROOT / ".cache" / "demo"
ALECIA = Path(sys.executable).with_name("alecia")

IDENTITY = {
    "GIT_AUTHOR_NAME": "alecia demo",
    "GIT_AUTHOR_EMAIL": "demo@alecia.localhost",
    "GIT_COMMITTER_NAME": "alecia demo",
    "GIT_COMMITTER_EMAIL": "demo@alecia.localhost",
}


def main() -> int:
    """Run the demo; return the exit code of the first command that failed, else 0."""
    started = time.monotonic()
    repo, runner_file = SCRATCH / "alepanel", SCRATCH / "alecia.sandbox.yaml"
    try:
        alecia("sandbox", "up")
        copy_sample(repo)
        runner_file.write_bytes(subprocess.run([ALECIA, "sandbox", "config", repo], stdout=-1, check=True).stdout)
        alecia("--config", runner_file, "release", "--env", "staging", "--repo", repo)
    except subprocess.CalledProcessError as error:
        return error.returncode
    except KeyboardInterrupt:
        return 130
    print(f"\nThe demo took {time.monotonic() - started:.0f} s. Go on with:")
    alias = f"{ALECIA.relative_to(ROOT)} --config {runner_file.relative_to(ROOT)}"
    print(f"  {alias} ui --repo {repo.relative_to(ROOT)}    # Dagster, on loopback")
    print(f"  {alias} status --env staging")
    return 0


def alecia(*words: str | Path) -> None:
    """Run one `alecia` command with its output shown. Raises CalledProcessError."""
    print(f"$ alecia {' '.join(map(str, words))}", flush=True)
    subprocess.run([ALECIA, *words], check=True)


def copy_sample(repo: Path) -> None:
    """Bring the scratch repository to the sample's state; commit only what differs."""
    if not (repo / ".git").is_dir():
        git(repo.parent, "init", "-q", "-b", "main", repo.name)
    for path in repo.iterdir():
        if path.name != ".git":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    listed = subprocess.run(["git", "ls-files", "-z", "."], cwd=SAMPLE, stdout=-1, check=True).stdout.decode()
    for name in filter(None, listed.split("\0")):
        (repo / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(SAMPLE / name, repo / name)
    git(repo, "add", "--all")
    changed = subprocess.run(["git", "diff", "--cached", "--quiet"], cwd=repo, check=False).returncode
    if changed:
        git(repo, "commit", "-q", "-m", "The sample as this checkout has it")


def git(folder: Path, *words: str) -> None:
    """Run one git command, whoever the machine's git thinks we are. Raises CalledProcessError."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["git", *words], cwd=folder, check=True, env={**os.environ, **IDENTITY})


if __name__ == "__main__":
    sys.exit(main())
