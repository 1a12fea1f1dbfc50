"""Judges, without a model, how much depends on a change."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reviewbot.review.paths import matches_any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reviewbot.domain.policy import Policy

_SENSITIVE = re.compile(
    r"(?:^|[/._-])(?:auth(?:[nz]|enticat\w{1,6}|oriz\w{1,6})?|login|passwords?|crypto\w{0,8}|secrets?|tokens?|permissions?"
    r"|payments?)(?=[/._-]|$)|(?:^|/)\.github/(?:workflows|actions)/",
    re.IGNORECASE,
)
_WEIGHTY = re.compile(
    r"(?:^|[/._-])(?:security|session|oauth\w*|acl|rbac|billing|checkout|admin|migrations?|sandbox"
    r"|middleware|csrf|cors|upload\w*|deploy\w*)(?=[/._-]|$)"
    r"|\.(?:sql|tf|sh|ps1)$|(?:^|/)(?:Dockerfile|Jenkinsfile|Makefile)[^/]*$|(?:^|/)\.gitlab-ci",
    re.IGNORECASE,
)
_TEST = re.compile(
    r"(?:^|/)(?:tests?|specs?|__tests__|testdata|fixtures?)/|(?:^|/)(?:test_|conftest\.)[^/]*$"
    r"|[._-](?:test|tests|spec)\.[a-z]+$",
    re.IGNORECASE,
)
_DOCUMENT = re.compile(r"\.(?:md|rst|txt|adoc)$|(?:^|/)docs?/", re.IGNORECASE)
_DATA = re.compile(r"\.(?:json|ya?ml|toml|ini|cfg|csv|xml|svg|lock)$", re.IGNORECASE)
# Each danger: a text that all of its forms hold, which most lines lack, and the forms.
_DANGERS: dict[str, tuple[tuple[str, ...], str]] = {
    "eval(": (("eval",), r"(?<![\w.])eval\s?\("),
    "exec(": (("exec",), r"(?<![\w.])exec\s?\("),
    "os.system(": (("os.",), r"\bos\.(?:system|popen)\s?\("),
    "subprocess": (
        ("subprocess", "shell"),
        r"\bsubprocess\.(?:run|call|Popen|check_\w{4,6})\b|\bshell\s?=\s?True\b",
    ),
    "child_process": (("child_process", "execSync"), r"\bchild_process\b|\bexecSync\s?\("),
    "system(": (
        ("system", "shell_exec", "passthru", "proc_open", "popen"),
        r"(?<![\w.$])(?:system|shell_exec|passthru|proc_open|popen)\s?\(",
    ),
    "Runtime.exec": (
        ("getRuntime", "ProcessBuilder"),
        r"\bgetRuntime\(\)\.exec\b|\bnew ProcessBuilder\b",
    ),
    "new Function(": (("new Function",), r"\bnew Function\s?\("),
    "innerHTML": (
        ("HTML", "document.write"),
        r"\.(?:inner|outer)HTML\s?\+?=(?!=)|\bdangerouslySetInnerHTML\b|\bdocument\.write\(",
    ),
    "pickle": (
        ("ickle", "dill", "shelve", "marshal"),
        r"\b(?:c?[pP]ickle|dill|shelve|marshal)\.(?:loads?|open|Unpickler)\b",
    ),
    "yaml.load(": (
        ("yaml.",),
        r"\byaml\.(?:unsafe_|full_)?load(?:_all)?\s?\((?!.{0,200}Safe)",
    ),
    "unserialize(": (
        ("unserialize", "ObjectInputStream", "BinaryFormatter"),
        r"\bunserialize\s?\(|\bObjectInputStream\b|\bBinaryFormatter\b",
    ),
    "raw SQL": (
        ("execute", "query", "raw"),
        (
            r"\b(?:execute|executemany|query|raw)\s?\(\s?"
            r"(?:f[\"']|[\"'`][^\"'`]{0,300}[\"'`]\s?[%+]|`[^`]{0,300}\$\{)"
        ),
    ),
    "verify=False": (
        ("verify", "InsecureSkipVerify", "rejectUnauthorized", "unverified", "CERT_NONE"),
        (
            r"\bverify\s?=\s?False\b|\bInsecureSkipVerify:\s?true\b|\brejectUnauthorized:\s?false\b"
            r"|\b_create_unverified_context\b|\bCERT_NONE\b"
        ),
    ),
    "weak hash": (
        ("md5", "sha1", "MD5", "SHA1", "SHA-1"),
        r"\b(?:md5|sha1|MD5|SHA1)\s?\(|[\"'](?:MD5|SHA-?1|md5|sha1)[\"']",
    ),
    "unbounded copy": (
        ("strcpy", "strcat", "gets", "sprintf"),
        r"\b(?:strcpy|strcat|gets|vsprintf|sprintf)\s?\(",
    ),
    "pull_request_target": (("pull_request_target",), r"\bpull_request_target\b"),
    "download and run": (
        ("curl", "wget"),
        r"\b(?:curl|wget)\b[^|]{0,300}\|\s?(?:sudo\s)?(?:ba|z|k)?sh\b",
    ),
}
_FORMS = {name: re.compile(pattern) for name, (_, pattern) in _DANGERS.items()}
_LONGEST_LINE = 2_000  # characters that are looked through
_MANY_LINES = 200  # beyond it, size says no more


def assess(
    path: str, added: Sequence[str], deleted: int, policy: Policy
) -> tuple[float, tuple[str, ...]]:
    """The risk from 0 to 1, and the signals strong enough to ask for a second look."""
    quiet = _is_test(path) or bool(_DOCUMENT.search(path))
    sensitive = _is_sensitive(path, policy, quiet=quiet)
    dangers = _dangers(added)
    risk = 0.2 + 0.2 * min(len(added), _MANY_LINES) / _MANY_LINES
    risk += 0.05 * min(deleted, _MANY_LINES) / _MANY_LINES
    risk += 0.3 * sensitive + 0.15 * bool(_WEIGHTY.search(path)) + 0.2 * bool(dangers)
    if quiet or _DATA.search(path):
        risk *= 0.5
    triggers = ["sensitive path"] if sensitive else []
    triggers += ["secret"] if any("[redacted: " in text for text in added) else []
    # A test's name must not keep a gate from looking again.
    if not quiet or policy.fail_on is not None:
        triggers += [f"dangerous call {name}" for name in dangers]
    return round(min(risk, 1.0), 4), tuple(triggers)


def _is_test(path: str) -> bool:
    return bool(_TEST.search(path))


def _is_sensitive(path: str, policy: Policy, *, quiet: bool) -> bool:
    if matches_any(path, policy.escalation.sensitive_paths):
        return True
    return bool(_SENSITIVE.search(path)) and (not quiet or policy.fail_on is not None)


def _dangers(added: Sequence[str]) -> list[str]:
    """The dangers among *added*; a form is looked for only in lines that hold its sign."""
    lines = [text[:_LONGEST_LINE] for text in added]
    whole = "\n".join(lines)
    found: list[str] = []
    for name, (signs, _) in _DANGERS.items():
        for sign in signs:
            if sign in whole and any(_FORMS[name].search(text) for text in lines if sign in text):
                found.append(name)
                break
    return found
