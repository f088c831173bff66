"""The oracle: what BuildKit itself sends for an ignore file is what we say it sends."""

import subprocess
from pathlib import Path

import pytest

from alecia_pipeline.source.ignore import DockerIgnore
from alecia_pipeline_tests.conftest import write

FILES = [
    f"{folder}{name}"
    for folder in ("", "a/", "a.log/", "apps/web/", "packages/ui/src/", "x/a^b/")
    for name in ("a", "ab", "a^b/f", "b.log", "README.md", "node_modules/m/index.js", ".env", "[z]")
    if f"{folder}{name}" not in {"a", "a.log"}
]

IGNORE_FILES = [
    "*\n!packages/ui\n!README.md\npackages/ui/src/a*\n",
    "apps\n!apps/web\napps/web/a\n",
    "**.log\n/ab/\n./a//ab\n",
    "**/a*/**\n!**/[^a]*.md\n",
    "*/a^b\na^b\n",
    "# all\r\n  **  \r\n!**/f\r\n",
]


@pytest.mark.engine
@pytest.mark.parametrize("text", IGNORE_FILES)
def test_buildkit_agrees(text: str, tmp_path: Path) -> None:
    context, output = tmp_path / "context", tmp_path / "output"
    write(context, {**dict.fromkeys(FILES, ""), ".dockerignore": text, "kept/it": ""})
    # The Dockerfile stands outside, so that its own exemption does not blur the result.
    write(tmp_path, {"Dockerfile": "FROM scratch\nCOPY . /\n"})
    subprocess.run(
        ["docker", "buildx", "build", "--quiet", f"--file={tmp_path}/Dockerfile", f"--output={output}", str(context)],
        check=True,
        capture_output=True,
    )
    sent = {str(path.relative_to(output)) for path in output.rglob("*") if path.is_file()} - {".dockerignore"}
    ignore = DockerIgnore.parse(text.encode())
    assert sent == {path for path in (*FILES, "kept/it") if not ignore.ignored(path)}
