"""Every sentence that the code says to people, as it stands in the source."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from reviewbot.domain.finding import Category, Severity, Tier
from reviewbot.domain.outcome import Coverage
from reviewbot.review.detectors import TOKEN_KINDS
from reviewbot.review.walkthrough import Risk
from reviewbot.review.words import in_language

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reviewbot.review.words import Words

SOURCE = Path(__file__).parents[4] / "reviewbot"
WORDING = ("compose", "merge_group", "notices", "replies", "same_head", "shortages")
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


def unsaid() -> Iterator[str]:
    """English in the modules that word things which stands in no sentence."""
    for name in WORDING:
        tree = ast.parse((SOURCE / "review" / f"{name}.py").read_text("utf-8"))
        known = {id(part) for call in ast.walk(tree) if _speaks(call) for part in ast.walk(call)}
        known |= {id(each.value) for each in ast.walk(tree) if isinstance(each, ast.Expr)}
        for each in ast.walk(tree):
            if isinstance(each, ast.Constant) and id(each) not in known:
                text = str(each.value)
                if re.search(r"[A-Za-z]{3,}\W+[A-Za-z]{2,}", _CODE.sub("", text)):
                    yield f"{name}: {text}"


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


# --- words of another language ----------------------------------------------------------------

# What is the same everywhere: names of models and people, and what is written in YAML.
_NAMES = {"reviewbot", "gpt", "tiny", "large", "maria", "usd", "utc", "suggestion", "titel", "text"}
_CODE = re.compile(r"(`+).+?\1|<[^>]+>|&\w+;|[\w./-]+\.(?:py|yml)\b|http-\d+", re.DOTALL)
_WORD = re.compile(r"(?<![A-Za-z_])[A-Za-z]{3,}(?![A-Za-z_])")


def english_in(text: str, words: Words) -> set[str]:
    """Words of the English catalogue that the language's own sentences do not know."""
    said = {word.casefold() for word in _WORD.findall(_CODE.sub(" ", text.replace("\\", "")))}
    return (said & _words(*sentences(), *_terms())) - _own(words.language) - _NAMES


@cache
def _own(language: str) -> set[str]:
    words = in_language(language)
    forms = [form if isinstance(form, str) else " ".join(form) for form in words.sentences.values()]
    return _words(*forms, *(each for table in words.terms.values() for each in table.values()))


def _words(*texts: str) -> set[str]:
    bare = (_CODE.sub(" ", re.sub(r"\{.*?\}", " ", text)) for text in texts)
    return {word.casefold() for text in bare for word in _WORD.findall(text)}


def _terms() -> Iterable[str]:
    return (each.value for kind in (Category, Coverage, Risk, Severity, Tier) for each in kind)
