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
    CONNECTION,
    HEADER,
    HEADER_SIGN,
    PRIVATE_KEY_END,
    TOKEN,
    TOKEN_KINDS,
    TOKEN_SIGN,
    is_bare_secret,
    is_placeholder,
    is_random,
    is_secret,
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


def redact(diff: Diff, patterns: Sequence[str] = ()) -> Redaction:
    """Replace every secret by a placeholder; *patterns* are a policy's own (RE2 syntax)."""
    found: list[Finding] = []
    counted: list[_Secret] = []
    own = _compiled(patterns)

    def clean_file(file: FileDiff) -> FileDiff:
        hunks = tuple(_clean_hunk(hunk, own, note(file.path)) for hunk in file.hunks)
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


def _clean_hunk(
    hunk: Hunk, own: Sequence[re2._Regexp], note: Callable[[Line, Sequence[_Secret]], None]
) -> Hunk:
    suspects = _suspects(hunk, own)
    if not suspects:
        return hunk
    lines: list[Line] = []
    in_key = False
    for at, line in enumerate(hunk.lines):
        if at not in suspects and not in_key:
            lines.append(line)
            continue
        secrets: list[_Secret] = []
        if in_key and not PRIVATE_KEY_END.search(line.text):
            text = f"{REDACTED}private key]"
            secrets.append(_Secret("private key", certain=False))
        else:
            text = _clean_text(line.text, own, secrets)
            in_key = _opens_key(line.text, secrets)
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


def _opens_key(text: str, secrets: Sequence[_Secret]) -> bool:
    begins = any(secret.kind == "private key" for secret in secrets)
    return begins and not PRIVATE_KEY_END.search(text)


def _clean_text(text: str, own: Sequence[re2._Regexp], secrets: list[_Secret]) -> str:
    text = text[:_LONGEST_LINE]
    if TOKEN_SIGN.search(text):
        text = TOKEN.sub(lambda match: _swap_token(match, secrets), text)
    if "://" in text and "@" in text:
        text = CONNECTION.sub(_swapping(Phrase("password in an address"), is_secret, secrets), text)
    if HEADER_SIGN.search(text):
        text = HEADER.sub(_swapping(Phrase("credential in a header"), is_secret, secrets), text)
    if ASSIGNMENT_SIGN.search(text):
        kind = Phrase("credential")
        text = ASSIGNMENT.sub(_swapping(kind, is_secret, secrets), text)
        text = BARE_ASSIGNMENT.sub(_swapping(kind, is_bare_secret, secrets), text)
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


def _swapping(
    kind: str, suspects: Callable[[str, str], bool], secrets: list[_Secret]
) -> Callable[[re.Match[str]], str]:
    """Replaces the second group of a match; what is random beyond doubt becomes a finding."""

    def swap(match: re.Match[str]) -> str:
        before, value, after = match.groups()
        if not suspects(before, value):
            return match.group(0)
        secrets.append(_Secret(kind, certain=is_random(value)))
        return f"{before}{REDACTED}{kind}]{after}"

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
