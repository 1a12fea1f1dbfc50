"""What secrets look like: vendors' published formats, and values that look random.

Every pattern is tried in linear time: repeats are bounded, or can begin in one place only.
"""

from __future__ import annotations

import math
import re
from base64 import b64decode
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

import re2

from reviewbot.domain.egress import REDACTED

if TYPE_CHECKING:
    from collections.abc import Sequence

# Tokens whose form alone gives them away.
TOKENS = {
    "private key": r"-----BEGIN (?:[A-Z0-9]+ ){0,6}PRIVATE KEY(?: BLOCK)?-----[^\n]*"
    r"|\bPuTTY-User-Key-File-\d[^\n]*",
    "AWS access key": r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    # GitHub's stateless tokens hold a JWT: dots and dashes belong to them.
    "GitHub token": r"\b(?:gh[pousr]_[A-Za-z0-9._-]{36,}|github_pat_[A-Za-z0-9_]{50,})",
    "GitLab token": r"\bgl(?:pat|dt|rt|cbt|ptt|ft|oas|agent|soat|imt|ffct)-[A-Za-z0-9_.-]{20,}",
    "Slack token": r"\bxox[abeoprs](?:\.xox[bp])?-[A-Za-z0-9-]{10,}|\bxapp-\d-[A-Za-z0-9-]{20,}",
    "Slack webhook": r"https://hooks\.slack\.com/\w{5,12}/[A-Za-z0-9/_-]{20,}",
    "Discord webhook": r"https://discord(?:app)?\.com/api/webhooks/\d+/[A-Za-z0-9_-]{30,}",
    "OpenAI or compatible key": r"\b[sr]k-(?:proj-|svcacct-|or-v1-|ant-)?[A-Za-z0-9_-]{20,}",
    "model vendor's key": r"\b(?:gsk_[A-Za-z0-9]{40,}|xai-[A-Za-z0-9]{40,}|pplx-[A-Za-z0-9]{40,}"
    r"|r8_[A-Za-z0-9]{30,}|nvapi-[A-Za-z0-9_-]{40,}|hf_[A-Za-z0-9]{30,}|api_org_[A-Za-z0-9]{30,})",
    "Google API key": r"\bAIza[A-Za-z0-9_-]{35}",
    "Google OAuth token": r"\bya29\.[A-Za-z0-9_-]{20,}|\bGOCSPX-[A-Za-z0-9_-]{24,}",
    "Stripe key": r"\b(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,}|\bwhsec_[A-Za-z0-9+/]{24,}",
    "npm token": r"\bnpm_[A-Za-z0-9]{36}\b",
    "package registry's token": r"\bpypi-AgE[A-Za-z0-9_-]{50,}|\brubygems_[0-9a-f]{48}\b"
    r"|\bdckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}|\bcio[A-Za-z0-9]{32}\b|\bAKCp[A-Za-z0-9]{60,}",
    "SendGrid key": r"\bSG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,}",
    "Mailgun or Mailchimp key": r"\bkey-[0-9a-f]{32}\b|\b[0-9a-f]{32}-us\d{1,2}\b",
    "Twilio key": r"\bSK[0-9a-f]{32}\b",
    "Telegram bot token": r"\b\d{8,10}:AA[A-Za-z0-9_-]{32,33}\b",
    "DigitalOcean token": r"\bdo[opr]_v1_[0-9a-f]{64}\b",
    "Azure key": r"\b(?:AccountKey|SharedAccessKey)=[A-Za-z0-9+/]{40,}={0,2}"
    r"|(?<![A-Za-z0-9_.~-])[A-Za-z0-9_.~-]{3}\dQ~[A-Za-z0-9_.~-]{31,34}"
    r"|[?&]sig=[A-Za-z0-9%+/_-]{30,}={0,2}",
    "Vault or Terraform token": r"\bhv[sbr]\.[A-Za-z0-9_-]{24,}"
    r"|\b[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{60,}",
    "Databricks token": r"\bdapi[0-9a-f]{32}(?:-\d)?\b",
    "Atlassian token": r"\bAT(?:ATT|CTT|BB)3x[A-Za-z0-9_=-]{50,}",
    "service's token": r"\b(?:shp(?:at|ss|ca|pa)_[0-9a-f]{32}|lin_(?:api|oauth)_[A-Za-z0-9]{40}"
    r"|ntn_[A-Za-z0-9]{40,}|secret_[A-Za-z0-9]{43}\b"
    r"|[MNO][A-Za-z0-9_-]{23,25}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,38}\b|PMAK-[0-9a-f]{24}-[0-9a-f]{34}|NRAK-[A-Z0-9]{27}"
    r"|gl(?:sa|c)_[A-Za-z0-9+/=_]{32,}|dp\.(?:pt|st|ct|sa)\.[A-Za-z0-9.]{40,}|fig[du]_[A-Za-z0-9_-]{40,}"
    r"|sbp_[0-9a-f]{40}|pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.-]{32,}|nfp_[A-Za-z0-9]{36,}"
    r"|sntry[su]_[A-Za-z0-9+/=_]{40,}|pul-[0-9a-f]{40}|CCI(?:PAT|PRJ)_[A-Za-z0-9_]{40,}"
    r"|sq[pua]_[0-9a-f]{40}|sq0(?:atp|csp)-[A-Za-z0-9_-]{22,}|FlyV1 fm\d_[A-Za-z0-9+/=_,-]{40,})",
    "JSON web token": r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}"
    r"\.[A-Za-z0-9_-]{10,}",
    "age or PGP secret": r"\bAGE-SECRET-KEY-1[0-9A-Z]{58}",
}
TOKEN = re.compile("|".join(f"({pattern})" for pattern in TOKENS.values()))
TOKEN_KINDS = tuple(TOKENS)
# What every token above holds; most lines hold none and are passed in one look.
TOKEN_SIGN = re.compile(
    r"PRIVATE KEY|PuTTY|A[KS]IA|gh[pousr]_|github_pat_|gl[a-z]{2,5}[-_]|xox|xapp-|hooks\.slack"
    r"|discord|[sr]k[-_]|gsk_|xai-|pplx-|r8_|nvapi-|hf_|api_org_|AIza|ya29|GOCSPX|whsec_|npm_|pypi-"
    r"|rubygems_|dckr_|cio[A-Za-z0-9]|AKCp|SG\.|key-|-us\d|SK[0-9a-f]|:AA|_v1_|AccountKey|AccessKey"
    r"|\dQ~|hv[sbr]\.|atlasv1|dapi|3x|shp[a-z]{2}_|lin_|ntn_|PMAK|NRAK|dp\.|fig[du]_|sbp_|pscale_"
    r"|nfp_|sntry|pul-|CCIP|sq[pua]_|sq0|FlyV1|eyJ|AGE-SECRET|[?&]sig=|secret_"
    r"|\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27}"
)
KEY_SIGN = re.compile("PRIVATE KEY|PuTTY")
PRIVATE_KEY_BEGIN = re.compile(TOKENS["private key"])
PRIVATE_KEY_END = re.compile(
    r"-----END (?:[A-Z0-9]+ ){0,6}PRIVATE KEY(?: BLOCK)?-----|\bPrivate-MAC: "
)
_AROUND = " \t\r\"'#*/+\\>|,;)-"  # of a line of text in a program
_BREAKS = re.compile(r"\\[nr]")
_BASE64 = re.compile(r"[A-Za-z0-9+/=]*")
_KEY_HEADER = re.compile(
    r"(?:Proc-Type|DEK-Info|Version|Comment|Hash|Charset|Encryption|Public-Lines|Private-Lines"
    r"|Key-Derivation|Argon2-[A-Za-z]+): ?[\w ,.@:/+-]*"
)
_LEAST_BODY = 36  # letters of base64 that are nothing else


