import pytest

from alecia_pipeline.audit.manifests.declared import findings
from alecia_pipeline_tests.audit.snapshots import manifest, snapshot

LOCK = "lockfileVersion: '9.0'\nimporters:\n  apps/web: {dependencies: {lost: {specifier: '1', version: 1.0.0}}}\n"
LOCK += "packages:\n  pg@8.0.0: {}\n  lost@1.0.0: {}\n  '@types/lost@1.0.0': {}\n"


def reported(files: dict[str, str], lock: str | None = LOCK) -> list[str | None]:
    locked = {} if lock is None else {"pnpm-lock.yaml": lock}
    return [finding.dependency for finding in findings(snapshot({**locked, **files}))]


@pytest.mark.parametrize(
    ("path", "code", "names"),
    [
        ("a.ts", 'try { await import("pg") } catch {}', ["pg"]),
        ("a.ts", 'try { await import("none") } catch {}', []),
        ("a.js", 'try { await import("pg") } catch {}', []),
        ("a.test.ts", 'try { await import("pg") } catch {}', []),
        ("a.ts", 'try { require("pg") } catch {}', []),
        ("a.ts", 'try { require("lost") } catch {}', ["lost"]),
        ("a.test.ts", 'import "none"', []),
        ("a.test.ts", 'import "pg"', ["pg"]),
        ("examples/a.ts", 'import "none"', []),
        ("a.ts", 'import "none"', ["none"]),
        ("a.ts", 'import "fonts.css"', []),
    ],
)
def test_code_may_do_without(path: str, code: str, names: list[str]) -> None:
    assert reported({f"apps/web/{path}": code}) == names


def test_without_a_lockfile_nothing_says_what_an_install_brings() -> None:
    assert reported({"apps/web/a.test.ts": 'import "none"'}, lock=None) == ["none"]


def test_what_the_lockfile_still_has_was_declared() -> None:
    web = manifest("@x/web", devDependencies={"@types/lost": "1"})
    assert reported({"apps/web/package.json": web, "apps/web/a.ts": 'import type { A } from "lost"'}) == ["lost"]


def test_a_workflow_installs_what_its_scripts_need() -> None:
    files = {".github/scripts/a.mjs": 'import "@octokit/action"', ".github/workflows/ci.yml": "run: npm ci"}
    assert reported(files) == ["@octokit/action"]
    files[".github/workflows/ci.yml"] = "run: npm i @octokit/action"
    assert reported(files) == []


def test_an_image_installs_what_its_scripts_need() -> None:
    files = {"docker/config.ts": 'import "pg/config"', "docker/Dockerfile.prod": "FROM node:20\nRUN npm i -g pg@8\n"}
    assert reported(files) == []
    assert reported({**files, "docker/Dockerfile.prod": "FROM node:20\nCOPY pg /pg\n"}) == ["pg"]


def test_the_package_around_brings_what_it_has() -> None:
    files = {
        "pnpm-workspace.yaml": "packages: [apps/*, apps/web/fixture-app]\n",
        "apps/web/package.json": manifest("@x/web", dependencies={"pg": "8"}),
        "apps/web/fixture-app/package.json": manifest("fixture"),
        "apps/web/fixture-app/a.ts": 'import "pg"; import "@x/web"; import "none"',
    }
    assert reported(files) == ["none"]


def test_a_plugin_answers_for_names() -> None:
    plugin = 'export default { resolveId(id) { if (id === "app-routes") return id } }'
    files = {"apps/web/a.ts": 'import "app-routes"', "apps/web/plugin.ts": plugin, "apps/web/b.css": ""}
    assert reported(files) == []
    assert reported({**files, "apps/web/plugin.ts": "const a = 'app-routes'"}) == ["app-routes"]
    assert reported({**files, "apps/web/plugin.ts": plugin.replace("app-routes", "x")}) == ["app-routes"]
    assert reported({"apps/web/a.ts": 'import "app-routes"', "vite.config.ts": plugin}) == []
