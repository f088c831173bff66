"""SQL cut into tokens and statements as PostgreSQL and psql do: quotes, dollar quotes, nested comments, bodies.

Home-made on purpose: the parser libraries that carry PostgreSQL's own grammar are GPL or need the server.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from alecia_pipeline.errors import UsageError

SUMMARY_LENGTH = 100


class Kind(Enum):
    """What a token is. WORD: unquoted, its text upper-cased; NAME: a quoted identifier, without its quotes."""

    WORD = "word"
    NAME = "name"
    STRING = "string"
    NUMBER = "number"
    SYMBOL = "symbol"


@dataclass(frozen=True, slots=True)
class Token:
    """One token; `start` and `end` are offsets in the file."""

    kind: Kind
    text: str
    start: int
    end: int

    @property
    def identifier(self) -> str:
        """The name this token stands for: an unquoted word is folded to lower case, as the server does."""
        return self.text.lower() if self.kind is Kind.WORD else self.text


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement without its semicolon; `line` is 1-based, `start` the offset of its first token."""

    tokens: tuple[Token, ...]
    text: str
    start: int
    line: int

    @property
    def words(self) -> tuple[str, ...]:
        """The tokens' texts, strings and quoted names blanked so that they never look like keywords."""
        return blanked(self.tokens)

    def starts(self, *words: str) -> bool:
        """Whether the statement begins with these keywords."""
        return self.words[: len(words)] == words

    @property
    def summary(self) -> str:
        """The statement in one short line, without its strings and comments: they may hold data or a password."""
        parts, end = [], self.start
        for token in self.tokens:
            gap = " " if token.start > end else ""
            raw = self.text[token.start - self.start : token.end - self.start]
            parts.append(gap + ("'…'" if token.kind is Kind.STRING else raw))
            end = token.end
        line = "".join(parts)
        return line if len(line) <= SUMMARY_LENGTH else line[: SUMMARY_LENGTH - 1] + "…"


def blanked(tokens: Iterable[Token]) -> tuple[str, ...]:
    """Return the texts of words and symbols; strings, numbers and quoted names as `<string>`, `<number>`, `<name>`."""
    return tuple(t.text if t.kind in {Kind.WORD, Kind.SYMBOL} else f"<{t.kind.value}>" for t in tokens)


_SPACE = re.compile(r"(?:\s+|--[^\n]*)+")
_WORD = re.compile(r"[A-Za-z_\u0080-\U0010ffff][\w$\u0080-\U0010ffff]*")
_DOLLAR = re.compile(r"\$(?:[A-Za-z_\u0080-\U0010ffff][\w\u0080-\U0010ffff]*)?\$")
_NUMBER = re.compile(r"(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_ESCAPE_STRING = re.compile(r"[eE]'(?:[^'\\]|\\.|'')*'", re.DOTALL)
_STRING = re.compile(r"(?:[bBxXnN]|[uU]&)?'(?:[^']|'')*'", re.DOTALL)
_NAME = re.compile(r'(?:[uU]&)?"((?:[^"]|"")*)"', re.DOTALL)
_STRING_START = re.compile(r"(?:[bBxXnNeE]|[uU]&)?'")
_NAME_START = re.compile(r'(?:[uU]&)?"')
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_OPEN, _CLOSE = frozenset("(["), frozenset(")]")


def split_statements(sql: str, path: str) -> tuple[Statement, ...]:
    """Cut a file into statements. Raises UsageError with the line where a quote, comment or bracket stays open.

    A psql backslash command is refused too: the server does not know it.
    """
    cutter = _Cutter(sql)
    for token in _tokens(sql, path):
        cutter.take(token)
    if cutter.depth > 0:
        raise _unfinished(sql, path, cutter.opened, "a bracket is not closed")
    cutter.cut(len(sql))
    return tuple(cutter.statements)


