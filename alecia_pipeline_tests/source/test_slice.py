import pytest

from alecia_pipeline.errors import UsageError
from alecia_pipeline.source.lockfile import parse_lockfile
from alecia_pipeline.source.slice import (
    importer_links,
    local_entries,
    lock_slice,
    missing_entries,
    render_slice,
    slice_document,
)
from alecia_pipeline.source.yaml_document import load_yaml

V9 = b"""\
lockfileVersion: '9.0'

settings:
  autoInstallPeers: true

catalogs:
  default:
    zod: {specifier: ^3, version: 3.0.0}
    only-api: {specifier: ^1, version: 1.0.0}
  old:
    zod: {specifier: ^2, version: 2.0.0}
  empty:

overrides:
  ms: 2.1.3

importers:
  .:
    devDependencies:
      turbo: {specifier: 2.5.0, version: 2.5.0}
  apps/web:
    dependencies:
      ui: {specifier: 'workspace:*', version: 'link:../../packages/ui'}
      lodash-alias: {specifier: 'npm:lodash@^4', version: lodash@4.18.1}
      zod: {specifier: 'catalog:', version: 3.0.0}
      local: {specifier: 'file:local.tgz', version: 'file:local.tgz'}
  apps/api:
    dependencies:
      only-api: {specifier: 'catalog:', version: 1.0.0}
      zod: {specifier: 'catalog:old', version: 2.0.0}
  packages/ui:
    dependencies:
      react-dom: {specifier: ^18, version: 18.3.1(react@18.3.1)}

packages:
  lodash@4.18.1: {resolution: {integrity: sha512-l}}
  local@file:local.tgz: {resolution: {integrity: sha512-f, tarball: 'file:local.tgz'}, version: '12e4567'}
  only-api@1.0.0: {resolution: {integrity: sha512-o}}
  react-dom@18.3.1: {resolution: {integrity: sha512-d}}
  react@18.3.1: {resolution: {integrity: sha512-r}, engines: {node: '>=18'}, os: [linux, '!win32']}
  turbo-linux@2.5.0: {resolution: {integrity: sha512-tl}}
  turbo@2.5.0: {resolution: {integrity: sha512-t}}
  zod@2.0.0: {resolution: {integrity: sha512-z2}}
  zod@3.0.0: {resolution: {integrity: sha512-z3}}

snapshots:
  lodash@4.18.1: {}
  local@file:local.tgz: {}
  only-api@1.0.0: {}
  react-dom@18.3.1(react@18.3.1):
    dependencies: {react: 18.3.1}
  react@18.3.1:
    dependencies: {react-dom: 18.3.1(react@18.3.1)}
  turbo-linux@2.5.0: {}
  turbo@2.5.0:
    optionalDependencies: {turbo-linux: 2.5.0}
  zod@2.0.0: {}
  zod@3.0.0: {}
"""

WEB = ("apps/web", "packages/ui")


def test_importers_and_what_they_reach_are_kept() -> None:
    part = lock_slice(parse_lockfile(V9, "pnpm-lock.yaml"), WEB)
    assert set(part.importers) == {".", "apps/web", "packages/ui"}
    assert set(part.snapshots) == {
        "lodash@4.18.1",
        "local@file:local.tgz",
        "react-dom@18.3.1(react@18.3.1)",
        "react@18.3.1",
        "turbo-linux@2.5.0",
        "turbo@2.5.0",
        "zod@3.0.0",
    }
    assert set(part.packages) == {key.partition("(")[0] for key in part.snapshots}
    assert part.catalogs == {"default": {"zod": {"specifier": "^3", "version": "3.0.0"}}}


def test_a_slice_reads_back_as_itself() -> None:
    lockfile = parse_lockfile(V9, "pnpm-lock.yaml")
    rendered = render_slice(lockfile, WEB)
    assert load_yaml(rendered, "x") == slice_document(lockfile, WEB)
    again = parse_lockfile(rendered, "pnpm-lock.yaml")
    assert render_slice(again, WEB) == rendered
    assert list(load_yaml(rendered, "x")) == [key for key in load_yaml(V9, "x") if key != "overrides"]
    assert b'version: "12e4567"' in rendered


def test_a_slice_does_not_depend_on_the_order_of_the_file() -> None:
    block = b"  zod@2.0.0: {}\n  zod@3.0.0: {}\n"
    swapped = V9.replace(block, b"  zod@3.0.0: {}\n  zod@2.0.0: {}\n")
    assert swapped != V9
    folders = ("apps/api", *WEB)
    assert render_slice(parse_lockfile(swapped, "l"), folders) == render_slice(parse_lockfile(V9, "l"), folders)


def test_what_another_app_uses_does_not_change_a_slice() -> None:
    changed = V9.replace(b"sha512-o", b"sha512-other").replace(b"zod: {specifier: ^2", b"zod: {specifier: ^2.1")
    assert changed != V9
    assert render_slice(parse_lockfile(changed, "l"), WEB) == render_slice(parse_lockfile(V9, "l"), WEB)


def test_an_unused_catalog_section_is_left_out() -> None:
    lockfile = parse_lockfile(V9, "l")
    assert "catalogs" not in slice_document(lockfile, ("packages/ui",))


def test_an_override_of_what_is_not_installed_is_left_out() -> None:
    lockfile = parse_lockfile(V9, "l")
    assert lockfile.overrides == {"ms": "2.1.3"}
    assert "overrides" not in slice_document(lockfile, ("packages/ui",))


