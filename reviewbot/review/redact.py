"""Takes secrets out of a diff before anything is made of it.

Everything later (chunks, prompts, anchors, what people read) sees the redacted diff only.
Line numbers stay, so a comment's place is proven against the redacted text.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import re2

from reviewbot.domain.diff import Hunk, Line
from reviewbot.domain.egress import REDACTED
from reviewbot.domain.errors import PolicyError
from reviewbot.domain.finding import Category, Finding, Severity, Side
from reviewbot.domain.phrase import Phrase
from reviewbot.review.detectors import (
    ASSIGNMENT,
    ASSIGNMENT_SIGN,
    BARE_ASSIGNMENT,
    BARE_PASSWORD,
    BASIC,
    BASIC_SIGN,
    CONNECTION,
    CONNECTION_SIGN,
    HEADER,
    HEADER_SIGN,
    KEY_SIGN,
    PARAMETER,
    PRIVATE_KEY_BEGIN,
    PRIVATE_KEY_END,
    SIGN_IN,
    SIGN_IN_SIGN,
    TOKEN,
    TOKEN_KINDS,
    TOKEN_SIGN,
    is_bare_password,
    is_bare_secret,
    is_basic,
    is_key_body,
    is_key_line,
    is_parameter,
    is_password,
    is_placeholder,
    is_random,
    is_secret,
    is_strong,
    promising,
)

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Collection, Sequence

    from reviewbot.domain.diff import Diff, FileDiff

_LONGEST_LINE = 100_000  # what lies beyond is cut: no reader sees such a line whole


@dataclass(frozen=True, slots=True)
class Redaction:
    """A diff without secrets, what was found in its added lines, and how many were taken out."""

    diff: Diff
    findings: tuple[Finding, ...]
    count: int


@dataclass(frozen=True, slots=True)
class _Secret:
    kind: str
    certain: bool


@dataclass(frozen=True, slots=True)
class _Rule:
    """A value under a name: *sign* is what every match holds, for most lines hold none."""

    kind: Phrase
    sign: re.Pattern[str]
    pattern: re.Pattern[str]
    suspects: Callable[[str, str], bool]
    is_certain: Callable[[str], bool] = is_random


def _rules() -> tuple[_Rule, ...]:
    address = Phrase("password in an address")
    header = Phrase("credential in a header")
    other = Phrase("credential")
    return (
        _Rule(address, CONNECTION_SIGN, CONNECTION, is_password, is_strong),
        _Rule(address, PARAMETER, PARAMETER, is_parameter, is_strong),
        _Rule(other, SIGN_IN_SIGN, SIGN_IN, is_password, is_strong),
        _Rule(header, HEADER_SIGN, HEADER, is_secret),
        _Rule(other, BASIC_SIGN, BASIC, is_basic, lambda _value: True),
        _Rule(other, ASSIGNMENT_SIGN, ASSIGNMENT, is_secret),
        _Rule(other, ASSIGNMENT_SIGN, BARE_ASSIGNMENT, is_bare_secret),
        _Rule(other, ASSIGNMENT_SIGN, BARE_PASSWORD, is_bare_password, is_strong),
    )


_RULES = _rules()


def redact(diff: Diff, patterns: Sequence[str] = ()) -> Redaction:
    """Replace every secret by a placeholder; *patterns* are a policy's own (RE2 syntax)."""
    found: list[Finding] = []
    counted: list[_Secret] = []
    own = _compiled(patterns)

    def clean_file(file: FileDiff) -> FileDiff:
        noted = note(file.path)
        titled = (_clean_heading(hunk, own, noted) for hunk in file.hunks)
        hunks = tuple(_clean_hunk(hunk, own, noted) for hunk in titled)
        changed = any(new is not old for new, old in zip(hunks, file.hunks, strict=True))
        return replace(file, hunks=hunks) if changed else file

    def note(path: str) -> Callable[[Line, Sequence[_Secret]], None]:
        def add(line: Line, secrets: Sequence[_Secret]) -> None:
            counted.extend(secrets)
            kinds = [secret.kind for secret in secrets if secret.certain]
            if kinds and line.sign == "+" and line.new is not None:
                found.append(_finding(path, line, kinds[0]))

        return add

    files = tuple(clean_file(file) for file in diff.files)
    return Redaction(replace(diff, files=files), tuple(found), len(counted))


def redact_text(text: str, patterns: Sequence[str] = ()) -> str:
    """Foreign prose without secrets; *patterns* are a policy's own (RE2 syntax)."""
    lines = tuple(Line(" ", None, None, line) for line in text.split("\n"))
    cleaned = _clean_hunk(Hunk(0, 0, "", lines), _compiled(patterns), lambda *_: None)
    return "\n".join(line.text for line in cleaned.lines)


def _compiled(patterns: Sequence[str]) -> list[re2._Regexp]:
    compiled = []
    for pattern in patterns:
        try:
            compiled.append(re2.compile(pattern))
        except re2.error as error:
            message = Phrase(
                "redaction: {pattern} is no regular expression in RE2 syntax", pattern=repr(pattern)
            )
            raise PolicyError(message, Phrase("Mend the pattern in the policy.")) from error
    return compiled


