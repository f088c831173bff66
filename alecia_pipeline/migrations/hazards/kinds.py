"""Which statements only add, so that the release before them still works after them.

Conservative: what is not known to add is taken for a change, and the release becomes "not revertible".
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise, takewhile

from alecia_pipeline.migrations.hazards.names import Relation, relation_after, skip_words
from alecia_pipeline.migrations.lexer import Kind, Statement, Token, blanked

_NEW_OBJECTS = frozenset(
    {"SCHEMA", "TYPE", "DOMAIN", "SEQUENCE", "EXTENSION", "COLLATION", "FUNCTION", "PROCEDURE", "AGGREGATE", "VIEW"}
)
_TABLE_KINDS = frozenset({"TEMP", "TEMPORARY", "UNLOGGED", "GLOBAL", "LOCAL", "MATERIALIZED", "RECURSIVE"})
_HARMLESS = (("COMMENT", "ON"), ("GRANT",), ("SET",), ("RESET",), ("VACUUM",), ("ANALYZE",))
_COLUMN_CONSTRAINTS = frozenset({"UNIQUE", "PRIMARY", "REFERENCES", "CHECK", "GENERATED", "CONSTRAINT", "EXCLUDE"})
_TABLE_CONSTRAINTS = frozenset({"CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN", "EXCLUDE"})
_CONSTANT_WORDS = frozenset({"TRUE", "FALSE", "NULL", "NOW", "CURRENT_TIMESTAMP", "CURRENT_DATE", "LOCALTIMESTAMP"})
_DEFAULT_ENDS = frozenset({"NOT", "COLLATE"})
_LITERALS = frozenset({"<string>", "<number>"})
_OPERATORS = frozenset("+-*/|&%^#<>=~!@?")
_SERIAL = frozenset({"SERIAL", "BIGSERIAL", "SMALLSERIAL", "SERIAL2", "SERIAL4", "SERIAL8"})
_JOINS = frozenset({"ATTACH", "INHERIT"})


def additive(statements: Sequence[Statement]) -> bool:
    """Whether every statement of a file only adds. What happens to tables that the file itself makes is free."""
    made: set[Relation] = set()
    for statement in statements:
        if not _adds(statement, made):
            return False
        made.update(_makes(statement))
        if statement.starts("SET"):
            # the search path may have moved: a name without schema may stand for another table now
            made = {relation for relation in made if len(relation) > 1}
    return True


def _adds(statement: Statement, made: set[Relation]) -> bool:
    if any(statement.starts(*words) for words in _HARMLESS):
        return True
    target = _target(statement)
    if target in made:
        return not set(statement.words) & _JOINS
    if statement.starts("CREATE"):
        return _creates(statement.words[1:])
    return statement.starts("ALTER", "TABLE") and _adds_columns(statement)


def _creates(words: tuple[str, ...]) -> bool:
    if words[:1] == ("INDEX",):
        return True
    kinds = tuple(word for word in words[:4] if word not in _TABLE_KINDS)
    if kinds[:1] == ("TABLE",):
        # a partition or an heir shows its rows through a table that the release before reads
        return not {("PARTITION", "OF"), ("INHERITS", "(")} & set(pairwise(words))
    return bool(kinds) and kinds[0] in _NEW_OBJECTS


def _makes(statement: Statement) -> Iterator[Relation]:
    words = tuple(word for word in statement.words if word not in _TABLE_KINDS)
    # with IF NOT EXISTS it may be an older table
    if words[:2] == ("CREATE", "TABLE") and words[2:5] != ("IF", "NOT", "EXISTS"):
        relation = relation_after(statement.tokens, "TABLE")
        if relation:
            yield relation


def _target(statement: Statement) -> Relation | None:
    """Return the table that a statement acts on, for the kinds that a file does to its own new tables."""
    if statement.starts("ALTER", "TABLE"):
        return relation_after(statement.tokens, "TABLE")
    if statement.starts("INSERT", "INTO"):
        return relation_after(statement.tokens, "INTO")
    if statement.starts("CREATE", "UNIQUE", "INDEX") or _is_trigger_or_policy(statement):
        return relation_after(statement.tokens, "ON")
    return None


def _is_trigger_or_policy(statement: Statement) -> bool:
    return any(statement.starts("CREATE", *kind) for kind in (("TRIGGER",), ("CONSTRAINT", "TRIGGER"), ("POLICY",)))


def _adds_columns(statement: Statement) -> bool:
    return all(_adds_column(action) for action in _actions(statement.tokens))


def _actions(tokens: tuple[Token, ...]) -> Iterator[list[Token]]:
    """Yield the comma-separated actions of ALTER TABLE, without the table's name."""
    rest = skip_words(tokens[2:], ("IF", "EXISTS"), ("ONLY",))
    qualified = [token.text for token in rest[1:2]] == ["."]
    action: list[Token] = []
    depth = 0
    for token in rest[3 if qualified else 1 :]:
        depth += {"(": 1, ")": -1}.get(token.text, 0) if token.kind is Kind.SYMBOL else 0
        if token.text == "," and token.kind is Kind.SYMBOL and depth == 0:
            yield action
            action = []
        else:
            action.append(token)
    yield action


def _adds_column(action: Sequence[Token]) -> bool:
    words = blanked(action)
    if words[:1] != ("ADD",) or set(words[1:2]) & _TABLE_CONSTRAINTS or set(words) & _COLUMN_CONSTRAINTS:
        return False
    if "DEFAULT" in words:
        return _is_constant(words[words.index("DEFAULT") + 1 :])
    return ("NOT", "NULL") not in set(pairwise(words)) and not set(words) & _SERIAL


def _is_constant(words: tuple[str, ...]) -> bool:
    """Whether a default is one value for all rows: the table is not rewritten, and nothing is called per row."""
    value = tuple(takewhile(lambda word: word not in _DEFAULT_ENDS, words))
    value = value[1:] if value[:1] in {("-",), ("+",)} else value
    literal = bool(value) and (value[0] in _CONSTANT_WORDS or value[0] in _LITERALS)
    rest = value[1:]
    return literal and (rest in {(), ("(", ")")} or (rest[:2] == (":", ":") and not set(rest) & _OPERATORS))
