import pytest

from alecia_pipeline.errors import UsageError
from alecia_pipeline.rollout.compose_file import MAX_BYTES, parse_compose

BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 10)}]\n" for before, name in zip("abcd", "bcde", strict=True)
)


def test_services_and_what_they_share() -> None:
    compose = parse_compose(b"services: {web: {image: w}}\nvolumes: {data: {}}\nx-y: 1\nname: n\n", "deploy/c.yaml")
    assert (compose.service("web"), compose.top) == ({"image": "w"}, {"volumes": {"data": {}}})
    assert (compose.folder, compose.resolve("../infra/x")) == ("deploy", "infra/x")


def test_paths_of_a_file_in_the_root() -> None:
    assert parse_compose(b"services: {}", "c.yaml").resolve("./infra") == "infra"


def test_an_unknown_service_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match="no service 'shop'") as caught:
        parse_compose(b"services: {web: {}}", "c.yaml").service("shop")
    assert "web" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[]", "no mapping `services`"),
        ("services: [web]", "no mapping `services`"),
        ("services: {web: 3}", "services.web is not a mapping"),
        ("services: {web: {extends: other}}", "services.web.extends"),
        ("services: {}\ninclude: [more.yaml]", "`include` is not read"),
        ("#" * MAX_BYTES + "\n", "are read"),
        (BOMB + "services: {}\n", "aliases expand"),
    ],
)
def test_what_cannot_be_used(text: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_compose(text.encode(), "c.yaml")
    assert why in str(caught.value)
