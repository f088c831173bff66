"""Documentation is executed: what it names exists, its samples are valid, and nothing names a machine."""

import re
import subprocess
from pathlib import Path

import pytest

from alecia_pipeline.cli.main import COMMANDS
from alecia_pipeline.config import parse_config

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))


def test_the_readmes_table_is_the_list_of_commands() -> None:
    assert re.findall(r"^\| `alecia (\w+)` \|", README, re.MULTILINE) == list(COMMANDS)


@pytest.mark.parametrize(
    "name", ["README.md", "CONTRIBUTING.md", "docs/signing.md", "sandbox/README.md", "examples/alepanel/README.md"]
)
def test_every_command_that_a_document_names_exists(name: str) -> None:
    promised = [line for line in (ROOT / name).read_text().splitlines() if not line.startswith("- Not yet: ")]
    named = re.findall(r"^\$ alecia ([a-z]+)|`alecia (?:--config \S+ )?([a-z]+)", "\n".join(promised), re.MULTILINE)
    assert {"".join(words) for words in named} <= set(COMMANDS)


def test_the_readmes_configuration_is_valid() -> None:
    [sample] = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    assert set(parse_config(sample.encode()).environments) == {"staging"}


def test_the_configuration_of_the_signing_page_is_valid() -> None:
    [sample] = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "signing.md").read_text(), re.DOTALL)
    signing = parse_config(sample.encode()).signing
    assert signing
    assert signing.key


def test_the_two_commands_are_targets_of_the_makefile() -> None:
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {"demo", "test"} <= {line.split()[0] for line in listed.splitlines() if line.strip()}


def test_every_picture_and_link_of_the_readme_is_there() -> None:
    links = re.findall(r"\]\(([^)]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_says_what_and_why(path: Path) -> None:
    text = path.read_text()
    assert text.startswith(f"# {path.name[:4]} ")
    assert "Decided" in text
    assert "Why" in text


def test_decisions_are_numbered_without_gaps() -> None:
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))


def test_no_file_names_a_machine_or_a_package_registry() -> None:
    hosts = ["npm" + "js.", "python" + "hosted", "pypi" + ".org", "deb." + "debian"]
    pattern = re.compile("|".join([*map(re.escape, hosts), r"(?<![\w.])/" + "work/"]))
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    texts = {name: (ROOT / name).read_bytes().decode(errors="replace") for name in listed.splitlines()}
    # pnpm's lockfiles hold no addresses, but name packages such as the registry's own client.
    assert not [name for name, text in texts.items() if pattern.search(text) and not name.endswith("pnpm-lock.yaml")]