def _clean_heading(
    hunk: Hunk, own: Sequence[re2._Regexp], note: Callable[[Line, Sequence[_Secret]], None]
) -> Hunk:
    """The line that git shows beside a hunk is code of the file too."""
    secrets: list[_Secret] = []
    heading = _clean_text(hunk.heading, own, secrets)
    if heading == hunk.heading:
        return hunk
    note(Line(" ", None, None, heading), secrets)
    return replace(hunk, heading=heading)


def _clean_hunk(
    hunk: Hunk, own: Sequence[re2._Regexp], note: Callable[[Line, Sequence[_Secret]], None]
) -> Hunk:
    suspects = _suspects(hunk, own)
    if not suspects:
        return hunk
    lines: list[Line] = []
    inside = _inside_keys(hunk.lines, suspects)
    for at, line in enumerate(hunk.lines):
        if at not in suspects and at not in inside:
            lines.append(line)
            continue
        secrets: list[_Secret] = []
        if at in inside:
            text = f"{REDACTED}private key]"
            secrets.append(_Secret("private key", certain=False))
        else:
            text = _clean_text(line.text, own, secrets)
        if text == line.text:
            lines.append(line)
            continue
        clean = replace(line, text=text)
        lines.append(clean)
        note(clean, secrets)
    unchanged = all(new is old for new, old in zip(lines, hunk.lines, strict=True))
    return hunk if unchanged else replace(hunk, lines=tuple(lines))


def _suspects(hunk: Hunk, own: Sequence[re2._Regexp]) -> Collection[int]:
    """The indices of lines to look at closely: for a policy's own patterns all of them."""
    if own:
        return range(len(hunk.lines))
    texts = [line.text for line in hunk.lines]
    too_long = {at for at, text in enumerate(texts) if len(text) > _LONGEST_LINE}
    return promising(texts) | too_long


def _inside_keys(lines: Sequence[Line], suspects: Collection[int]) -> set[int]:
    """Which lines are a private key's body, whose begin or end may lie outside the hunk.

    What could not stand in a key ends it, or a mere mention of one would hide the code below it.
    """
    inside: set[int] = set()
    if not any(KEY_SIGN.search(lines[at].text) for at in suspects):
        return inside
    in_key = False
    for at, line in enumerate(lines):
        text = line.text[:_LONGEST_LINE]
        if PRIVATE_KEY_END.search(text):
            back = at - 1
            while not in_key and back >= 0 and is_key_body(lines[back].text[:_LONGEST_LINE]):
                inside.add(back)
                back -= 1
            in_key = False
        elif PRIVATE_KEY_BEGIN.search(text):
            in_key = True
        elif in_key := in_key and is_key_line(text):
            inside.add(at)
    return inside


def _clean_text(text: str, own: Sequence[re2._Regexp], secrets: list[_Secret]) -> str:
    text = text[:_LONGEST_LINE]
    if TOKEN_SIGN.search(text):
        text = TOKEN.sub(lambda match: _swap_token(match, secrets), text)
    for rule in _RULES:
        if rule.sign.search(text):
            text = rule.pattern.sub(_swapping(rule, secrets), text)
    if own:  # RE2 reads UTF-8, which halves of surrogate pairs have no place in
        text = text.encode(errors="replace").decode()
    for pattern in own:
        text, times = pattern.subn(f"{REDACTED}by policy]", text)
        secrets.extend([_Secret("by policy", certain=False)] * times)
    return text


def _swap_token(match: re.Match[str], secrets: list[_Secret]) -> str:
    if is_placeholder(match.group(0)):
        return match.group(0)
    kind = TOKEN_KINDS[(match.lastindex or 1) - 1]
    secrets.append(_Secret(kind, certain=True))
    return f"{REDACTED}{kind}]"


def _swapping(rule: _Rule, secrets: list[_Secret]) -> Callable[[re.Match[str]], str]:
    """Replaces the second group of a match; what nobody doubts becomes a finding."""

    def swap(match: re.Match[str]) -> str:
        before, value, after = match.groups()
        if not rule.suspects(before, value):
            return match.group(0)
        secrets.append(_Secret(rule.kind, certain=rule.is_certain(value)))
        return f"{before}{REDACTED}{rule.kind}]{after}"

    return swap


def _finding(path: str, line: Line, kind: str) -> Finding:
    number = line.new or 0
    return Finding(
        path=path,
        side=Side.RIGHT,
        start_line=number,
        end_line=number,
        quote=line.text,
        category=Category.SECURITY,
        severity=Severity.HIGH,
        confidence=0.95,
        title=Phrase("Secret committed: {kind}", kind=Phrase(kind)),
        explanation=Phrase(
            "This line adds a secret to the repository, where everyone with read access "
            "finds it in the history. Revoke it, then load it from the environment or a "
            "secret store."
        ),
        cwe="CWE-798",
    )
