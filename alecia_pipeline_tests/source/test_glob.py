import pytest

from alecia_pipeline.source.glob import MAX_ALTERNATIVES, certain_part, expand_braces, matches, with_folders


@pytest.mark.parametrize(
    ("pattern", "hits", "misses"),
    [
        ("apps/*", ["apps/web"], ["apps", "apps/web/x", "apps/.cache"]),
        ("./apps/*/", ["apps/web"], ["apps/web/x"]),
        ("apps/**", ["apps/web", "apps/web/x"], ["apps", "apps/.x/y", "apps/x/.y"]),
        ("**/x", ["x", "a/x", "a/b/x"], ["ax", ".a/x"]),
        ("a/**/x", ["a/x", "a/b/c/x"], ["a/bx"]),
        ("{apps,packages/{a,b}}/*", ["apps/x", "packages/a/x", "packages/b/x"], ["packages/c/x"]),
        ("a?c/[x-z]", ["abc/x"], ["ac/x", "abc/a"]),
        ("[!a]b", ["xb"], ["ab", ".b"]),
        ("[^a]", ["b"], ["a"]),
        (".github/*", [".github/x"], ["xgithub/x"]),
        ("a.b+(c)", ["a.b+(c)"], ["aXb+(c)"]),
        (r"\*", ["*"], ["a"]),
        ("[", ["["], ["a"]),
        ("[z-a]", ["[z-a]"], ["b"]),
        ("[a&&[x-]", ["a", "&", "[", "-", "x"], ["b"]),
        ("{a}", ["{a}"], ["a"]),
        ("***", ["abc"], ["a/b"]),
    ],
)
def test_patterns(pattern: str, hits: list[str], misses: list[str]) -> None:
    assert [path for path in hits if not matches(path, [pattern])] == []
    assert [path for path in misses if matches(path, [pattern])] == []
    assert all(path.startswith(certain_part(pattern).rstrip("/")) for path in hits)


@pytest.mark.parametrize(
    ("pattern", "part"),
    [("./a/b/*.ts", "a/b/"), ("a/b", "a/b"), ("a/b*/c", "a/"), ("*", ""), ("a/{b,c}/d", "a/"), (r"a/b\*", "a/")],
)
def test_what_every_match_begins_with(pattern: str, part: str) -> None:
    assert certain_part(pattern) == part


@pytest.mark.parametrize("pattern", ["content", "content/**", "**/*.md", "content/*/?env.md", "content/[.]x/**"])
def test_dotted_names_are_matched_where_turbo_matches_them(pattern: str) -> None:
    path = "content/.x/.env.md"
    assert matches(path, with_folders([pattern]), dotted=True)
    assert not matches(path, with_folders([pattern]))


def test_a_negation_wins_wherever_it_stands() -> None:
    patterns = ["!**/test/**", "packages/**"]
    assert matches("packages/a", patterns)
    assert not matches("packages/a/test/b", patterns)
    assert not matches("x", ["!y"])


def test_braces_do_not_explode() -> None:
    assert len(expand_braces("{a,b}" * 30)) <= 2 * MAX_ALTERNATIVES
