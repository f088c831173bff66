"""The one query whose captures are imports, and the methods whose first argument names a module."""

from collections.abc import Mapping

_MOCKS = (
    "mock", "doMock", "unmock", "doUnmock", "dontMock", "deepUnmock", "setMock", "module", "requireActual",
    "requireMock", "importActual", "importMock", "unstable_mockModule", "createMockFromModule", "genMockFromModule",
)  # fmt: skip
METHODS: Mapping[str, frozenset[str]] = {
    "resolve": frozenset({"require", "import.meta"}),
    **dict.fromkeys(("glob", "globEager"), frozenset({"import.meta"})),
    **dict.fromkeys(_MOCKS, frozenset({"jest", "vi", "vitest", "mock"})),
}
"""Method whose first argument names a module -> the objects that have it. One pattern for all: each takes 6 ms."""

_TEXT = "[(string) (template_string)]"
QUERY = f"""
(import_statement source: (string) @static)
(import_require_clause source: (string) @require)
(export_statement source: (string) @static)
(call_expression function: (import) arguments: (arguments . {_TEXT} @dynamic))
(call_expression function: (identifier) @_require (#eq? @_require "require")
  arguments: (arguments . {_TEXT} @require))
(call_expression
  function: (member_expression object: [(identifier) (meta_property)] property: (property_identifier) @_member)
  (#any-of? @_member {" ".join(f'"{name}"' for name in sorted(METHODS))})
  arguments: (arguments . [(string) (template_string) (array)] @method))
(new_expression constructor: (identifier) @_class (#eq? @_class "URL")
  arguments: (arguments . (string) @url . (member_expression object: (meta_property))))
(module name: (string) @ambient)
"""
"""Captures by what they are: `static`, `require`, `dynamic`, `method`, `url`, `ambient`."""
