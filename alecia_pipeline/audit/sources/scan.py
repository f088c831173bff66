"""Which files of a commit are a package's source, what role each has, and what it imports."""

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from alecia_pipeline.audit.sources import styles
from alecia_pipeline.audit.sources.credit import Credit, Credited, is_strict
from alecia_pipeline.audit.sources.extract import Extractor, extract_all
from alecia_pipeline.audit.sources.forms import kind_of
from alecia_pipeline.audit.sources.imports import Imports, in_order
from alecia_pipeline.audit.sources.style_paths import locate
from alecia_pipeline.errors import UsageError
from alecia_pipeline.source.manifest import MANIFEST_FILE, parse_manifest
from alecia_pipeline.source.tree import Tree, folder_of
from alecia_pipeline.source.workspace import Workspace

Role = Literal["source", "config", "test"]
"""`source` is shipped; `config` works while building, style sheets among it; `test` runs elsewhere.

The last two may use devDependencies.
"""

_OUTPUT = re.compile(r"(?:dist|build|out|public|coverage|\.next|\.turbo|\.output)/")
"""Folders at the top of a package that a build fills or that are served as they are."""

# What lies in `supabase/functions` runs on Deno, with or without a deno.json.
_SKIPPED = re.compile(
    r"(?:^|/)(?:node_modules|\.yarn|\.sst|supabase/functions|__fixtures__|__testfixtures__|fixtures|__snapshots__)/"
    r"|\.min\.(?:[cm]?js|css)$|/\._|\.(?:input|output)\.[cm]?[jt]sx?$"
)

_TEST = re.compile(
    r"(?:^|/)(?:__tests__|__mocks__|__e2e__|tests?|specs?|e2e|cypress|playwright|stories|\.storybook|benchmarks?)/"
    r"|\.(?:test|spec|stories|story|bench|e2e|cy|test-d)\.(?:[cm]?[jt]sx?|mdx|vue|svelte)$"
)
_CONFIG = re.compile(r"(?:^|/)\.[\w.-]+\.[cm]?[jt]s$|(?:^|/)(?:scripts|tools|\.[\w-]+)/")
_CONFIG_NAME = re.compile(r"\.(?:config|setup)(?:\.[\w-]+)?\.[cm]?[jt]sx?$")
_SHIPPED = re.compile(r"(?:src|app|lib|pages|server|components)/")
"""Here `observability.config.ts` is a part of the program; a tool's settings stand at the top of a package."""

_TEMPLATE = re.compile(r"(?:^|/)(?:templates?|starters?|boilerplates?|scaffolds?)/")
_PROJECT = re.compile(r"tsconfig\.json|[\w-]+\.config\.\w+|_package\.json|package\.(?:json\.\w+|\w+\.json)")
"""A project that a generator copies: below a folder of templates, and with settings at its top."""

_GENERATOR = re.compile(r"(?:@[^/]+/)?create-.+")
"""A package that `npm create` runs: all below its folder of templates is copied, settings beside it or not."""

_OTHER_TOOLS = {"deno.json": "", "deno.jsonc": "", "import_map.json": "", "mix.exs": "assets", "SKILL.md": ""}
"""Files of other package managers, and of agents' skills -> the folder beside them whose imports are theirs to find."""


_NOTHING = Imports()


class SourceFile(NamedTuple):
    """One scanned file; `package` is the folder of the workspace package that owns it.

    A file whose settings or scripts use what only the root declares comes twice, the second time as the root's.
    """

    path: str
    package: str
    role: Role
    imports: Imports


def scan(tree: Tree, workspace: Workspace, extractor: Extractor = extract_all) -> tuple[SourceFile, ...]:
    """Read every source file of every workspace package, in path order."""
    kinds = dict(_kinds(tree, workspace))
    extracted = extractor(tree, kinds)
    credit = Credit(workspace, is_strict(tree))
    files = [file for path in kinds for file in _settled(tree, workspace, credit, path, extracted[path])]
    files += [file for folder in (".", *workspace.packages) for file in _manifest(tree, credit, folder)]
    return tuple(sorted(files, key=lambda file: (file.path, file.package)))


def _kinds(tree: Tree, workspace: Workspace) -> Iterator[tuple[str, str]]:
    """Yield the path and kind of each file to read."""
    foreign = set(_foreign(tree, workspace))
    within: dict[str, bool] = {"": False}
    for path, entry in tree.entries.items():
        kind = kind_of(path)
        if kind is None or not entry.is_file:
            continue
        inner = _inner(workspace.owner(path).dir, path)
        if not (_OUTPUT.match(inner) or _SKIPPED.search(path) or _is_within(folder_of(path), foreign, within)):
            yield path, kind