CONNECTION = re.compile(
    r"(\b[a-z][a-z0-9+.-]{1,20}://[^\s:/@'\"]{0,64}:)([^\s@'\"{}$<>]{3,128})(@)"
)
CONNECTION_SIGN = re.compile(r"://[^@\s]{0,200}@")
HEADER = re.compile(
    r"(?i)(\b(?:authorization|x-api-key|private-token)[\"']?\s{0,4}[:=,]\s{0,4}[\"']?"
    r"(?:(?:bearer|basic|token)\s{1,4})?)([A-Za-z0-9._~+/=-]{16,2000})()"
)
_HEADER_WORDS = "authorization|x-api-key|private-token"
HEADER_SIGN = re.compile(f"(?i){_HEADER_WORDS}")
# After what ends another parameter, as in addresses and in what database drivers are given.
PARAMETER = re.compile(
    r"(?i)([?&;]\s{0,2}(?:password|passwd|pwd)\s{0,2}=\s{0,2})([^\s;&'\"`<>(){}\[\]$,]{4,128})()"
)
# Words of a command or of .netrc.
SIGN_IN = re.compile(
    r"(\blogin\s{1,4}\S{1,64}\s{1,4}password\s{1,4}"
    r"|\bcurl\s[^|;]{0,200}?(?<=\s)(?:-u|--user)[ =]?['\"]?[^\s:'\"]{1,64}:)"
    r"([^\s'\"`$(){}]{3,128})()"
)
SIGN_IN_SIGN = re.compile(r"\bpassword\s|\bcurl\s")
# User and password in base64, as Docker and npm keep them.
BASIC = re.compile(
    r"(?i)((?<![a-z0-9])auth[\"']?[ \t]{0,4}[:=][ \t]{0,4}[\"']?)([A-Za-z0-9+/]{8,512}={0,2})()"
)
BASIC_SIGN = re.compile(r"(?i:auth[\"']?[ \t]{0,4}[:=])")
_NAMES = (
    r"(?:passwd|password|passphrase|pwd|secret|token(?!iz)|api[_-]?key|access[_-]?key|auth[_-]?key"
    r"|account[_-]?key|(?:encryption|encrypt|signing|master|hmac|private|aes|cipher|jwt)[_-]?key"
    r"|credential)s?[A-Za-z0-9_]{0,32}"
)
ASSIGNMENT = re.compile(
    rf"""(?i)({_NAMES}["']?\s{{0,4}}(?::=|=>|[:=])\s{{0,4}}["'`])([^"'`\s]{{8,256}})(["'`])"""
)
# Without quotes, as in .env, .ini, .npmrc, YAML and connection strings.
BARE_ASSIGNMENT = re.compile(
    rf"(?i)({_NAMES}\s{{0,4}}[:=]\s{{0,4}})([A-Za-z0-9+/_.~!@%^*=-]{{12,256}})(?=\s|;|&|,|#|$)()"
)
# A password as .env files, shells and YAML have it: a whole word, or all of the line's rest.
BARE_PASSWORD = re.compile(
    r"(\b[A-Z0-9_]{0,40}(?:PASSWORD|PASSWD|PASSPHRASE|PWD|PASS)\d{0,2}="
    r"|(?i:^[\s-]{0,60}[\w.-]{0,40}(?:password|passwd|passphrase)[\"']?:\s{1,4}))"
    r"([^\s'\"`$<>(){}\[\],;|][^\s'\"`<>(){}\[\],;|]{5,127})(?=\s|$)()"
)
_ASSIGNMENT_WORDS = "pass|pwd|secret|token|key|credential"
ASSIGNMENT_SIGN = re.compile(f"(?i){_ASSIGNMENT_WORDS}")

