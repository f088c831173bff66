"""The text of a RUN that a shell reads."""

import re
import shlex

from alecia_pipeline.source.dockerfile import Instruction

_SHELLS = re.compile(r"\s*(?:/(?:usr/)?bin/)?(?:ba|da|a)?sh(?:\s+-\S+)*\s*")
_FOREIGN = re.compile(r"#!(?!.*sh\b)")


def script_of(instruction: Instruction) -> str | None:
    """Return what a shell runs for a RUN; None when something else reads the here-document."""
    if instruction.exec_form:
        return shlex.join(instruction.args)
    text = " ".join(instruction.args)
    if not instruction.heredocs:
        return text
    marks = re.compile(r"\d*<<-?\s*([\"']?)\S+?\1(?=\s|$)")
    rest = marks.sub(" ", text).strip()
    if not rest or _SHELLS.fullmatch(rest):
        bodies = [heredoc.text for heredoc in instruction.heredocs]
        return None if any(map(_FOREIGN.match, bodies)) else "\n".join(bodies)
    return rest
