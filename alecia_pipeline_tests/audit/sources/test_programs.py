import pytest

from alecia_pipeline.audit.sources.programs import by_program, started, usual_provider, words


@pytest.mark.parametrize(
    ("text", "programs"),
    [
        ("tsup", {"tsup"}),
        ("next build && NODE_ENV=x tsup --watch", {"next", "tsup"}),
        ("pnpm exec next dev", {"next"}),
        ("pnpm exec", set()),
        ("pnpm run build", set()),
        ("eslint . && turbo run build", set()),
        ("npx tsup", set()),
        ("yarn next build", set()),
        ("tsup || true", set()),
        ("", set()),
    ],
)
def test_programs_that_are_surely_started(text: str, programs: set[str]) -> None:
    assert started(text) == programs


def test_a_command_may_mean_any_of_its_words() -> None:
    text = "dotenv -e .env -- node -r dotenv/config --import=tsx ./node_modules/@x/y/bin.js"
    assert words(text) >= {"dotenv", "node", "dotenv/config", "tsx", "@x/y"}


@pytest.mark.parametrize(
    ("package", "program"),
    [
        ("next", "next"),
        ("@biomejs/biome", "biome"),
        ("typescript", "tsc"),
        ("dotenv-cli", "dotenv"),
        ("npm-run-all2", "run-p"),
        ("@nestjs/cli", "nest"),
        ("@acme/cli", "acme"),
        ("@acme/cli", "@acme/cli"),
        ("firebase-tools", "firebase"),
    ],
)
def test_packages_bring_programs(package: str, program: str) -> None:
    assert package in by_program(["other", package])[program]


def test_what_to_add_for_a_program() -> None:
    assert usual_provider("tsc") == "typescript"
    assert usual_provider("tsup") == "tsup"