# A line with a sign of any of them, from there on. Where case is ignored, \u0130 and \u0131 stand
# for i, \u017f for s and \u212a for k.
_SIGN = re2.compile(
    f"(?:{TOKEN_SIGN.pattern}|://[^\n]*@|(?i:{_HEADER_WORDS}|{_ASSIGNMENT_WORDS})"
    f"|curl|{BASIC_SIGN.pattern}"
    "|\u0130|\u0131|\u017f|\u212a)[^\n]*".encode()
)

_HARMLESS = re.compile(
    r"(?i)^(?:\W*(?:x{3,}|\*{3,}|\.{3,}|example|changeme|change-me|placeholder|dummy|fake|mock|test"
    r"|your|my[-_]|insert|replace|todo|none|null|redacted|foo|bar|lorem)"
    r"|\$\{?|\{\{|<|%\(|process\.env|os\.environ|arn:|urn:|https?://[^@]*$|secret://|vault:|ref\+)"
    r"|^[~^<>=v]{0,3}\d{1,6}(?:\.\d{1,6}){1,3}[-+.\w]{0,40}$"  # a version
)
_SMALL_PATH = re.compile(r"^[./]{0,3}[a-z0-9_.-]+(?:/[a-z0-9_.-]+)+$")
_UUID = re.compile(r"(?i)^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
_WORDS = re.compile(r"^[A-Za-z]+(?:[-_.:][A-Za-z]+)*$")
_WORD_PASSWORD = re.compile(r"(?i)pass|pwd")
_ACCESS = re.compile(r"^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+$")  # an attribute in code
_PLACEHOLDER = re.compile(
    r"(?i)x{6,}|\*{3,}|0{12,}|example|placeholder|your[-_]|[-_]here\b|redacted|<[a-z]"
)
_NO_PASSWORD = re.compile(
    r"(?i)^(?:pass(?:word|wd|phrase)?|pwd|secret|user(?:name)?|admin|root|guest|postgres|mysql|str)"
    r"\d{0,4}$|^(?-i:[A-Z]+(?:_[A-Z]+)*)$|^%\w$"
)
_CONTAINER = re.compile(r"(?i)^(?:docker|oci|docker-image)://")  # what follows is an image's tag
_USER = re.compile(r"://([^:/@]{1,64}):$")
_PLAIN = re.compile(
    r"^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+$"  # an attribute in code
    r"|^[A-Za-z]+\d?(?:[_-][A-Za-z]+\d?)+$"  # a name
    r"|^(?:~|\.{1,2})?/"  # a path
)
_NO_SECRETS = (_HARMLESS, _SMALL_PATH, _PLACEHOLDER)
_KEBAB = re.compile(r"^[sr]k(?:-[a-z]+)+$")  # a class of a style sheet
_LONGEST_PREFIX = 8  # characters of most tokens' forms
_LEAST_ENTROPY = 2.8  # bits a character
_LEAST_RANDOM = 16  # characters
_LEAST_STRONG = 8  # characters
_LEAST_CHANGES = 0.3  # changes of the kind of character, for each character
_LEAST_BODY_ENTROPY = 2.0


def promising(lines: Sequence[str]) -> set[int]:
    """The indices of lines that may hold a secret, in one look at all of them."""
    text = "\n".join(lines).encode(errors="replace")
    found: set[int] = set()
    at = begin = 0
    for match in _SIGN.finditer(text):
        at += text.count(b"\n", begin, match.start())
        begin = match.start()
        found.add(at)
    return found


def is_key_line(text: str) -> bool:
    """Whether a line may stand inside a private key."""
    core = _key_text(text)
    return bool(_BASE64.fullmatch(core) or _KEY_HEADER.fullmatch(core))


def is_key_body(text: str) -> bool:
    """Whether a line looks like the body of a key wherever it stands."""
    core = _key_text(text)
    return len(core) >= _LEAST_BODY and bool(_BASE64.fullmatch(core))


def _key_text(text: str) -> str:
    return _BREAKS.sub("", text).strip(_AROUND)


def is_placeholder(token: str) -> bool:
    """Whether a text of a token's form only shows where a token goes."""
    if token.startswith("-----BEGIN"):
        return False
    if _PLACEHOLDER.search(token) or _KEBAB.match(token):
        return True
    return entropy(token[_LONGEST_PREFIX:]) < _LEAST_BODY_ENTROPY


def is_secret(name: str, value: str) -> bool:
    """Whether a value under a *name* that promises a secret may be one."""
    if value.startswith(REDACTED.strip()) or any(each.search(value) for each in _NO_SECRETS):
        return False
    if _WORDS.match(value) and not _WORD_PASSWORD.search(name):
        return False
    return entropy(value) >= _LEAST_ENTROPY


def is_password(name: str, value: str) -> bool:
    """Whether a value that stands where a password stands is one, and not a word for it."""
    if value.startswith(REDACTED.strip()) or _CONTAINER.match(name):
        return False
    named = _USER.search(name)
    if named is not None and named.group(1) == value:
        return False
    return not _NO_PASSWORD.match(value) and not any(each.search(value) for each in _NO_SECRETS)


def is_parameter(name: str, value: str) -> bool:
    """The same for what may be an attribute in code."""
    return not _ACCESS.match(value) and is_password(name, value)


def is_bare_password(name: str, value: str) -> bool:
    """The same where it may be code as well: more than letters, and no name."""
    is_plain = value.isalpha() or value.isdigit() or _PLAIN.match(value)
    return not is_plain and is_password(name, value)


def is_basic(_name: str, value: str) -> bool:
    """Whether a value is user and password in base64."""
    try:
        user, colon, password = b64decode(value, validate=True).decode().partition(":")
    except ValueError:
        return False
    return bool(user and colon and password) and f"{user}{password}".isprintable()


def is_strong(value: str) -> bool:
    """Whether a password is one that somebody made up to be safe."""
    mixed = any(map(str.isdigit, value)) and any(map(str.isalpha, value))
    return len(value) >= _LEAST_STRONG and mixed


def is_random(value: str) -> bool:
    """Whether nobody would choose a value as a name: letters and digits in no order."""
    digits = sum(letter.isdigit() for letter in value)
    letters = sum(letter.isalpha() for letter in value)
    if len(value) < _LEAST_RANDOM or min(digits, letters) <= 1 or _UUID.match(value):
        return False
    kinds = [_kind(letter) for letter in value]
    changes = sum(one != other for one, other in pairwise(kinds))
    return changes >= _LEAST_CHANGES * len(value) and entropy(value) >= _LEAST_ENTROPY


def is_bare_secret(name: str, value: str) -> bool:
    """The same as ``is_secret`` for a value without quotes, which may be code."""
    return is_secret(name, value) and is_random(value) and not _ACCESS.match(value)


def entropy(text: str) -> float:
    """Shannon entropy in bits a character."""
    total = len(text)
    return -sum(n / total * math.log2(n / total) for n in Counter(text).values()) if total else 0.0


def _kind(letter: str) -> int:
    if letter.isdigit():
        return 0
    return 1 if letter.islower() else 2 if letter.isupper() else 3
