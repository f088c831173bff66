import pytest

from alecia_pipeline.audit.dockerfile.commands import is_production, parse_commands, pnpm_call


def test_a_shell_text_is_cut_into_commands() -> None:
    text = "cd /app && NODE_ENV=production npx -y pnpm@9.8.0 install;\\\n"
    text += " echo 'a && b' | tee \"x;y\" || (exit 1)\ncd sub\nls\n"
    found = [(command.folder, command.words) for command in parse_commands(text)]
    assert found == [
        ("/app", ("pnpm@9.8.0", "install")),
        ("/app", ("echo", "a && b")),
        ("/app", ("tee", "x;y")),
        ("/app", ("exit", "1")),
        ("/app/sub", ("ls",)),
    ]
    assert next(parse_commands(text)).env == {"NODE_ENV": "production"}


def test_an_unclosed_quote_is_split_at_white_space() -> None:
    assert [command.words for command in parse_commands("echo it's")] == [("echo", "it's")]


def test_a_program_goes_without_path_and_version() -> None:
    programs = [command.program for command in parse_commands("/usr/bin/docker ps; pnpm@9 i; A=1")]
    assert programs == ["docker", "pnpm"]


@pytest.mark.parametrize(
    ("text", "install"),
    [
        ("pnpm install", True),
        ("pnpm i --frozen-lockfile --store-dir /s", True),
        ("pnpm --filter @x/web... install", True),
        ("pnpm -r install", True),
        ("pnpm install -g turbo", False),
        ("pnpm install lodash", False),
        ("pnpm build", False),
    ],
)
def test_an_install_of_the_workspace(text: str, install: bool) -> None:
    (command,) = parse_commands(text)
    call = pnpm_call(command)
    assert call
    assert call.is_install is install


@pytest.mark.parametrize("text", ["npm install", "pnpm --version", "pnpm"])
def test_other_commands_are_no_call(text: str) -> None:
    assert [pnpm_call(command) for command in parse_commands(text)] == [None]


def test_the_value_of_an_option() -> None:
    (command,) = parse_commands("pnpm -C web install --dir=x --filter")
    call = pnpm_call(command)
    assert call
    assert (call.value("-C"), call.value("--dir"), call.value("--filter"), call.value("-F")) == ("web", "x", None, None)


@pytest.mark.parametrize(
    ("text", "env", "production"),
    [
        ("pnpm install", None, False),
        ("pnpm install", "production", True),
        ("pnpm install --prod=false", "production", False),
        ("pnpm install --prod", None, True),
        ("pnpm install -P", None, True),
        ("pnpm install --dev", "production", False),
        ("NODE_ENV=production pnpm install", None, True),
        ("NODE_ENV=development pnpm install --frozen-lockfile", "production", False),
    ],
)
def test_which_installs_leave_dev_dependencies_out(text: str, env: str | None, production: bool) -> None:
    (command,) = parse_commands(text)
    call = pnpm_call(command)
    assert call
    assert is_production(call, {"NODE_ENV": env}) is production
