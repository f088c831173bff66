"""The names of relations in statements."""

from collections.abc import Sequence

from alecia_pipeline.migrations.lexer import Kind, Token

Relation = tuple[str, ...]
"""(name,) or (schema, name) as written: an unqualified name is never taken for a qualified one."""


def relation_after(tokens: Sequence[Token], keyword: str) -> Relation | None:
    """Return the relation named after the first `keyword`, past IF [NOT] EXISTS and ONLY; None where there is none."""
    positions = [at for at, token in enumerate(tokens) if token.kind is Kind.WORD and token.text == keyword]
    if not positions:
        return None
    rest = skip_words(tokens[positions[0] + 1 :], ("IF", "NOT", "EXISTS"), ("IF", "EXISTS"), ("ONLY",))
    named = [token for token in rest[:1] if token.kind in {Kind.WORD, Kind.NAME}]
    if not named:
        return None
    if [token.text for token in rest[1:2]] == ["."] and len(rest) > 2:  # noqa: PLR2004 - schema, dot, name
        return (rest[0].identifier, rest[2].identifier)
    return (rest[0].identifier,)


def skip_words(tokens: Sequence[Token], *options: tuple[str, ...]) -> Sequence[Token]:
    """Return `tokens` without each of these optional keyword groups at their start, tried in order."""
    for words in options:
        head = tuple(token.text if token.kind is Kind.WORD else "" for token in tokens[: len(words)])
        if head == words:
            tokens = tokens[len(words) :]
    return tokens
