"""Takes secrets out of a diff before anything is made of it.

Everything later (chunks, prompts, anchors, what people read) sees the redacted diff only.
Line numbers stay, so a comment's place is proven against the redacted text.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import re2

from reviewbot.domain.diff import Hunk, Line
from reviewbot.domain.errors import PolicyError
from reviewbot.domain.finding import Category, Finding, Severity, Side

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reviewbot.domain.diff import Diff, FileDiff

# Tokens whose form alone gives them away; the formats are the vendors' published ones.
_TOKENS = {
    "private key": r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----[^\n]*",
    "AWS access key": r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    "GitHub token": r"\b(?:gh[pousr]_[A-Za-z0-9._-]{36,}|github_pat_[A-Za-z0-9_]{50,})",
    "GitLab token": r"\bgl(?:pat|dt|rt|cbt|ptt|ft)-[A-Za-z0-9_.-]{20,}",
    "Slack token": r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}|\bxapp-\d-[A-Za-z0-9-]{20,}",
    "Slack webhook": r"https://hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/_-]{20,}",
    "OpenAI or compatible key": r"\bsk-(?:proj-|svcacct-|or-v1-|ant-)?[A-Za-z0-9_-]{20,}",
    "Google API key": r"\bAIza[A-Za-z0-9_-]{35}",
    "Google OAuth token": r"\bya29\.[A-Za-z0-9_-]{20,}",
    "Stripe key": r"\b(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,}|\bwhsec_[A-Za-z0-9]{24,}",
    "npm token": r"\bnpm_[A-Za-z0-9]{36}\b",
    "PyPI token": r"\bpypi-AgE[A-Za-z0-9_-]{50,}",
    "SendGrid key": r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
    "Twilio key": r"\bSK[0-9a-f]{32}\b",
    "Telegram bot token": r"\b\d{8,10}:AA[A-Za-z0-9_-]{32,33}\b",
    "Hugging Face token": r"\bhf_[A-Za-z0-9]{30,}",
    "DigitalOcean token": r"\bdo[opr]_v1_[0-9a-f]{64}\b",
    "Azure storage key": r"AccountKey=[A-Za-z0-9+/]{60,}={0,2}",
    "JSON web token": r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
    "age or PGP secret": r"\bAGE-SECRET-KEY-1[0-9A-Z]{58}",
}
_TOKEN = re.compile("|".join(f"({pattern})" for pattern in _TOKENS.values()))
_TOKEN_KINDS = tuple(_TOKENS)
# What every token above holds; most lines hold none and are passed in one look.
_TOKEN_SIGN = re.compile(
    r"PRIVATE KEY|A[KS]IA|gh[pousr]_|github_pat_|gl[pdrcf][atb]|xox|xapp-|hooks\.slack|sk[-_]"
    r"|rk_|AIza|ya29|whsec_|npm_|pypi-|SG\.|SK[0-9a-f]|:AA|hf_|_v1_|AccountKey|eyJ|AGE-SECRET"
)
_CONNECTION = re.compile(
    r"(\b[a-z][a-z0-9+.-]{1,20}://[^\s:/@'\"]{0,64}:)([^\s@'\"{}$<>]{3,128})(@)"
)
_ASSIGNMENT = re.compile(
    r"""(?i)((?:passwd|password|passphrase|secret|token|api[_-]?key|access[_-]?key|auth[_-]?key|credential)s?
        [A-Za-z0-9_]{0,32}["']?\s{0,4}(?::=|=>|[:=])\s{0,4}["'`])([^"'`\s]{8,256})(["'`])""",
    re.VERBOSE,
)
_ASSIGNMENT_SIGN = re.compile(r"(?i)pass|secret|token|key|credential")
_PRIVATE_KEY_END = re.compile(r"-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----")
_HARMLESS = re.compile(
    r"(?i)^(?:\W*(?:x{3,}|\*{3,}|\.{3,}|example|changeme|change-me|placeholder|dummy|test|your|todo|none|null|redacted)"
    r"|\$\{?|\{\{|<|%\(|process\.env|os\.environ)"
)
_CERTAIN_ENTROPY = 3.5  # bits a character; words and identifiers lie below it
_LEAST_ENTROPY = 2.8
_CERTAIN_LENGTH = 16
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
            message = f"redaction: {pattern!r} is no regular expression in RE2 syntax"
            raise PolicyError(message, "Mend the pattern in the policy.") from error
    return compiled


def _clean_hunk(
    hunk: Hunk, own: Sequence[re2._Regexp], note: Callable[[Line, Sequence[_Secret]], None]
) -> Hunk:
    lines: list[Line] = []
    in_key = False
    for line in hunk.lines:
        secrets: list[_Secret] = []
        if in_key and not _PRIVATE_KEY_END.search(line.text):
            text = "[redacted: private key]"
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


def _opens_key(text: str, secrets: Sequence[_Secret]) -> bool:
    begins = any(secret.kind == "private key" for secret in secrets)
    return begins and not _PRIVATE_KEY_END.search(text)


def _clean_text(text: str, own: Sequence[re2._Regexp], secrets: list[_Secret]) -> str:
    text = text[:_LONGEST_LINE]
    if _TOKEN_SIGN.search(text):
        text = _TOKEN.sub(lambda match: _swap_token(match, secrets), text)
    if "://" in text and "@" in text:
        kind = "password in an address"
        text = _CONNECTION.sub(lambda match: _swap_value(match, kind, secrets), text)
    if _ASSIGNMENT_SIGN.search(text):
        text = _ASSIGNMENT.sub(lambda match: _swap_value(match, "credential", secrets), text)
    for pattern in own:
        text, times = pattern.subn("[redacted: by policy]", text)
        secrets.extend([_Secret("by policy", certain=False)] * times)
    return text


def _swap_token(match: re.Match[str], secrets: list[_Secret]) -> str:
    kind = _TOKEN_KINDS[(match.lastindex or 1) - 1]
    secrets.append(_Secret(kind, certain=True))
    return f"[redacted: {kind}]"


def _swap_value(match: re.Match[str], kind: str, secrets: list[_Secret]) -> str:
    before, value, after = match.groups()
    if not _looks_secret(value):
        return match.group(0)
    sure = len(value) >= _CERTAIN_LENGTH and _entropy(value) >= _CERTAIN_ENTROPY
    secrets.append(_Secret(kind, certain=sure))
    return f"{before}[redacted: {kind}]{after}"


def _looks_secret(value: str) -> bool:
    if value.startswith("[redacted") or _HARMLESS.match(value):
        return False
    return _entropy(value) >= _LEAST_ENTROPY


def _entropy(text: str) -> float:
    """Shannon entropy in bits a character."""
    total = len(text)
    return -sum(n / total * math.log2(n / total) for n in Counter(text).values())


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
        title=f"Secret committed: {kind}",
        explanation=(
            "This line adds a secret to the repository, where everyone with read access "
            "finds it in the history. Revoke it, then load it from the environment or a "
            "secret store."
        ),
        cwe="CWE-798",
    )
