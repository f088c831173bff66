"""What a short name in a tool's settings stands for, by that tool's own rules."""

from collections.abc import Callable, Mapping

Naming = Callable[[str], tuple[str, ...]]
"""From a name as written to the packages that it may mean."""


def plain(name: str) -> tuple[str, ...]:
    """Return the name itself."""
    return (name,)


def table(names: Mapping[str, tuple[str, ...]], *, others: bool = False) -> Naming:
    """Return a naming by list; what is not on it is itself, or with `others` unset nothing."""
    return lambda name: names.get(name, (name,) if others else ())


def _eslint(prefix: str, name: str) -> str:
    """Return eslint's long form: `x` → `PREFIX-x`, `@a` → `@a/PREFIX`, `@a/x` → `@a/PREFIX-x`.

    https://eslint.org/docs/latest/use/configure/plugins#naming-convention
    """
    scope, _, rest = name.partition("/") if name.startswith("@") else ("", "", name)
    head = rest.partition("/")[0]
    full = head if head.startswith(prefix) else "-".join(filter(None, (prefix, head)))
    return f"{scope}/{full}" if scope else full


def eslint_config(name: str) -> tuple[str, ...]:
    """Return what `extends` of an eslintrc names: `plugin:x/y` a plugin, `eslint:y` nothing, else a shared config."""
    if name.startswith("plugin:"):
        return eslint_plugin(name.removeprefix("plugin:").rpartition("/")[0])
    return () if name.startswith("eslint:") else (_eslint("eslint-config", name), name)


def eslint_plugin(name: str) -> tuple[str, ...]:
    """Return what `plugins` of an eslintrc names."""
    return (_eslint("eslint-plugin", name),)


def babel(kind: str) -> Naming:
    """Return babel's naming of its `preset`s or `plugin`s: https://babeljs.io/docs/options#name-normalization."""

    def name_of(name: str) -> tuple[str, ...]:
        if name.startswith("module:"):
            return (name.removeprefix("module:"),)
        scope, _, rest = name.partition("/")
        if not name.startswith("@"):
            return (f"babel-{kind}-{package_of(name)}", name)
        if not rest:
            return (f"{scope}/babel-{kind}",)
        inner = f"{kind}-{rest}" if scope == "@babel" else f"babel-{kind}-{rest}"
        return (name, f"{scope}/{inner}")

    return name_of


def package_of(specifier: str) -> str:
    """Return the package of a name that may have a path in it: `dotenv/config` → `dotenv`."""
    return "/".join(specifier.split("/")[: 2 if specifier.startswith("@") else 1])


def types(name: str) -> tuple[str, ...]:
    """Return what `types` of a tsconfig names: the package, or its `@types`."""
    return (name, "@types/" + package_of(name).removeprefix("@").replace("/", "__"))
