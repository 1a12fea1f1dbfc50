"""Realistic secrets leave, harmless look-alikes stay, and no line takes long."""

from __future__ import annotations

import base64
import json
import random
import string
import time

import pytest

from reviewbot.review.detectors import is_random
from reviewbot.review.redact import redact
from tests.unit.review.test_redact import diff, texts

DRAWN = random.Random(7)  # noqa: S311 - made up, no secrets
WORD = string.ascii_letters + string.digits
HEX = "0123456789abcdef"


def drawn(length: int, letters: str = WORD) -> str:
    return "".join(DRAWN.choice(letters) for _ in range(length))


def _url_safe(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


_CLAIMS = {"iss": "github", "iat": 1_790_000_000, "scope": drawn(220)}
JWT = f"{_url_safe({'alg': 'RS256', 'typ': 'JWT'})}.{_url_safe(_CLAIMS)}.{drawn(86, WORD + '-_')}"
STATELESS = f"ghs_1234567_{JWT}"

TOKENS = {
    "GitHub, stateless": STATELESS,
    "GitHub, app to user": "ghu_" + drawn(36),
    "GitHub, refresh": "ghr_" + drawn(76),
    "GitHub, fine-grained": f"github_pat_{drawn(22)}_{drawn(59)}",
    "GitLab": "glpat-" + drawn(20),
    "GitLab, routable": f"glpat-{drawn(27)}.01.{drawn(9)}",
    "AWS": "AKIA" + drawn(16, string.ascii_uppercase + "234567"),
    "AWS, session": "ASIA" + drawn(16, string.ascii_uppercase + "234567"),
    "OpenAI": "sk-" + drawn(48),
    "OpenAI, project": "sk-proj-" + drawn(100, WORD + "-_"),
    "OpenRouter": "sk-or-v1-" + drawn(64, HEX),
    "DeepSeek": "sk-" + drawn(32, HEX),
    "Anthropic": "sk-ant-api03-" + drawn(90, WORD + "-_"),
    "Groq": "gsk_" + drawn(52),
    "xAI": "xai-" + drawn(80),
    "Replicate": "r8_" + drawn(37),
    "Hugging Face": "hf_" + drawn(34),
    "Google": "AIza" + drawn(35, WORD + "-_"),
    "Google, OAuth client": "GOCSPX-" + drawn(28, WORD + "-_"),
    "Slack, bot": f"xoxb-{drawn(12, string.digits)}-{drawn(13, string.digits)}-{drawn(24)}",
    "Slack, app": f"xapp-1-A{drawn(10)}-{drawn(13, string.digits)}-{drawn(64, HEX)}",
    "Slack, webhook": f"https://hooks.slack.com/services/T{drawn(8)}/B{drawn(8)}/{drawn(24)}",
    "Discord": f"https://discord.com/api/webhooks/{drawn(18, string.digits)}/{drawn(68)}",
    "Stripe": "sk_live_" + drawn(24),
    "Stripe, restricted": "rk_live_" + drawn(99),
    "npm": "npm_" + drawn(36),
    "PyPI": "pypi-AgEIcHlwaS5vcmc" + drawn(150, WORD + "-_"),
    "RubyGems": "rubygems_" + drawn(48, HEX),
    "Docker": "dckr_pat_" + drawn(27, WORD + "-_"),
    "SendGrid": f"SG.{drawn(22, WORD + '-_')}.{drawn(43, WORD + '-_')}",
    "Mailgun": "key-" + drawn(32, HEX),
    "Twilio": "SK" + drawn(32, HEX),
    "Telegram": f"{drawn(10, string.digits)}:AA{drawn(33, WORD + '-_')}",
    "DigitalOcean": "dop_v1_" + drawn(64, HEX),
    "Azure, Entra": f"{drawn(3)}8Q~{drawn(34, WORD)}",
    "Azure, storage": f"AccountKey={drawn(86, WORD + '+/')}==",
    "Vault": "hvs." + drawn(90, WORD + "-_"),
    "Terraform": f"{drawn(14)}.atlasv1.{drawn(67)}",
    "Databricks": "dapi" + drawn(32, HEX),
    "Atlassian": "ATATT3x" + drawn(180, WORD + "-_=") + "0",
    "Shopify": "shpat_" + drawn(32, HEX),
    "Linear": "lin_api_" + drawn(40),
    "Notion": "ntn_" + drawn(46),
    "Postman": f"PMAK-{drawn(24, HEX)}-{drawn(34, HEX)}",
    "New Relic": "NRAK-" + drawn(27, string.ascii_uppercase + string.digits),
    "Grafana": f"glsa_{drawn(32)}_{drawn(8, HEX)}",
    "Figma": "figd_" + drawn(40, WORD + "-_"),
    "Supabase": "sbp_" + drawn(40, HEX),
    "Sentry": "sntryu_" + drawn(64, HEX),
    "SonarQube": "squ_" + drawn(40, HEX),
    "JWT": JWT,
    "Notion, older": "secret_" + drawn(43),
    "Discord, bot": f"M{drawn(23)}.{drawn(6)}.{drawn(38)}",
    "Azure, signed address": f"https://x.blob.core.windows.net/c?sv=2022&sig={drawn(43)}%3D",
}

_VALUE = drawn(32)
ASSIGNED = {
    "a constant": f'API_KEY = "{_VALUE}"',
    "JSON": f'  "client_secret": "{_VALUE}",',
    "a keyword argument": f"connect(password='{_VALUE}')",
    "Go": f"apiKey := `{_VALUE}`",
    "Ruby": f":secret_key_base => '{_VALUE}'",
    ".env": f"SESSION_SECRET={_VALUE}",
    "an exported variable": f"export AUTH_TOKEN={_VALUE}",
    "a Dockerfile": f"ENV DB_PASSWORD={_VALUE}",
    "YAML": f"    access_key: {_VALUE}",
    "a base64 secret": f"  password: {base64.b64encode(_VALUE[:20].encode()).decode()}",
    "AWS credentials": "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYzK9fQ2LmTd",
    ".npmrc": f"//registry.npmjs.org/:_authToken={_VALUE}",
    "ADO.NET": f"Server=db;Database=shop;User Id=app;Password={_VALUE};",
    "a bearer": f'curl -H "Authorization: Bearer {_VALUE}" https://api.example.com',
    "basic": f"headers = {{'Authorization': 'Basic {base64.b64encode(_VALUE.encode()).decode()}'}}",
    "an address": f"redis://:{_VALUE}@cache.internal:6379/0",
    "JDBC": f"jdbc:postgresql://db/shop?user=app&password={_VALUE}",
    "ODBC": f"Driver=x;UID=sa;PWD={_VALUE};",
    "curl": f"curl -s -u admin:{_VALUE} https://api.example.com",
    ".netrc": f"machine api.example.com login bob password {_VALUE}",
    "an encryption key": f'encryption_key: "{base64.b64encode(_VALUE.encode()).decode()}"',
    "Docker": f'"auth": "{base64.b64encode(f"bob:{_VALUE}".encode()).decode()}"',
}

# Short or plain ones, which only their place gives away.
PLACED = {
    "an address": ("mongodb+srv://app:{}@cluster.example.net/x", "BbAYcfONvXFMzq"),
    "a short one": ("postgres://app:{}@db.internal/shop", "s3cr3t"),
    "JDBC": ("jdbc:mysql://db/shop?user=app&password={}", "Jd8D3ab7uKPudA"),
    "ADO.NET": ("Server=db;User ID=u; Password={};Encrypt=true", "MsNTU1vkfbjnjH"),
    "the environment": ("PGPASSWORD={} psql shop", "PgScPDIsJvSA3VTr"),
    "an .env file": ("DB_PASSWORD={}", "hunter2hunter2"),
    "YAML": ("    password: {}", "kT9#mQ2$vL8p"),
    "curl": ("curl --user 'admin:{}' https://api.example.com", "Cu8DIAyj"),
}

HARMLESS = (
    "uses: docker://alpine:lts-edge2@sha256:" + drawn(64, HEX),
    "postgres://$USER:$PASS@db/x",
    "postgres://user:password@localhost/test",
    "https://USERNAME:TOKEN@github.com/acme/shop.git",
    "PWD=/home/Runner1/work",
    'SUBJECT_TOKEN_TYPE = "urn:vendor:params:oauth:token-type:x509"',
    "password: user_password1",
    "password: string | undefined",
    "if (a) ; password=form.password2",
    'auth: "required-by-policy"',
    "curl -u $USER:$PASS https://api.example.com",
    "https://example.com/?a=1&password=changeme",
    f'      "integrity": "sha512-{drawn(86, WORD + "+/")}==",',
    f'  "resolved": "https://registry.npmjs.org/js-tokens/js-tokens-4.0.0.tgz#{drawn(40, HEX)}",',
    '    "js-tokens": "^4.0.0-beta.12",',
    '    "csrf-tokens": ">=12.0.10",',
    f'    {{file = "tokenizers-0.20.1.tar.gz", hash = "sha256:{drawn(64, HEX)}"}},',
    f'checksum = "{drawn(64, HEX)}"',
    f"github.com/golang-jwt/jwt/v5 v5.2.1 h1:{drawn(43, WORD + '+/')}=",
    "  request-id: 7f3a9c1e-52b4-4d0e-a8f6-91c2d3e4b5a6",
    f'commit = "{drawn(40, HEX)}"',
    f"uses: actions/checkout@{drawn(40, HEX)} # v4",
    'token_url = "https://login.example.com/oauth2/v2.0/token"',
    'secret_arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop-AbCdEf"',
    'SECRETS_PATH = "/run/secrets/db_password"',
    'tokenizer = "bert-base-uncased-2021"',
    'password_field = "${{ secrets.DB_PASSWORD }}"',
    'token_type = "AccessTokenProvider"',
    'auth_key_name = "authorization_code_grant_type"',
    "    secretName: shop-tls-certificate",
    "    token = generateV2TokenFromCredentials",
    "password = form.cleaned_data2.password1_field",
    "token: string | undefined",
    "tokens = max_tokens_per_request_2024",
    'api_key = "sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"',
    'aws_access_key_id = "AKIAIOSFODNN7EXAMPLE"',
    'api_key = "your-api-key-goes-here-1234"',
    'password = "test-password-123"',
    'secret = "fake-secret-for-unit-tests-42"',
    ".sk-chasing-dot-animation-container { margin: 0 }",
    "task-runner-that-is-long-enough-to-look-like-a-key",
    'public_key = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA0Zm5"',
    "-----BEGIN PUBLIC KEY-----",
    "-----BEGIN CERTIFICATE-----",
    "Authorization: Bearer $TOKEN",
    'headers["Authorization"] = f"Bearer {access_token}"',
    "postgres://postgres:postgres@localhost:5432/test",
    "see https://example.com/@user/status:1234567890",
    f'ETag: "{drawn(32, HEX)}"',
    f'data = "data:image/png;base64,{drawn(120, WORD + "+/")}"',
)


@pytest.mark.parametrize("name", TOKENS)
def test_a_vendors_token_leaves_wherever_it_stands(name: str) -> None:
    secret = TOKENS[name]
    for line in (f'x = "{secret}"', f"call({secret})", f"# old: {secret}", secret):
        redaction = redact(diff(line))
        assert secret[-12:] not in texts(redaction)[0]
        assert len(redaction.findings) == 1


def test_a_stateless_token_is_about_as_long_as_they_come() -> None:
    assert 480 <= len(STATELESS) <= 560
    assert texts(redact(diff(f"git clone https://x-access-token:{STATELESS}@github.com/a/b"))) == [
        "git clone https://x-access-token:[redacted: GitHub token]@github.com/a/b"
    ]


@pytest.mark.parametrize("name", ASSIGNED)
def test_an_assigned_secret_leaves_and_is_a_finding(name: str) -> None:
    redaction = redact(diff(ASSIGNED[name]))
    assert _VALUE not in texts(redaction)[0]
    assert "[redacted: " in texts(redaction)[0]
    assert len(redaction.findings) == 1


@pytest.mark.parametrize("name", PLACED)
def test_a_password_leaves_where_only_its_place_gives_it_away(name: str) -> None:
    line, secret = PLACED[name]
    redaction = redact(diff(line.format(secret)))
    [text] = texts(redaction)
    before, _, after = line.partition("{}")
    assert secret not in text
    assert text.startswith(f"{before}[redacted: ")
    assert text.endswith(f"]{after}")


def test_a_mixed_password_in_a_connection_string_is_a_finding() -> None:
    assert redact(diff("postgres://admin:supersecret123@db.internal/shop")).findings
    assert not redact(diff("postgres://admin:letters@db.internal/shop")).findings


@pytest.mark.parametrize("line", HARMLESS)
def test_a_look_alike_stays(line: str) -> None:
    redaction = redact(diff(line))
    assert texts(redaction) == [line]
    assert not redaction.findings


@pytest.mark.parametrize(
    "line",
    [
        'password = "correct-horse-battery"',
        'session_token = "1b4e28ba-2fa1-11d2-883f-0016d3cca427"',
    ],
)
def test_what_may_be_a_secret_leaves_without_an_accusation(line: str) -> None:
    redaction = redact(diff(line))
    assert redaction.count == 1
    assert not redaction.findings


@pytest.mark.parametrize(
    ("value", "random_looking"),
    [
        (drawn(32), True),
        (drawn(40, HEX), True),
        ("generateV2TokenFromCredentials", False),
        ("authorization_code_grant_type", False),
        ("aaaaaaaaaaaaaaaaaaaa1111", False),
        ("", False),
    ],
)
def test_names_do_not_look_random(value: str, random_looking: bool) -> None:  # noqa: FBT001 - a table
    assert is_random(value) is random_looking


@pytest.mark.parametrize(
    "piece",
    [
        "eyJ",
        "-eyJaaaaaaaaaaaa.",
        "eyJaaaaaaaaaa.eyJaaaaaaaaaa.",
        "sk-",
        "ghs_.",
        "SG.aaaaaaaaaaaaaaaa.",
        "a://b:c",
        "a://:",
        "password",
        'password="',
        "token=aaaaaaaaaaaa9",
        "secret_key_key_key: ",
        "-----BEGIN A ",
        "-----BEGIN PRIVATE KEY-----",
        "Comment: a\\n",
        "abcd=\\n",
        "/+",
        "authorization: bearer ",
        "x.xxQ~",
        "1Q~",
        "aaaaaaaaaaaaaa.atlasv1.",
        "https://hooks.slack.com/services/",
        "a/",
        "cio",
        "0",
        "curl -u ",
        "login a password ",
        ";password=",
        "PASSWORD",
        "secret_",
        "auth=",
        "M.",
    ],
)
def test_the_worst_line_is_read_in_linear_time(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    begun = time.process_time()
    redact(diff(text))
    redact(diff("-----BEGIN PRIVATE KEY-----", text))
    assert time.process_time() - begun < 2.0
