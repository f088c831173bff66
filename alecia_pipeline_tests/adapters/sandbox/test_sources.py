from pathlib import Path

import pytest

from alecia_pipeline.adapters.sandbox import sources
from alecia_pipeline.adapters.sandbox.sources import Source
from alecia_pipeline.errors import OutsideError

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
DEB822 = f"""Types: deb
# a comment: with a colon
URIs: http://mirror.invalid/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: {KEYRING}

Types: deb-src
URIs: http://mirror.invalid/debian
Suites: bookworm
Components: main

Types: deb
URIs: http://mirror.invalid/debian-security
Suites: bookworm-security
Components: main
Signed-By: {KEYRING}

Types: deb
URIs: https://other.invalid/node
Suites: nodistro
Components: main
Signed-By: /usr/share/keyrings/other.gpg
"""
ONE_LINE = """# deb http://off.invalid/debian bookworm main
deb [arch=amd64 signed-by=/keys/x.gpg] http://mirror.invalid/debian bookworm main # why
deb http://mirror.invalid/debian-security bookworm-security main
deb http://mirror.invalid/debian bookworm contrib
deb-src http://mirror.invalid/debian bookworm main
"""


def test_deb822_sources_are_read_and_source_packages_left_out() -> None:
    found = sources.parse_deb822(DEB822)
    assert [source.suites[0] for source in found] == ["bookworm", "bookworm-security", "nodistro"]
    assert found[0] == Source(
        uri="http://mirror.invalid/debian", suites=("bookworm", "bookworm-updates"), keyring=KEYRING
    )


def test_one_line_sources_are_read_with_their_key() -> None:
    first, second = sources.parse_one_line(ONE_LINE)
    assert first == Source(uri="http://mirror.invalid/debian", suites=("bookworm",), keyring="/keys/x.gpg")
    assert second.is_security


def test_another_suite_of_the_same_source_keeps_address_and_key() -> None:
    stanza = Source(uri="http://mirror.invalid/debian", suites=("bookworm",)).stanza("trixie")
    assert sources.parse_deb822(stanza) == [Source(uri="http://mirror.invalid/debian", suites=("trixie",))]


def test_debians_own_sources_are_told_from_others(tmp_path: Path) -> None:
    folder = tmp_path / "sources.list.d"
    folder.mkdir()
    (folder / "debian.sources").write_text(DEB822)
    archive, security = sources.debian_sources(tmp_path)
    assert archive.uri == "http://mirror.invalid/debian"
    assert security is not None
    assert security.suites == ("bookworm-security",)


def test_a_machine_without_security_source_has_none(tmp_path: Path) -> None:
    (tmp_path / "sources.list").write_text("deb http://mirror.invalid/debian bookworm main\n")
    assert sources.debian_sources(tmp_path)[1] is None


def test_a_machine_without_debian_source_is_told_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(OutsideError, match="No Debian package source") as caught:
        sources.debian_sources(tmp_path)
    assert caught.value.fix is not None


def test_only_options_that_a_container_needs_are_copied() -> None:
    lines = sources.copied_apt_options().splitlines()
    assert all(line.startswith(sources.COPIED_OPTIONS) and line.endswith(";") for line in lines)


def test_the_operating_system_is_read_from_its_own_file(tmp_path: Path) -> None:
    release = tmp_path / "os-release"
    release.write_text('NAME="Debian GNU/Linux"\nID=debian\nVERSION_CODENAME=bookworm\n')
    assert sources.operating_system(release) == ("debian", "bookworm")
    assert sources.operating_system(tmp_path / "missing") == ("", "")
