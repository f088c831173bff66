"""What path expressions of a bundler's config come to, by their syntax tree: `path.resolve(__dirname, "src")`.

Nothing is run. A value is text; a path of the repository starts with ROOT, so that `..` and absolute paths work as in
Node; a path through `node_modules` stands for an installed package. What cannot be known is None.
"""

import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tree_sitter import Node

from alecia_pipeline.audit.sources.syntax import literal

ROOT = "\0"

MAX_DEPTH = 24
"""Levels of expressions followed: through constants and helper functions too, which may be circles."""

Scope = Mapping[str, Node]

_WRAPPERS = frozenset({"parenthesized_expression", "as_expression", "satisfies_expression", "non_null_expression",
                       "await_expression", "arguments", "array", "return_statement"})  # fmt: skip
_JOINS = frozenset({"resolve", "join", "normalize"})
_SAME = frozenset({"fileURLToPath", "pathToFileURL", "String", "normalizePath", "realpathSync"})


@dataclass(frozen=True, slots=True)
class Evaluator:
    """Evaluates the expressions of one file. `names`: its constants and functions; `cwd`: where tools are run."""

    path: str
    cwd: str
    names: Scope

    def value(self, node: Node, scope: Scope | None = None, depth: int = 0) -> str | None:
        """Return the text of an expression."""
        if depth > MAX_DEPTH:
            return None
        if node.type in _WRAPPERS:
            inner = node.named_children[:1]
            return self.value(inner[0], scope, depth + 1) if inner else None
        reader = _READERS.get(node.type)
        return reader(self, node, scope or {}, depth + 1) if reader else None

    def _template(self, node: Node, scope: Scope, depth: int) -> str | None:
        texts: list[str] = []
        for child in node.named_children:
            if child.type == "template_substitution":
                value = self.value(child.named_children[0], scope, depth) if child.named_children else None
                if value is None:
                    return None
                texts.append(value)
            else:
                texts.append((child.text or b"").decode(errors="replace"))
        return "".join(texts)

    def _name(self, node: Node, scope: Scope, depth: int) -> str | None:
        name = _text(node)
        if name in scope:
            return self.value(scope[name], {}, depth)
        if name == "__dirname":
            return self._here()
        if name == "__filename":
            return f"{ROOT}/{self.path}"
        return self.value(self.names[name], {}, depth) if name in self.names else None

    def _member(self, node: Node, scope: Scope, depth: int) -> str | None:
        known = {
            "import.meta.dirname": self._here(),
            "import.meta.url": f"{ROOT}/{self.path}",
            "import.meta.filename": f"{ROOT}/{self.path}",
        }
        text = _text(node)
        if text in known:
            return known[text]
        owner, name = node.child_by_field_name("object"), node.child_by_field_name("property")
        if owner is not None and name is not None and _text(name) in {"pathname", "href"}:
            return self.value(owner, scope, depth)
        return None

    def _sum(self, node: Node, scope: Scope, depth: int) -> str | None:
        values = [self.value(child, scope, depth) for child in node.named_children]
        return "".join(value for value in values if value is not None) if None not in values else None

    def _new(self, node: Node, scope: Scope, depth: int) -> str | None:
        """Return the path beside the file that `new URL("./src", import.meta.url)` makes."""
        arguments = node.child_by_field_name("arguments")
        values = [self.value(child, scope, depth) for child in arguments.named_children] if arguments else []
        if not values or values[0] is None or _text(node.child_by_field_name("constructor")) != "URL":
            return None
        return _resolved(self._here(), [values[0]])

    def _call(self, node: Node, scope: Scope, depth: int) -> str | None:
        function, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        given = arguments.named_children if arguments else []
        values = [self.value(child, scope, depth) for child in given]
        text = _text(function)
        if text in {"require.resolve", "import.meta.resolve"}:
            return f"node_modules/{values[0]}" if values and values[0] else None
        if text == "process.cwd":
            return f"{ROOT}/{self.cwd}"
        if text in self.names:
            return self._own_function(self.names[text], given, depth)
        return self._path_function(text.rpartition(".")[2], values)

    def _path_function(self, name: str, values: list[str | None]) -> str | None:
        texts = [value for value in values if value is not None]
        if len(texts) != len(values) or not texts:
            return None
        if name in _JOINS:
            base = f"{ROOT}/{self.cwd}" if name == "resolve" else ""
            return _resolved(base, texts)
        if name == "dirname":
            return posixpath.dirname(texts[0])
        return texts[-1] if name in _SAME else None

    def _own_function(self, function: Node, arguments: list[Node], depth: int) -> str | None:
        """Evaluate a call of a helper such as `const r = (p) => resolve(__dirname, p)`."""
        body = function.child_by_field_name("body")
        parameters = function.child_by_field_name("parameters") or function.child_by_field_name("parameter")
        if body is None or parameters is None:
            return None
        named = [parameters] if parameters.type == "identifier" else parameters.named_children
        scope = {_parameter(name): given for name, given in zip(named, arguments, strict=False)}
        if body.type == "statement_block":
            returns = [child for child in body.named_children if child.type == "return_statement"]
            return self.value(returns[0], scope, depth) if len(returns) == 1 else None
        return self.value(body, scope, depth)

    def _here(self) -> str:
        folder = posixpath.dirname(self.path)
        return f"{ROOT}/{folder}" if folder else ROOT


def _resolved(base: str, texts: list[str]) -> str | None:
    for text in texts:
        base = text if text.startswith(ROOT) else posixpath.join(base, text.lstrip("/") if base else text)
    path = posixpath.normpath(base)
    return path if path.startswith(ROOT) or not base.startswith(ROOT) else None  # it leads out of the repository


def _parameter(node: Node) -> str:
    return _text(node.child_by_field_name("pattern") or node)


def _text(node: Node | None) -> str:
    return (node.text or b"").decode(errors="replace") if node else ""


_READERS: Mapping[str, Callable[[Evaluator, Node, Scope, int], str | None]] = {
    "string": lambda _evaluator, node, _scope, _depth: literal(node),
    "template_string": Evaluator._template,  # noqa: SLF001 - a table of the class's own methods
    "identifier": Evaluator._name,  # noqa: SLF001
    "member_expression": Evaluator._member,  # noqa: SLF001
    "binary_expression": Evaluator._sum,  # noqa: SLF001
    "new_expression": Evaluator._new,  # noqa: SLF001
    "call_expression": Evaluator._call,  # noqa: SLF001
}
