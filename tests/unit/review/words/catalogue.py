"""Every sentence that the code says to people, as it stands in the source."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from reviewbot.review.detectors import TOKEN_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = Path(__file__).parents[4] / "reviewbot"
_SPEAKERS = {"Phrase", "say"}


@cache
def sentences() -> dict[str, bool]:
    """English wording by wording, with whether it counts something."""
    found = dict.fromkeys(TOKEN_KINDS, False)
    for call in _calls():
        if call.args and isinstance(template := call.args[0], ast.Constant):
            counted = any(each.arg == "one" for each in call.keywords)
            found[str(template.value)] = counted
    return found


def computed() -> set[str]:
    """Where a sentence is made up, and can stand in no table."""
    return {
        f"{ast.unparse(call.func)}({ast.unparse(call.args[0])})"
        for call in _calls()
        if call.args and not isinstance(call.args[0], ast.Constant)
    }


def _calls() -> Iterator[ast.Call]:
    for path in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        yield from (each for each in ast.walk(tree) if _speaks(each))  # type: ignore[misc]


def _speaks(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name, value=ast.Name(id="self")):
            return name in _SPEAKERS
        case ast.Attribute(attr="say", value=ast.Name(id="check") | ast.Attribute(attr="check")):
            return True
        case _:
            return False