def _inner(package: str, path: str) -> str:
    return path if package == "." else path[len(package) + 1 :]


def _settled(tree: Tree, workspace: Workspace, credit: Credit, path: str, imports: Imports) -> Iterator[SourceFile]:
    """Yield one file with what it uses; names in settings and style sheets are matched with files and manifests."""
    package = workspace.owner(path).dir
    role = _role(package, _inner(package, path))
    if not any(item.kind in {"style", "config", "script"} for item in imports.found):
        yield SourceFile(path, package, role, imports)
        return
    declared = workspace.package(package).manifest.declared()
    is_top = (posixpath.dirname(path) or ".") == package
    uses: list[Credited] = []
    for item in imports.found:
        if item.kind in {"config", "script"}:
            uses += credit.settle(package, item if is_top else item._replace(optional=True))
        else:
            uses.append((package, locate(path, item, tree.entries, declared) if item.kind == "style" else item))
    yield from _files(path, package, role, uses, imports)


def _files(
    path: str, package: str, role: Role, uses: list[Credited], extracted: Imports = _NOTHING
) -> Iterator[SourceFile]:
    """Yield a file once for each package whose dependencies it uses, its own first."""
    grouped: Mapping[str, list[Credited]] = defaultdict(list, {package: []})
    for use in dict.fromkeys(uses):
        grouped[use[0]].append(use)
    for owner, credited in grouped.items():
        imports = (extracted if owner == package else _NOTHING)._replace(found=in_order([item for _, item in credited]))
        yield SourceFile(path, owner, role if owner == package else "config", imports)


def _manifest(tree: Tree, credit: Credit, folder: str) -> Iterator[SourceFile]:
    """Yield what a package.json uses in its scripts and settings; nothing when it uses nothing."""
    path = MANIFEST_FILE if folder == "." else f"{folder}/{MANIFEST_FILE}"
    if _SKIPPED.search(path):
        return
    if uses := credit.manifest(folder, tree.read(path)):
        yield from _files(path, folder, "config", uses)


def _foreign(tree: Tree, workspace: Workspace) -> Iterator[str]:
    """Yield the folders of packages that are not of this workspace: fixtures, templates, examples.

    A package.json that only says `{"type": "module"}` makes no package of its own.
    """
    for path in tree.entries:
        folder, name = posixpath.split(path)
        if name in _OTHER_TOOLS:
            folder = posixpath.join(folder, _OTHER_TOOLS[name]).rstrip("/")
        if (
            folder
            and folder not in workspace.packages
            and (_is_package(tree, path) if name == MANIFEST_FILE else _is_elsewhere(workspace, folder, name))
        ):
            yield folder


def _is_elsewhere(workspace: Workspace, folder: str, name: str) -> bool:
    """Tell whether a file shows that its folder is a template's, or another package manager's."""
    if name in _OTHER_TOOLS:
        return True
    if not _TEMPLATE.search(f"{folder}/"):
        return False
    owner = workspace.owner(folder)
    if _PROJECT.fullmatch(name) is None and _GENERATOR.fullmatch(owner.name) is None:
        return False
    return _TEMPLATE.search(_inner(owner.dir, folder) + "/") is not None


def _is_package(tree: Tree, path: str) -> bool:
    try:
        manifest = parse_manifest(tree.read(path), path)
    except UsageError:
        return True
    return manifest.name is not None or bool(manifest.declared())


def _is_within(folder: str, folders: set[str], known: dict[str, bool]) -> bool:
    """Tell whether a folder is one of `folders`, or below one. `known` remembers what was asked before."""
    asked = []
    while folder not in known:
        asked.append(folder)
        known[folder] = folder in folders
        if known[folder]:
            break
        folder = posixpath.dirname(folder)
    known.update(dict.fromkeys(asked, known[folder]))
    return known[folder]


def _role(package: str, inner: str) -> Role:
    if _TEST.search(f"{package}/{inner}"):
        return "test"
    if package == "." or _CONFIG.search(inner) or inner.endswith(styles.EXTENSIONS):
        return "config"
    return "config" if _CONFIG_NAME.search(inner) and not _SHIPPED.match(inner) else "source"