class _Cutter:
    """Collects tokens until a semicolon outside brackets and SQL function bodies (BEGIN ATOMIC … END)."""

    def __init__(self, sql: str) -> None:
        self._sql = sql
        self._tokens: list[Token] = []
        self._body = 0
        self._line, self._seen = 1, 0
        self.depth = 0
        self.opened = 0
        self.statements: list[Statement] = []

    def take(self, token: Token) -> None:
        if token.kind is Kind.SYMBOL and token.text == ";" and self.depth <= 0 and self._body == 0:
            self.cut(token.start)
            return
        self._tokens.append(token)
        if token.kind is Kind.SYMBOL:
            self._bracket(token)
        elif token.kind is Kind.WORD:
            self._track_body(token.text)

    def cut(self, end: int) -> None:
        """End the statement, if there is one, before offset `end`."""
        if self._tokens:
            start = self._tokens[0].start
            self._line += self._sql.count("\n", self._seen, start)
            self._seen = start
            text = self._sql[start:end].rstrip()
            self.statements.append(Statement(tuple(self._tokens), text, start, self._line))
        self._tokens, self.depth, self._body = [], 0, 0

    def _bracket(self, token: Token) -> None:
        if token.text in _OPEN:
            self.opened = token.start if self.depth == 0 else self.opened
            self.depth += 1
        elif token.text in _CLOSE:
            self.depth -= 1

    def _track_body(self, word: str) -> None:
        # As psql does it: only in CREATE [OR REPLACE] FUNCTION | PROCEDURE, where CASE has an END too.
        if (word == "BEGIN" and self._defines_routine()) or (self._body and word == "CASE"):
            self._body += 1
        elif self._body and word == "END":
            self._body -= 1

    def _defines_routine(self) -> bool:
        head = [token.text for token in self._tokens[:4]]
        return head[:1] == ["CREATE"] and bool({"FUNCTION", "PROCEDURE"} & {*head[1:2], *head[3:4]})


def _tokens(sql: str, path: str) -> list[Token]:
    found, position = [], 0
    while position < len(sql):
        if space := _SPACE.match(sql, position):
            position = space.end()
        elif sql.startswith("/*", position):
            position = _skip_comment(sql, path, position)
        else:
            token = _token(sql, path, position)
            found.append(token)
            position = token.end
    return found


def _token(sql: str, path: str, at: int) -> Token:
    if _STRING_START.match(sql, at) or _DOLLAR.match(sql, at):
        return _string(sql, path, at)
    if _NAME_START.match(sql, at):
        return _name(sql, path, at)
    if word := _WORD.match(sql, at):
        return Token(Kind.WORD, word[0].upper(), at, word.end())
    if number := _NUMBER.match(sql, at):
        return Token(Kind.NUMBER, number[0], at, number.end())
    if sql[at] == "\\":
        raise _unfinished(sql, path, at, "a psql backslash command is not SQL: the server does not know it")
    if sql[at] == "\0":
        raise _unfinished(sql, path, at, "a NUL byte is not allowed in SQL")
    return Token(Kind.SYMBOL, sql[at], at, at + 1)


def _string(sql: str, path: str, at: int) -> Token:
    if dollar := _DOLLAR.match(sql, at):
        end = sql.find(dollar[0], dollar.end())
        if end < 0:
            raise _unfinished(sql, path, at, f"the quote {dollar[0]} is not closed")
        return Token(Kind.STRING, sql[dollar.end() : end], at, end + len(dollar[0]))
    pattern = _ESCAPE_STRING if sql[at] in "eE" else _STRING
    found = pattern.match(sql, at)
    if not found:
        raise _unfinished(sql, path, at, "the quote ' is not closed")
    return Token(Kind.STRING, found[0], at, found.end())


def _name(sql: str, path: str, at: int) -> Token:
    found = _NAME.match(sql, at)
    if not found:
        raise _unfinished(sql, path, at, 'the quote " is not closed')
    return Token(Kind.NAME, found[1].replace('""', '"'), at, found.end())


def _skip_comment(sql: str, path: str, at: int) -> int:
    depth = 0
    for edge in _COMMENT_EDGE.finditer(sql, at):
        depth += 1 if edge[0] == "/*" else -1
        if depth == 0:
            return edge.end()
    raise _unfinished(sql, path, at, "the comment /* is not closed")


def _unfinished(sql: str, path: str, at: int, why: str) -> UsageError:
    line = sql.count("\n", 0, at) + 1
    return UsageError("this SQL file cannot be applied", where=f"{path}:{line}", why=why, fix="mend the file")
