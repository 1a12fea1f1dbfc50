"""Secrets leave a diff before anything is made of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.domain.diff import Change, Content, Diff, FileDiff, Hunk, Line
from reviewbot.domain.errors import PolicyError
from reviewbot.review.redact import Redaction, redact, redact_text

FORMED = {
    "AWS access key": "AKIA" + "ABCDEFGHIJKLMNOP",
    "classic GitHub token": "ghp_" + "a1B2" * 9,
    "stateless GitHub token": "ghs_12345_eyJhbGciOiJSUzI1NiJ9." + "x-Y_9" * 30 + ".sig-nature_",
    "fine-grained GitHub token": "github_pat_" + "a1B2c" * 12,
    "GitLab token": "glpat-" + "a1B2c3D4e5F6g7H8i9J0",
    "Slack token": "xoxb-" + "1234567890-abcdefghij",
    "OpenAI key": "sk-proj-" + "aB3_" * 12,
    "Anthropic key": "sk-ant-" + "api03-" + "aB3-" * 10,
    "Google key": "AIza" + "Sy0123456789abcdefghijklmnopqrstuvw",
    "Stripe key": "sk_live_" + "a1B2c3D4e5F6g7H8",
    "npm token": "npm_" + "a1B2c3D4e5F6" * 3,
    "JSON web token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abcdefghijklmnop",
}
NEVER = r"\b\B"  # matches nothing


def diff(*texts: str, sign: str = "+") -> Diff:
    lines = tuple(
        Line(sign, None if sign == "+" else n, None if sign == "-" else n, text)
        for n, text in enumerate(texts, 1)
    )
    file = FileDiff("app.py", None, Change.MODIFIED, Content.TEXT, (Hunk(1, 1, "", lines),))
    return Diff((file,))


def texts(redaction: Redaction) -> list[str]:
    return [line.text for line in redaction.diff.files[0].hunks[0].lines]


@pytest.mark.parametrize("kind", FORMED)
def test_a_token_is_known_by_its_form(kind: str) -> None:
    secret = FORMED[kind]
    redaction = redact(diff(f'key = "{secret}"', "nothing here"))
    assert secret not in texts(redaction)[0]
    assert secret[12:] not in texts(redaction)[0]
    assert redaction.count == 1
    assert [finding.start_line for finding in redaction.findings] == [1]
    assert all(secret not in str(finding) for finding in redaction.findings)


def test_a_private_key_is_taken_out_to_its_last_line() -> None:
    body = ["MIIEowIBAAKCAQEA7bq1", "q9f8s7d6f5s4d3f2"]
    redaction = redact(
        diff("-----BEGIN RSA PRIVATE KEY-----", *body, "-----END RSA PRIVATE KEY-----", "x = 1")
    )
    assert not set(body) & set(texts(redaction))
    assert texts(redaction)[-1] == "x = 1"
    assert len(redaction.findings) == 1


def test_a_private_key_is_known_by_its_end_where_the_hunk_begins_inside_it() -> None:
    body = ["q9f8s7d6f5s4d3f2" * 4, "MIIEowIBAAKCAQEA" * 4]
    redaction = redact(diff("x = 1", *body, "-----END PRIVATE KEY-----", "y = 2"))
    assert not set(body) & set(texts(redaction))
    assert (texts(redaction)[0], texts(redaction)[-1]) == ("x = 1", "y = 2")


@pytest.mark.parametrize(
    "around", ["{}", "    {}", '"{}\\n" +', "+ '{}\\n'", "# {}", "// {}", '        "{}\\n",']
)
def test_a_private_key_is_known_inside_a_program(around: str) -> None:
    body = ["q9f8s7d6f5s4d3f2" * 4, "MIIEowIBAAKCAQEA" * 2 + "=="]
    key = ["-----BEGIN EC PRIVATE KEY-----", *body, "-----END EC PRIVATE KEY-----"]
    redaction = redact(diff(*(around.format(line) for line in key), "y = 2"))
    assert not any(line in text for line in body for text in texts(redaction))
    assert texts(redaction)[-1] == "y = 2"


def test_putty_keys_end_with_their_mac() -> None:
    lines = ["PuTTY-User-Key-File-3: ssh-rsa", "Encryption: none", "Comment: me@work"]
    lines += ["Private-Lines: 1", "q9f8s7d6f5s4d3f2" * 4, "Private-MAC: " + "a1" * 32]
    redaction = redact(diff(*lines, "eval(x)"))
    assert lines[4] not in texts(redaction)
    assert texts(redaction)[-1] == "eval(x)"


def test_the_mention_of_a_private_key_hides_no_code() -> None:
    code = ["if header in text:", "    os.system(text)", "", "run(text)"]
    redaction = redact(diff('header = "-----BEGIN PRIVATE KEY-----"', *code))
    assert texts(redaction)[1:] == code


def test_a_password_in_a_connection_string_is_taken_out_alone() -> None:
    redaction = redact(diff("url = 'postgres://app:s3cr3t-9fA2@db.internal:5432/shop'"))
    assert texts(redaction) == [
        "url = 'postgres://app:[redacted: password in an address]@db.internal:5432/shop'"
    ]


def test_a_high_entropy_assignment_is_a_finding() -> None:
    redaction = redact(diff('DB_PASSWORD = "f9A2kQ7zLmX81vWbT3"'))
    assert "f9A2kQ7zLmX81vWbT3" not in texts(redaction)[0]
    assert len(redaction.findings) == 1


@pytest.mark.parametrize(
    "line",
    [
        'password = "changeme"',
        'api_key = "your-api-key-here"',
        'token = "${GITHUB_TOKEN}"',
        "password: str",
        'secret = os.environ["SECRET"]',
        "const tokenTypes = ['access', 'refresh']",
        "https://example.com/path",
        "user@example.com://",
    ],
)
def test_what_is_no_secret_stays(line: str) -> None:
    redaction = redact(diff(line))
    assert texts(redaction) == [line]
    assert not redaction.findings


def test_a_removed_secret_is_hidden_but_no_finding() -> None:
    redaction = redact(diff(f'key = "{FORMED["AWS access key"]}"', sign="-"))
    assert redaction.count == 1
    assert not redaction.findings


def test_a_secret_beside_a_hunk_is_hidden_but_no_finding() -> None:
    secret = FORMED["AWS access key"]
    hunk = Hunk(9, 9, f'def sign(key="{secret}"):', (Line("+", None, 9, "x = 1"),))
    file = FileDiff("app.py", None, Change.MODIFIED, Content.TEXT, (hunk,))
    redaction = redact(Diff((file,)))
    assert redaction.diff.files[0].hunks[0].heading == 'def sign(key="[redacted: AWS access key]"):'
    assert redaction.count == 1
    assert not redaction.findings


def test_a_policy_adds_patterns() -> None:
    assert texts(redact(diff("see ACME-1234"), ["ACME-[0-9]+"])) == ["see [redacted: by policy]"]


def test_a_policys_patterns_are_tried_on_half_a_surrogate_pair_too() -> None:
    [text] = redact_text("half \ud83d of a badge ACME-1234", [r"ACME-\d{4}"]).splitlines()
    assert text == "half ? of a badge [redacted: by policy]"


@given(
    st.lists(
        st.lists(
            st.sampled_from(
                [
                    *FORMED.values(),
                    "passwd=",
                    "kEy: ",
                    "pa\u017fsword = ",
                    "to\u212aen: '",
                    "://a:b",
                    "://a:s3cr3t@db",
                    "curl -u a:s3cr3t",
                    "?password=s3cr3t",
                    "login a password s3cr3t",
                    'AUTH": "Ym9iOnMzY3IzdA=="',
                    "PASSWORD: s3cr3t;",
                    "-----BEGIN PRIVATE KEY-----",
                    "-----END PRIVATE KEY-----",
                    "MIIEowIBAAKCAQEA" * 4,
                    "Private-MAC: ",
                ]
            )
            | st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=12),
            max_size=4,
        ).map("".join),
        max_size=8,
    )
)
def test_lines_are_cleaned_alike_passed_in_one_look_or_one_by_one(lines: list[str]) -> None:
    changes = diff("one", *lines)
    each_looked_at = redact(changes, [NEVER])
    assert redact(changes) == each_looked_at


def test_a_wrong_pattern_is_refused() -> None:
    with pytest.raises(PolicyError, match="no regular expression"):
        redact(diff("x"), ["("])


def test_a_clean_diff_is_not_copied() -> None:
    clean = diff("x = 1", "y = 2")
    assert redact(clean).diff.files[0] is clean.files[0]
