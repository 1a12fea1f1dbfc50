"""What the scripted models say of which code; where it is, they read from the prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviewbot.domain.finding import Category, Severity, Verdict
from reviewbot.sandbox.rule import Rule, SecondLook, Where

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reviewbot.sandbox.rule import Sight

_PYTHON = r"\.pyi?$"
_SCRIPT = r"\.(?:[cm]?[jt]sx?|vue|svelte)$"
_TESTS = r"(?:^|/)(?:tests?|__tests__|spec)/|(?:^|/)test_|[._](?:test|spec)\."
_REQUEST = r"\b(?:request|req|params|ctx\.query)\b[.\[]"

_SECURITY, _CORRECTNESS = Category.SECURITY, Category.CORRECTNESS
_CRITICAL, _HIGH, _MEDIUM, _LOW = Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW

_INJECTION: Sequence[Rule] = (
    Rule(
        Where(
            r"\b(?:execute|executemany|query|raw|prepare)\(\s*(?:f[\"']|`[^`]*\$\{"
            r"|[\"'].*[\"']\s*(?:%\s*[\w(]|\+|\.format\())"
            r"|(?:=|\()\s*(?:f[\"']|`)\s*(?:SELECT\b.+\bFROM|INSERT\s+INTO|DELETE\s+FROM"
            r"|UPDATE\b.+\bSET)\b.*\{"
            r"|[\"']\s*(?:SELECT\b.+\bFROM|INSERT\s+INTO|DELETE\s+FROM|UPDATE\b.+\bSET)\b.*[\"']"
            r"\s*(?:\+|%\s*[\w(]|\.format\()"
        ),
        _SECURITY,
        _CRITICAL,
        0.92,
        "SQL is built from a value that callers supply",
        "The value becomes part of the statement: `' OR '1'='1` returns every row, and worse is"
        " possible. Bind it as a parameter.",
        "CWE-89",
        mend=(r"execute\(f\"([^\"{]*)'\{(\w+)\}'([^\"{]*)\"\)", r'execute("\1?\3", (\2,))'),
        second=SecondLook(
            confidence=0.96,
            reason="`{quote}`: a quote in the value ends the string, nothing shown escapes it.",
        ),
    ),
    Rule(
        Where(r"\bos\.(?:system|popen)\(|\bshell\s*=\s*True|\bchild_process\b.*\bexec\("),
        _SECURITY,
        _HIGH,
        0.85,
        "A shell interprets what the command is made of",
        "Whoever controls a part of the command adds `; anything` to it. Pass a list of"
        " arguments and no shell.",
        "CWE-78",
    ),
    Rule(
        Where(
            r"(?<![\w.])(?:eval|exec)\((?!\s*[\"'][^\"'{]*[\"']\s*\))|\bnew Function\(",
            absent=r"literal_eval",
        ),
        _SECURITY,
        _HIGH,
        0.85,
        "Text is run as code",
        "What reaches this call runs with all rights of the process. Parse the value instead.",
        "CWE-95",
    ),
    Rule(
        Where(
            r"(?:\s/\s|\bopen\(|\bjoin\(|\bPath\(|\bsend_file\(|\breadFile(?:Sync)?\().*"
            + _REQUEST,
            absent=r"is_relative_to|secure_filename|safe_join|basename\(|startsWith\(",
        ),
        _SECURITY,
        _CRITICAL,
        0.85,
        "A request parameter escapes the folder that it is joined to",
        "`../../etc/passwd` as the parameter leaves the folder, and an absolute path replaces it"
        " outright. Resolve the path and refuse what is not below the folder.",
        "CWE-22",
        second=SecondLook(
            Verdict.CORRECTED,
            0.93,
            "`{quote}` takes `..` as it comes; it reads files but writes none.",
            _HIGH,
        ),
    ),
    Rule(
        Where(
            r"\byaml\.(?:unsafe_|full_)?load(?:_all)?\(",
            path=_PYTHON,
            absent=r"\bC?SafeLoader|\bBaseLoader",
        ),
        _SECURITY,
        _HIGH,
        0.85,
        "YAML may construct any Python object",
        "A document with a `!!python/object/apply` tag calls what it names. Use `yaml.safe_load`.",
        "CWE-502",
        mend=(r"\byaml\.(?:unsafe_|full_)?load\(([^(),]+)\)", r"yaml.safe_load(\1)"),
    ),
    Rule(
        Where(r"\b(?:pickle|cPickle|dill|marshal|shelve)\.(?:loads?|open)\(", path=_PYTHON),
        _SECURITY,
        _HIGH,
        0.8,
        "Unpickling runs what the bytes say",
        "Whoever writes these bytes runs code here. Use JSON, or check a signature first.",
        "CWE-502",
    ),
    Rule(
        Where(
            r"\.(?:inner|outer)HTML\s*\+?=(?!=)(?!\s*[\"'`][^$]*[\"'`]\s*;?\s*$)"
            r"|\bdangerouslySetInnerHTML|\bdocument\.write\(|\bv-html=",
            absent=r"DOMPurify|sanitize",
        ),
        _SECURITY,
        _HIGH,
        0.82,
        "A value becomes markup without being escaped",
        "Text with `<img onerror=…>` runs in the reader's page. Set `textContent`.",
        "CWE-79",
        mend=(r"\.innerHTML\s*=(?!=)\s*", ".textContent = "),
    ),
)

_PROTECTION: Sequence[Rule] = (
    Rule(
        Where(
            r"(?<!def )\b(?:book|capture|charge|refund|transfer|fulfil|grant|mark_paid)\w*\(",
            later=r"\bverify\w*\(|compare_digest|\bcheck_(?:perm|sign)\w*\(|\brequire_\w*\(",
        ),
        _SECURITY,
        _HIGH,
        0.55,
        "Something is booked before its caller has been checked",
        "One branch acts at once, the check stands only further below: a forged request takes"
        " this branch. The missing fact is whether a caller checks it earlier.",
        "CWE-696",
        second=SecondLook(
            confidence=0.9,
            reason="`{quote}` runs on a parsed body; the check stands only in another branch.",
        ),
    ),
    Rule(
        Where(
            r"\b(?:require|check|verify|authori[sz]e|has_perm|is_admin|can_|validate)\w*\(",
            sign="-",
            absent=r"\b(?:require|check|verify|authori[sz]e|has_perm|is_admin|can_|validate)\w*\(",
        ),
        _SECURITY,
        _HIGH,
        0.65,
        "A guard was removed and nothing takes its place",
        "What this line refused goes through now: no shown line checks it any more.",
        "CWE-862",
    ),
    Rule(
        Where(
            r"(?:signature|digest|hmac)\w*(?:\([^)]*\))?\s*[!=]={1,2}\s*[\w.]|"
            r"[!=]={1,2}\s*\w*(?:signature|digest|hmac)",
            absent=r"compare_digest|timingSafeEqual",
        ),
        _SECURITY,
        _MEDIUM,
        0.8,
        "Timing of the comparison tells how much of a forgery was right",
        "`==` and `!=` stop at the first difference, so that a digest can be guessed piece by"
        " piece. Compare in constant time.",
        "CWE-208",
        strong_only=True,
    ),
    Rule(
        Where(r"\bverify\s*=\s*False|\brejectUnauthorized:\s*false|\bInsecureSkipVerify:\s*true"),
        _SECURITY,
        _HIGH,
        0.9,
        "The server's certificate is not checked",
        "Anyone on the way may answer in the server's place and read what is sent.",
        "CWE-295",
        mend=(r",\s*verify\s*=\s*False", ""),
    ),
    Rule(
        Where(
            r"(?:password|passwd|secret|api_?key|access_?key|auth_?token)\w*[\"']?\s*[:=]\s*"
            r"[\"'][^\"'\s\[{<$]{6,}[\"']"
        ),
        _SECURITY,
        _HIGH,
        0.85,
        "A credential stands in the code",
        "Everyone who reads the repository has it, and its history keeps it. Revoke it and load"
        " it from the environment.",
        "CWE-798",
    ),
    Rule(
        Where(r"\b(?:md5|sha1)\b", near=r"passw|credential"),
        _SECURITY,
        _HIGH,
        0.88,
        "A fast hash protects passwords",
        "Billions of guesses a second recover such passwords from a leaked table. Use argon2 or"
        " scrypt with a salt.",
        "CWE-916",
    ),
    Rule(
        Where(
            r"\b(?:hashlib\.(?:md5|sha1)\(|createHash\([\"'](?:md5|sha1))",
            near=r"\bcache|etag|checksum|fingerprint",
        ),
        _SECURITY,
        _HIGH,
        0.8,
        "Weak hash in use",
        "Collisions of this hash can be made on purpose: two inputs get the same digest.",
        "CWE-328",
        second=SecondLook(
            Verdict.REJECTED,
            0.9,
            "`{quote}` names a cache entry, it protects nothing that an attacker wants.",
        ),
    ),
    Rule(
        Where(r"\b(?:hashlib\.(?:md5|sha1)\(|createHash\([\"'](?:md5|sha1))"),
        _SECURITY,
        _HIGH,
        0.6,
        "Weak hash in use",
        "Collisions of this hash can be made on purpose: two inputs get the same digest.",
        "CWE-328",
        second=SecondLook(
            Verdict.UNCERTAIN, 0.5, "Unshown code decides whether anything relies on the digest."
        ),
    ),
)

_LOGIC: Sequence[Rule] = (
    Rule(
        Where(
            r"/\s*len\(\s*\w+\s*\)|/\s*\w+\.(?:length|size\(\)|count\(\))",
            absent=r"\bif\s+(?:not\s+|!)?\w+\s*[:)]|\bif\s+(?:not\s+)?len\(|\.length\s*(?:===?|>)\s*0"
            r"|\)\s*if\s+\w+\s+else|\belse\s+0",
        ),
        _CORRECTNESS,
        _MEDIUM,
        0.8,
        "An empty list divides by zero",
        "With no element the length is 0: Python raises ZeroDivisionError, JavaScript goes on"
        " with NaN.",
        "CWE-369",
        mend=(r"^(\s*return )(.+/\s*len\((\w+)\)\)?)$", r"\1\2 if \3 else 0"),
    ),
    Rule(
        Where(
            r"^\s*(?:this\.|self\.)?(?:api|client|http|store|db|repo\w*|storage|queue|session)"
            r"\.(?:post|put|patch|delete|send|save|publish|commit|insert|update|flush)\(.*\);?\s*$",
            path=_SCRIPT,
            near=r"\basync\b",
        ),
        Category.CONCURRENCY,
        _MEDIUM,
        0.82,
        "The promise is not awaited",
        "The function goes on before the request is done, and its failure is an unhandled"
        " rejection: what follows speaks of success either way.",
        "CWE-252",
        mend=(r"^(\s*)(?=\S)", r"\1await "),
    ),
    Rule(
        Where(r"^\s*asyncio\.(?:sleep|gather|wait_for)\(", path=_PYTHON, near=r"\basync\s+def\b"),
        Category.CONCURRENCY,
        _MEDIUM,
        0.85,
        "The coroutine is never awaited",
        "The call only makes a coroutine; without `await` nothing of it runs.",
        mend=(r"^(\s*)(?=\S)", r"\1await "),
    ),
    *(
        Rule(
            Where(line, path=_PYTHON, later=later),
            _CORRECTNESS,
            _MEDIUM,
            0.76,
            "Every error is swallowed",
            "Faults of the program, too, end here, and callers go on as if the work had been done.",
            "CWE-391",
        )
        for line, later in (
            (r"^\s*except\s*(?:(?:Base)?Exception\b.*)?:\s*pass\b", ""),
            (r"^\s*except\s*(?:(?:Base)?Exception\b.*)?:\s*$", r"\A\s*(?:pass\b|\.\.\.)"),
        )
    ),
    Rule(
        Where(
            r"^\s*assert\s+(?:True|1|not\s+False)\s*(?:$|[,#])|^\s*assert\s+len\(.+\)\s*>=\s*0"
            r"|\bassert(?:True)?\(\s*true\s*\)|\bexpect\(\s*true\s*\)\.to(?:Be|Equal)\(\s*true"
            r"|\.length\)\.toBeGreaterThanOrEqual\(\s*0",
            path=_TESTS,
        ),
        Category.TESTING,
        _MEDIUM,
        0.78,
        "This test passes whatever the code does",
        "The asserted condition is always true, so that the test stays green with the behaviour"
        " broken. Compare with the expected values.",
    ),
    Rule(
        Where(r"[!=]=\s*None\b", path=_PYTHON),
        Category.MAINTAINABILITY,
        _LOW,
        0.8,
        "None is compared by equality",
        "A class may define `==` as it likes; `is` asks what is meant.",
        mend=(r"==\s*None\b", "is None"),
    ),
    Rule(
        Where(r"\b(?:TODO|FIXME|XXX)\b", comments=True),
        Category.MAINTAINABILITY,
        _LOW,
        0.7,
        "Work is left undone",
        "The comment says that something is missing here.",
    ),
)

RULES: Sequence[Rule] = (*_INJECTION, *_PROTECTION, *_LOGIC)


def rule_for(sight: Sight, *, strong_only: bool) -> Rule | None:
    """The first rule that has something to say of a line."""
    rules = (rule for rule in RULES if rule.strong_only is strong_only)
    return next((rule for rule in rules if rule.where.matches(sight)), None)


def rule_behind(claim: str, sight: Sight) -> Rule | None:
    """The rule that a claim came from, if it holds for the line."""
    rules = (rule for rule in RULES if rule.title == claim)
    return next((rule for rule in rules if rule.where.matches(sight)), None)
