"""Ranges as node-semver has them; each verdict was asked of it."""

import pytest

from alecia_pipeline.audit.manifests.ranges import overlap, parse_range, parse_version, satisfies


@pytest.mark.parametrize(
    ("version", "text", "lies_in"),
    [
        ("1.2.3", "1.2.3", True),
        ("1.2.3", "=1.2.3", True),
        ("1.2.4", "1.2.3", False),
        ("1.2.3", "", True),
        ("1.2.3", "*", True),
        ("1.2.3", "x", True),
        ("1.2.3", "1", True),
        ("1.2.3", "1.x", True),
        ("1.2.3", "1.2.*", True),
        ("1.3.0", "1.2.x", False),
        ("1.9.0", "^1.2.3", True),
        ("2.0.0", "^1.2.3", False),
        ("2.0.0-rc.1", "^1.2.3", False),
        ("0.2.9", "^0.2.3", True),
        ("0.3.0", "^0.2.3", False),
        ("0.0.3", "^0.0.3", True),
        ("0.0.4", "^0.0.3", False),
        ("0.9.0", "^0", True),
        ("1.2.9", "~1.2.3", True),
        ("1.3.0", "~1.2.3", False),
        ("1.9.0", "~1", True),
        ("1.2.9", "~>1.2.3", True),
        ("1.2.3", ">=1.2.3 <2", True),
        ("2.0.0", ">=1.2.3 <2", False),
        ("1.2.3", ">= 1.2.3 < 2", True),
        ("1.2.3", ">1.2.3", False),
        ("1.2.4", ">1.2.3", True),
        ("1.9.0", ">1", False),
        ("2.0.0", ">1", True),
        ("1.2.3", "<=1.2.3", True),
        ("1.9.0", "<=1", True),
        ("2.0.0", "<=1", False),
        ("1.2.2", "<1.2.3", True),
        ("1.2.3", "<*", False),
        ("1.2.3", ">*", False),
        ("1.2.3", ">=*", True),
        ("1.5.0", "1.2.3 - 2.0.0", True),
        ("2.0.9", "1 - 2.0", True),
        ("2.1.0", "1 - 2.0", False),
        ("3.0.0", "^1 || ^3", True),
        ("1.2.3", "v1.2.3", True),
        ("1.2.3-beta.2", "^1.2.3-beta.1", True),
        ("1.2.3-beta.1", "^1.2.3-beta.2", False),
        ("1.2.4-beta.1", "^1.2.3-beta.1", False),
        ("1.2.3-beta.10", ">1.2.3-beta.9", True),
        ("1.2.3-rc", ">1.2.3-10", True),
        ("1.2.3", ">1.2.3-rc", True),
        ("1.2.3+build", "1.2.3", True),
        ("1.2.3-rc.1", "1.2.3-rc.1", True),
        ("1.2", "*", False),
        ("", "*", False),
        ("1.2.3", "latest", False),
    ],
)
def test_what_lies_in_a_range(version: str, text: str, lies_in: bool) -> None:
    assert satisfies(version, text) is lies_in


def test_a_package_without_a_version_satisfies_nothing() -> None:
    assert not satisfies(None, "*")


@pytest.mark.parametrize("text", ["latest", "workspace:*", "npm:a@1", "link:../a", "1.2.3.4", "^1 || latest", ">"])
def test_what_is_no_range(text: str) -> None:
    assert parse_range(text) is None


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ("^1.0.0", "^1.5.0", True),
        ("^1.0.0", "^2.0.0", False),
        ("<1.5.0", "^1.5.0", False),
        ("<=1.5.0", "^1.5.0", True),
        (">1.5.0", "<=1.5.0", False),
        ("*", "1.0.0", True),
        ("", ">=3", True),
        ("1 || 3", "2 || 3", True),
        ("latest", "*", False),
        ("*", "catalog:", False),
        (">=1 <1", "*", False),
        ("1.0.3-rc.1", "<3", False),
        ("1.0.3-rc.1", "*", True),
        ("1.0.3-rc.1", ">=1.0.3-rc.0", True),
        ("1.0.3-rc.1", "1.0.3-rc.1", True),
    ],
)
def test_which_ranges_overlap(one: str, other: str, both: bool) -> None:
    assert overlap(one, other) is both
    assert overlap(other, one) is both


def test_releases_sort_behind_their_prereleases() -> None:
    texts = ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0"]
    keys = [parse_version(text) for text in texts]
    assert keys == sorted(keys, key=lambda key: key or (0, 0, 0, ()))
    assert len(set(keys)) == len(texts)
