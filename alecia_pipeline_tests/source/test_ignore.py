import pytest

from alecia_pipeline.errors import UsageError
from alecia_pipeline.source.ignore import DockerIgnore, ignore_for
from alecia_pipeline_tests.trees import DictTree


def ignored(text: str, *paths: str) -> list[bool]:
    ignore = DockerIgnore.parse(text.encode())
    return [ignore.ignored(path) for path in paths]


@pytest.mark.parametrize(
    ("patterns", "out", "kept"),
    [
        ("node_modules", ["node_modules", "node_modules/x"], ["a/node_modules", "node_modules2"]),
        ("**/node_modules", ["node_modules", "a/b/node_modules/x"], ["a/xnode_modules"]),
        ("/a/", ["a", "a/b"], ["b/a"]),
        ("./a/../b//c", ["b/c/d"], ["b"]),
        ("*.log", ["x.log"], ["a/x.log", "xlog"]),
        ("**.log", ["x.log", "a/b/x.log"], ["x.logs"]),
        ("**/*.log", ["x.log", "a/b/x.log"], ["xlog"]),
        ("a/**", ["a/b", "a/b/c"], ["a", "ab"]),
        ("a**", ["a", "ab", "a/b"], ["ba"]),
        ("**", ["a", "a/b"], []),
        ("a/**/z", ["a/z", "a/b/c/z"], ["az"]),
        ("a?c", ["abc"], ["a/c", "ac"]),
        ("[a-c]x[^0-9]", ["axb"], ["dxb", "ax1"]),
        (r"\*x", ["*x"], ["ax"]),
        ("a^b.(c)", ["a^b.(c)"], ["a^bX(c)"]),
        ("x[[&&-]", ["x[", "x&"], ["xa"]),
        ("**/a^b", ["a^b", "x/a^b"], ["ab"]),
        ("a^b/**", ["a^b/x"], ["a^b"]),
        ("*/a^b", [], ["x/a^b"]),
        ("**/a*/**", ["ab/x", "x/ab/y/z"], ["ab", "x/ab"]),
        ("  spaced  \n", ["spaced"], ["  spaced  "]),
        ("# comment\n #not\n\n", ["#not"], ["# comment"]),
        (".", [], ["a"]),
        ("/", [], ["a"]),
        ("*\n!packages/ui\n!package.json", ["apps", "packages/db/x"], ["packages/ui/src/x.ts", "package.json"]),
        ("apps\n!apps/web\napps/web/tmp", ["apps/api/x", "apps/web/tmp/x"], ["apps/web", "apps/web/x"]),
        ("!a\na", ["a", "a/b"], []),
        ("a/b\n! a", ["a/b", "a/b/c"], ["a", "a/c"]),
        ("*.md\n!README.md", ["CHANGES.md"], ["README.md", "docs/x.md"]),
        ("**/*.md\n!apps/*/README.md\n", ["README.md", "apps/x/y.md"], ["apps/x/README.md"]),
    ],
)
def test_the_builders_patterns(patterns: str, out: list[str], kept: list[str]) -> None:
    assert ignored(patterns, *out) == [True] * len(out)
    assert ignored(patterns, *kept) == [False] * len(kept)


def test_windows_line_ends_and_a_byte_order_mark() -> None:
    assert ignored("\ufeff# head\r\na\r\n", "a", "# head") == [True, False]


def test_a_path_of_any_depth() -> None:
    assert ignored("**/x", "a/" * 3000 + "x", "a/" * 3000 + "y") == [True, False]


def test_the_reason_is_the_last_pattern_that_hit() -> None:
    ignore = DockerIgnore.parse(b"*.env\napps\n!apps/web\n**/secret", ".dockerignore")
    reason = ignore.reason("apps/web/secret")
    assert reason
    assert (reason.text, reason.line) == ("**/secret", 4)
    first = ignore.reason("apps/api/x")
    assert first
    assert first.line == 2
    assert ignore.reason("apps/web/x") is None


def test_the_dockerfiles_own_file_wins() -> None:
    tree = DictTree({".dockerignore": "a", "apps/web/Dockerfile.dockerignore": "b"})
    assert ignore_for(tree, "apps/web/Dockerfile").path == "apps/web/Dockerfile.dockerignore"
    assert ignore_for(tree, "apps/web/Dockerfile").ignored("b")
    assert ignore_for(tree, "Dockerfile").ignored("a")
    assert ignore_for(DictTree({}), "Dockerfile").path is None
    assert not ignore_for(DictTree({}), "Dockerfile").ignored("a")


def test_asked_again_the_answer_is_the_same() -> None:
    assert ignored("a\n!a/b", "a/b", "a/c", "a/b", "a/c") == [False, True, False, True]


@pytest.mark.parametrize(("text", "line"), [("a\n!", 2), ("[a", 1), ("a\n\n[z-a]", 3)])
def test_a_pattern_that_the_builder_refuses(text: str, line: int) -> None:
    with pytest.raises(UsageError, match="the builder refuses") as caught:
        DockerIgnore.parse(text.encode())
    assert caught.value.where == f".dockerignore:{line}"
