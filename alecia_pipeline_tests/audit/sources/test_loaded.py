from hypothesis import given
from hypothesis import strategies as st

from alecia_pipeline.audit.sources import code, loaded
from alecia_pipeline.audit.sources.extract import extract


def names(text: str, kind: str = "loaded.ts") -> list[str]:
    return [item.specifier for item in extract(text.encode(), kind).found]


def test_an_import_of_types_alone_is_gone() -> None:
    text = 'import { T, type U } from "./t";\nimport D from "./d";\nlet t: T; type Q = typeof D.x;\n'
    assert names(text) == []
    assert names(text, "loaded.js") == ["./t", "./d"]


def test_one_value_keeps_an_import() -> None:
    text = 'import { T, f as g } from "./t";\nimport {\n  A,\n} from "./a";\nlet t: T = g(); const all = [...A];\n'
    assert names(text) == ["./t", "./a"]


def test_comments_and_strings_are_no_use() -> None:
    assert names('import { T } from "./t";\n// T()\nconst s = "T";\nobject.T();\n') == []


def test_jsx_is_a_use() -> None:
    assert names('import { Card } from "./card";\nexport const x = <Card />;\n', "loaded.tsx") == ["./card"]


def test_an_export_says_itself_what_is_a_type() -> None:
    assert names('import { T } from "./t";\nexport { type T };\n') == []
    assert names('import { T } from "./t";\nexport { T };\n') == ["./t"]


def test_only_what_a_file_requires_at_its_top_level_is_loaded_with_it() -> None:
    text = 'const a = require("./a");\nimport b = require("./b");\nfunction f() {\n\treturn require("./c");\n}\n'
    assert names(text) == ["./a", "./b"]


def test_a_file_made_by_a_program_is_not_judged() -> None:
    assert names('import "./a";\n' + "x();" * (code.MAX_PARSED // 4)) == []


@given(st.binary(), st.sampled_from([".ts", ".tsx", ".js", ".cjs", ".mts"]))
def test_no_input_raises(data: bytes, extension: str) -> None:
    assert all(item.line for item in loaded.read_loaded(b'import { T } from "./t";\n' + data, extension).found)