V6 = b"""\
lockfileVersion: '6.0'
importers:
  apps/web:
    dependencies:
      a: {specifier: ^1, version: 1.0.0(b@2.0.0)}
      git: {specifier: 'github:x/git', version: github.com/x/git/abc}
  apps/api:
    dependencies:
      c: {specifier: ^1, version: 1.0.0}
packages:
  /a@1.0.0(b@2.0.0): {resolution: {integrity: sha512-a}, dependencies: {alias: /b@2.0.0}}
  /b@2.0.0: {resolution: {integrity: sha512-b}}
  /c@1.0.0: {resolution: {integrity: sha512-c}}
  github.com/x/git/abc: {resolution: {tarball: 'https://codeload.github.com/x/git/tar.gz/abc'}, name: git}
"""

V5 = b"""\
lockfileVersion: 5.4
specifiers: {a: ^1}
dependencies: {a: 1.0.0_b@2.0.0}
packages:
  /a/1.0.0_b@2.0.0: {resolution: {integrity: sha512-a}, dependencies: {b: 2.0.0}}
  /b/2.0.0: {resolution: {integrity: sha512-b}}
  /c/1.0.0: {resolution: {integrity: sha512-c}}
"""


def test_version_6_has_its_edges_in_packages() -> None:
    document = slice_document(parse_lockfile(V6, "l"), ("apps/web",))
    assert set(document["packages"]) == {"/a@1.0.0(b@2.0.0)", "/b@2.0.0", "github.com/x/git/abc"}
    assert set(document["importers"]) == {"apps/web"}
    assert "snapshots" not in document


def test_version_5_of_one_package_has_no_importers() -> None:
    document = slice_document(parse_lockfile(V5, "l"), ())
    assert set(document["packages"]) == {"/a/1.0.0_b@2.0.0", "/b/2.0.0"}
    assert document["specifiers"] == {"a": "^1"}
    assert "importers" not in document


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (V9.replace(b"  zod@3.0.0: {}\n", b""), "no entry for zod@3.0.0"),
        (V9.replace(b"  turbo-linux@2.5.0: {}\n", b""), "no entry for turbo-linux@2.5.0"),
    ],
)
def test_a_damaged_lockfile_is_never_cut_silently(data: bytes, what: str) -> None:
    with pytest.raises(UsageError, match=what):
        render_slice(parse_lockfile(data, "pnpm-lock.yaml"), WEB)


DAMAGED = b"""\
lockfileVersion: '9.0'
importers:
  .:
    dependencies:
      a: {specifier: ^1, version: 1.0.0}
      gone: {specifier: ^1, version: 1.0.0}
      near: {specifier: 'link:x', version: 'link:x'}
snapshots:
  a@1.0.0:
    dependencies: {b: 1.0.0, a: 1.0.0}
    optionalDependencies: {c: 2.0.0}
  b@1.0.0: {}
  unreached@1.0.0:
    dependencies: {also-gone: 1.0.0}
"""


def test_what_an_install_would_miss() -> None:
    found = list(missing_entries(parse_lockfile(DAMAGED, "pnpm-lock.yaml")))
    assert found == [(".", "gone@1.0.0"), ("a@1.0.0", "c@2.0.0")]


def test_a_whole_lockfile_misses_nothing() -> None:
    assert list(missing_entries(parse_lockfile(V9, "pnpm-lock.yaml"))) == []


LOCAL = b"""\
lockfileVersion: '9.0'

importers:
  .: {devDependencies: {tool: {specifier: 'link:./tools/tool', version: 'link:tools/tool'}}}
  apps/web:
    dependencies:
      ui: {specifier: 'workspace:*', version: 'link:../../packages/ui'}
      injected: {specifier: 'workspace:*', version: 'file:packages/injected(react@18.3.1)'}
      local: {specifier: 'file:../../vendor/local.tgz', version: 'file:vendor/local.tgz'}
      widget: {specifier: ^1, version: 1.0.0}
      pinned: {specifier: ^1, version: 1.0.0}

packages:
  injected@file:packages/injected: {resolution: {directory: packages/injected, type: directory}}
  local@file:vendor/local.tgz: {resolution: {integrity: sha512-f, tarball: 'file:vendor/local.tgz'}}
  pinned@1.0.0: {resolution: {tarball: 'https://example.org/pinned.tgz'}}
  react@18.3.1: {resolution: {integrity: sha512-r}}
  widget@1.0.0:

snapshots:
  injected@file:packages/injected(react@18.3.1): {dependencies: {react: 18.3.1}}
  local@file:vendor/local.tgz: {}
  pinned@1.0.0: {}
  react@18.3.1: {}
  widget@1.0.0: {dependencies: {react: 'link:packages/fork'}}
"""


def test_what_an_install_reads_from_the_repository_is_in_importers_snapshots_and_packages() -> None:
    lockfile = parse_lockfile(LOCAL, "local")
    for _ in range(2):
        assert importer_links(lockfile, [".", "apps/web", "none"]) == {"packages/ui", "tools/tool"}
    assert local_entries(lockfile) == {
        "injected@file:packages/injected": ("packages/injected",),
        "local@file:vendor/local.tgz": ("vendor/local.tgz",),
        "widget@1.0.0": ("packages/fork",),
    }
