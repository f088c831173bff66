import json

import pytest

from alecia_pipeline.audit.manifests.declared import findings as undeclared
from alecia_pipeline.audit.repository.paths import findings as unresolved
from alecia_pipeline.audit.resolution.alias import Alias
from alecia_pipeline_tests.audit.snapshots import manifest, rules_of, snapshot

SOURCE = {"apps/web/src/lib/s3.ts": "", "apps/web/src/a.ts": 'import "@/lib/s3"; import "lib/s3"'}


@pytest.mark.parametrize(
    "configs",
    [
        {"apps/web/tsconfig.json": '{"compilerOptions": {"baseUrl": "src", "paths": {"@/*": ["*"]}}}'},
        {
            "apps/web/jsconfig.json": '{"compilerOptions": {"paths": '
            '{"@/*": ["./gone/*", "./src/*"], "lib/*": ["./src/lib/*"]}}}'
        },
        {"apps/web/tsconfig.app.json": '{/* c */"compilerOptions": {"baseUrl": "./src", "paths": {"@/*": ["*"],},},}'},
        {
            "apps/web/tsconfig.json": '{"extends": ["./base", "./none.json"]}',
            "apps/web/base.json": '{"compilerOptions": {"baseUrl": "src", "paths": {"@/*": ["*"]}}}',
        },
        {
            "apps/web/tsconfig.json": '{"extends": "@x/config/base", "compilerOptions": {"baseUrl": "src"}}',
            "packages/config/package.json": manifest("@x/config", exports={"./base": "./ts/base.json"}),
            "packages/config/ts/base.json": '{"compilerOptions": {"paths": {"@/*": ["../../../apps/web/src/*"]}}}',
        },
        {
            "apps/web/tsconfig.json": '{"extends": "@x/config", "compilerOptions": {"baseUrl": "src"}}',
            "packages/config/package.json": manifest("@x/config"),
            "packages/config/tsconfig.json": '{"compilerOptions": {"paths": {"@/*": ["../../apps/web/src/*"]}}}',
        },
    ],
)
def test_aliases_are_followed(configs: dict[str, str]) -> None:
    files = {**SOURCE, **configs}
    assert rules_of(undeclared, files) == []
    assert rules_of(unresolved, files) == []


def test_an_alias_that_leads_nowhere() -> None:
    files = {
        "apps/web/tsconfig.json": '{"compilerOptions": {"paths": {"@/*": ["./src/*"]}}}',
        "apps/web/src/a.ts": 'import "@/lib/gone"',
    }
    ((rule, message),) = rules_of(unresolved, files)
    assert rule == "unresolved-import"
    assert "apps/web/src/lib/gone" in message


def test_a_catch_all_does_not_hide_a_package() -> None:
    files = {
        "apps/web/tsconfig.json": '{"compilerOptions": {"paths": {"*": ["./types/*"], "pg": ["./node_modules/pg"]}}}',
        "apps/web/src/a.ts": 'import "pg"; import "~/x"',
    }
    assert [finding.dependency for finding in undeclared(snapshot(files))] == ["pg"]


def test_an_alias_to_generated_code_is_no_package() -> None:
    files = {
        ".gitignore": "made",
        "apps/web/tsconfig.json": '{"compilerOptions": {"paths": {"client": ["./made/client"]}}}',
        "apps/web/src/a.ts": 'import "client"',
    }
    assert rules_of(undeclared, files) == []
    assert [rule for rule, _ in rules_of(unresolved, files)] == ["generated-path-missing"]


@pytest.mark.parametrize(
    "text",
    ["{", "[]", '{"compilerOptions": 1}', '{"compilerOptions": {"paths": {"@/*": "x"}}}',
     '{"extends": "./tsconfig.json"}',
     '{"extends": 5}', '{"extends": "outside/config"}'],
)  # fmt: skip
def test_a_config_that_says_nothing_is_passed_over(text: str) -> None:
    assert [rule for rule, _ in rules_of(undeclared, {**SOURCE, "apps/web/tsconfig.json": text})] == [
        "undeclared-import"
    ]


def test_a_config_that_a_sibling_does_not_have() -> None:
    files = {
        **SOURCE,
        "apps/web/tsconfig.json": '{"extends": "@x/config/none", "compilerOptions": {"baseUrl": "src"}}',
        "packages/config/package.json": manifest("@x/config"),
    }
    assert rules_of(unresolved, files) == []


def test_configs_that_extend_each_other_are_each_read_once() -> None:
    names = [f"./tsconfig.{number}.json" for number in range(30)]
    configs = {f"apps/web/{name[2:]}": f'{{"extends": {json.dumps(names)}}}' for name in names}
    files = {**SOURCE, **configs, "apps/web/tsconfig.json": json.dumps({"extends": names})}
    assert [rule for rule, _ in rules_of(undeclared, files)] == ["undeclared-import"]


def test_an_alias_matches_whole_names() -> None:
    assert Alias("@/*", ("src/*",)).expand("@/a") == ("src/a",)
    assert Alias("a*b", ("x/*",)).expand("ab") == ("x",)
    assert Alias("aa*aa", ("x/*",)).expand("aaa") == ()
    assert Alias("lib", ("src/lib",)).expand("lib/x") == ()
