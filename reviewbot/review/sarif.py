"""Reads SARIF 2.1.0 logs of other tools (OASIS), as they are really written.

A log is as untrusted as a webhook: what is missing or of another type counts as not said.
"""

from __future__ import annotations

import json
import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from reviewbot.domain.errors import UsageError
from reviewbot.domain.finding import Category, Severity
from reviewbot.domain.tip import Place, ToolFinding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

MOST_BYTES = 10 * 2**20
MOST_RESULTS = 25_000  # of all runs; GitHub takes no more of one
_MOST_PLACES = 10
_MOST_BASES = 5  # that refer to each other
_MOST_EXTENSIONS = 100
_MOST_TAGS = 50
_MOST_STEMS = 5  # of a rule's name
_LONGEST_TEXT = 4_000  # characters; people are shown far fewer
_LONGEST_ARGUMENT = 300
_LONGEST_TAG = 100
_FARTHEST = 10**9  # lines
_NO_DEFECT = {"pass", "notApplicable", "informational"}
_LEVELS = {
    "error": Severity.HIGH,
    "warning": Severity.MEDIUM,
    "note": Severity.LOW,
    "none": Severity.INFO,
}
# How GitHub reads security-severity.
_SCORES = ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM))
_CWE = re.compile(r"\bcwe-0*(\d{1,5})\b", re.IGNORECASE)
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:(?://[^/]*)?(/.*)", re.DOTALL)
_DRIVE = re.compile(r"/?([A-Za-z]:/.*)", re.DOTALL)
_LINK = re.compile(r"\[([^\[\]]{1,500})\]\((?:\d{1,6}|https?://[^()\s]{1,2000})\)")
_ARGUMENT = re.compile(r"\{(\d{1,2})\}")
_Object = dict[str, Any]


def read_sarif(raw: bytes, source: str, roots: Sequence[str] = ()) -> tuple[ToolFinding, ...]:
    """Every result that stands; raises UsageError naming *source*.

    *roots* are folders that the repository may have been checked out to. Left out are results
    that are suppressed, absent by now, or no defects.
    """
    if len(raw) > MOST_BYTES:
        message = f"{source} is larger than {MOST_BYTES // 2**20} MiB"
        raise UsageError(message, "Leave out what is not about this change.")
    runs = _list(_log(raw, source).get("runs"))
    if sum(len(_list(_object(run).get("results"))) for run in runs) > MOST_RESULTS:
        message = f"{source} holds more than {MOST_RESULTS:,} results"
        raise UsageError(message, "Leave out what is not about this change.")
    return tuple(finding for run in runs for finding in _Run(_object(run), tuple(roots)).findings())


def _log(raw: bytes, source: str) -> _Object:
    advice = "Give a SARIF 2.1.0 file, as code scanning takes it."
    try:
        log = json.loads(raw)
    except (ValueError, RecursionError) as error:
        message = f"{source} is no JSON"
        raise UsageError(message, advice) from error
    if not isinstance(log, dict) or not isinstance(log.get("runs"), list):
        message = f"{source} is no SARIF: it has no runs"
        raise UsageError(message, advice)
    if not _text(log.get("version")).startswith("2.1"):
        message = f"{source} is SARIF of another version than 2.1.0"
        raise UsageError(message, advice)
    return log


@dataclass(frozen=True)
class _Run:
    """One run of one tool."""

    run: _Object
    roots: tuple[str, ...]

    def findings(self) -> Iterator[ToolFinding]:
        tool = _object(self.run.get("tool"))
        name = _text(_object(tool.get("driver")).get("name")) or "another tool"
        rules = _Rules(tool)
        for raw in _list(self.run.get("results")):
            result = _object(raw)
            if _stands(result):
                yield self._finding(name, rules.of(result), result)

    def _finding(self, tool: str, rule: _Object, result: _Object) -> ToolFinding:
        about = _object(rule.get("properties"))
        tags = [_text(tag)[:_LONGEST_TAG] for tag in _list(about.get("tags"))[:_MOST_TAGS]]
        cwe = next((match[1] for tag in tags if (match := _CWE.search(tag))), None)
        score = _score(about, _object(result.get("properties")))
        is_security = cwe or score is not None or "security" in map(str.lower, tags)
        return ToolFinding(
            tool=tool,
            rule=_rule_id(result) or _text(rule.get("id")),
            message=_message(result, rule),
            severity=_severity(score, result, rule),
            category=Category.SECURITY if is_security else Category.CORRECTNESS,
            cwe=f"CWE-{cwe}" if cwe else None,
            places=tuple(self._places(result)),
        )

    def _places(self, result: _Object) -> Iterator[Place]:
        for location in _list(result.get("locations"))[:_MOST_PLACES]:
            physical = _object(_object(location).get("physicalLocation"))
            region = _object(physical.get("region"))
            start = _number(region.get("startLine"))
            path = self._path(_object(physical.get("artifactLocation")))
            if start and path:
                yield Place(path, start, max(start, _number(region.get("endLine"))))

    def _path(self, artifact: _Object) -> str:
        if not _text(artifact.get("uri")):  # named in the run's own list of files
            listed = _at(self.run.get("artifacts"), artifact.get("index"))
            artifact = _object(_object(listed).get("location"))
        path = _decoded(_text(artifact.get("uri")))
        base = _text(artifact.get("uriBaseId"))
        known = _object(self.run.get("originalUriBaseIds"))
        for _ in range(_MOST_BASES):
            if not path or path.startswith("/") or not base:
                break
            folder = _object(known.get(base))
            path = posixpath.join(_decoded(_text(folder.get("uri"))), path)
            base = _text(folder.get("uriBaseId"))
        return _below(self.roots, posixpath.normpath(path)) if path else ""


def _below(roots: Sequence[str], path: str) -> str:
    """An absolute path below a known root, as seen from there."""
    for root in roots:
        if root.strip("/") and path.startswith(f"{root.rstrip('/')}/"):
            return path.removeprefix(f"{root.rstrip('/')}/")
    return path


def _decoded(uri: str) -> str:
    """The path of an address; also of what only looks like one, as some tools write it."""
    plain = uri.replace("\\", "/")
    if not (match := _DRIVE.fullmatch(plain)):
        match = _ADDRESS.fullmatch(plain)
        plain = match[1] if match else plain
    path = unquote(plain)
    drive = _DRIVE.fullmatch(path)
    return f"/{drive[1]}" if drive else path


# --- what holds ------------------------------------------------------------------------------


def _stands(result: _Object) -> bool:
    """Whether a result is a defect that nobody has set aside."""
    accepted = (
        _text(_object(each).get("status")) in {"", "accepted"}
        for each in _list(result.get("suppressions"))
    )
    return not (
        any(accepted)
        or _text(result.get("baselineState")) == "absent"
        or _text(result.get("kind")) in _NO_DEFECT
    )


def _rule_id(result: _Object) -> str:
    return _text(result.get("ruleId")) or _text(_object(result.get("rule")).get("id"))


class _Rules:
    """What a tool and its extensions say of rules; found by name, however many they are."""

    def __init__(self, tool: _Object) -> None:
        extensions = _list(tool.get("extensions"))[:_MOST_EXTENSIONS]
        self._driver = _object(tool.get("driver"))
        self._extensions = [_object(each) for each in extensions]
        self._named = {
            id(part): {_text(rule.get("id")): rule for rule in reversed(_rules_of(part))}
            for part in (self._driver, *self._extensions)
        }

    def of(self, result: _Object) -> _Object:
        """What is said of a result's rule."""
        reference = _object(result.get("rule"))
        part = self._part(_object(reference.get("toolComponent")))
        pointed = _object(_at(part.get("rules"), reference.get("index", result.get("ruleIndex"))))
        name = _rule_id(result)
        if pointed and (not name or _names(pointed, name)):
            return pointed
        places = [self._named[id(each)] for each in (part, self._driver, *self._extensions)]
        stems = _stems(name)
        return next((place[stem] for place in places for stem in stems if stem in place), {})

    def _part(self, reference: _Object) -> _Object:
        if found := _object(_at(self._extensions, reference.get("index"))):
            return found
        name = _text(reference.get("name"))
        named = (each for each in self._extensions if each.get("name") == name)
        return next(named, self._driver) if name else self._driver


def _rules_of(part: _Object) -> list[_Object]:
    return [_object(rule) for rule in _list(part.get("rules"))]


def _stems(name: str) -> list[str]:
    """The rules that a result's name may be of, the closest first."""
    stems = [name] if name else []
    while stems and "/" in stems[-1] and len(stems) < _MOST_STEMS:
        stems.append(stems[-1].rpartition("/")[0])
    return [stem for stem in stems if stem]


def _names(rule: Mapping[str, Any], name: str) -> bool:
    """Whether a result's name is the rule's; `CA1000/1` is of the rule `CA1000`."""
    own = _text(rule.get("id"))
    return bool(own) and (name == own or name.startswith(f"{own}/"))


def _severity(score: float | None, result: _Object, rule: _Object) -> Severity:
    if score is not None:
        found = (severity for least, severity in _SCORES if score >= least)
        return next(found, Severity.LOW)
    default = _object(rule.get("defaultConfiguration")).get("level")
    level = _text(result.get("level")) or _text(default) or "warning"
    return _LEVELS.get(level, Severity.MEDIUM)


def _score(*properties: _Object) -> float | None:
    """The score of a vulnerability (0 to 10), which tools write as text or as a number."""
    for each in properties:
        said = each.get("security-severity")
        text = str(said) if isinstance(said, (int, float)) else _text(said)
        if re.fullmatch(r"\d{1,2}(\.\d{1,4})?", text):
            return float(text)
    return None


def _message(result: _Object, rule: _Object) -> str:
    """What is wrong: the result's own words, else the rule's."""
    message = _object(result.get("message"))
    strings = _object(rule.get("messageStrings"))
    text = _text(message.get("text")) or _said(strings.get(_text(message.get("id"))))
    text = text or _said(rule.get("shortDescription")) or _said(rule.get("fullDescription"))
    arguments = [_text(each)[:_LONGEST_ARGUMENT] for each in _list(message.get("arguments"))]

    def filled(match: re.Match[str]) -> str:
        number = int(match[1])
        return arguments[number] if number < len(arguments) else match[0]

    text = _ARGUMENT.sub(filled, text)[:_LONGEST_TEXT] if arguments else text
    return _LINK.sub(r"\1", text)


def _said(value: object) -> str:
    return _text(_object(value).get("text"))


# --- JSON of any shape -----------------------------------------------------------------------


def _object(value: object) -> _Object:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    """A text that a database takes: JSON can name halves of surrogate pairs.

    It is cut: thousands of results can share one text of a rule, and each gets a copy.
    """
    text = value[:_LONGEST_TEXT] if isinstance(value, str) else ""
    return text.encode(errors="replace").decode().strip()


def _number(value: object) -> int:
    """A line's number, 0 where there is none."""
    whole = value if isinstance(value, int) and not isinstance(value, bool) else 0
    return whole if 0 < whole <= _FARTHEST else 0


def _at(items: object, index: object) -> object:
    known = _list(items)
    at = index if isinstance(index, int) and not isinstance(index, bool) else -1
    return known[at] if 0 <= at < len(known) else None
