"""What goes wrong outside: one clear message each, what to do, and the right exit code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from reviewbot.sandbox.github import SandboxGitHub, SandboxPull
from tests.journeys.cli.driver import NOWHERE, PASSWORD, TOKEN, Shell

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reviewbot.sandbox.model import SandboxModel

_DIFF = b"--- a/x.py\n+++ b/x.py\n@@ -1,1 +1,2 @@\n import math\n+value = 1\n"


@dataclass(frozen=True, slots=True)
class Mishap:
    """A command in a changed environment, and what a person hears of it."""

    command: Sequence[str]
    code: int
    says: Sequence[str]  # what goes wrong, then what to do
    environ: Mapping[str, str | None]
    stdin: bytes = _DIFF


_PULL = ("review", "acme/shop#42")
_STDIN = ("review", "--diff", "-")
_MISHAPS = {
    "no API key": Mishap(
        _STDIN,
        2,
        ("REVIEWBOT_API_KEY is not set", "Set REVIEWBOT_API_KEY", "reviewbot demo"),
        {"REVIEWBOT_API_KEY": None},
    ),
    "no token": Mishap(
        _PULL, 2, ("GITHUB_TOKEN is not set", "Set it to a token"), {"GITHUB_TOKEN": None}
    ),
    "a wrong token": Mishap(
        _PULL, 3, ("GitHub answered 401", "set a valid one"), {"GITHUB_TOKEN": "ghs_wrong"}
    ),
    "a GitHub that does not answer": Mishap(
        _PULL, 3, ("no answer from 127.0.0.1", "Check the network"), {"GITHUB_API_URL": NOWHERE}
    ),
    "an address that is none": Mishap(
        _PULL, 2, ("GITHUB_API_URL", "begins with https://"), {"GITHUB_API_URL": "github"}
    ),
    "no such pull request": Mishap(
        ("review", "acme/shop#43"), 3, ("no pull request acme/shop#43", "Check the number"), {}
    ),
    "no such repository": Mishap(
        ("review", "acme/nothing#1"), 3, ("no pull request acme/nothing#1", "Check the number"), {}
    ),
    "another host": Mishap(
        ("review", "https://github.com/acme/shop/pull/42"),
        2,
        ("github.com is not the configured GitHub server", "Set GITHUB_SERVER_URL"),
        {},
    ),
    "no pull request's name": Mishap(
        ("review", "shop"), 2, ("'shop' names no pull request", "Write OWNER/REPO#NUMBER"), {}
    ),
    "no such file": Mishap(
        ("review", "--diff", "gone.diff"), 2, ("gone.diff: No such file", "Name a file"), {}
    ),
    "no diff": Mishap(_STDIN, 2, ("this is no diff", "Pass what `git diff`"), {}, b"Dear Sir,\n"),
    "a wrong variable": Mishap(
        _STDIN,
        2,
        ("REVIEWBOT_CHEEP_MODEL", "did you mean REVIEWBOT_CHEAP_MODEL?", "SECTION__KEY"),
        {"REVIEWBOT_CHEEP_MODEL": "x"},
    ),
    "a wrong key in a variable": Mishap(
        _STDIN,
        2,
        ("REVIEWBOT_POLICY__MAX_COMMENT;", "did you mean REVIEWBOT_POLICY__MAX_COMMENTS?"),
        {"REVIEWBOT_POLICY__MAX_COMMENT": "3"},
    ),
    "a wrong section in a variable": Mishap(
        _STDIN,
        2,
        ("REVIEWBOT_POLCY__FAIL_ON;", "did you mean REVIEWBOT_POLICY__FAIL_ON?"),
        {"REVIEWBOT_POLCY__FAIL_ON": "high"},
    ),
    "a wrong value in a variable": Mishap(
        _STDIN,
        2,
        ("REVIEWBOT_POLICY__MAX_COMMENTS: Input should be a valid integer",),
        {"REVIEWBOT_POLICY__MAX_COMMENTS": PASSWORD},
    ),
    "JSON that is none": Mishap(
        _STDIN,
        2,
        ("REVIEWBOT_TIERS is no valid JSON", "written as JSON"),
        {"REVIEWBOT_TIERS": f"[{PASSWORD}"},
    ),
    "a base URL that is none": Mishap(
        _STDIN, 2, ("REVIEWBOT_BASE_URL", "begins with https://"), {"REVIEWBOT_BASE_URL": "openai"}
    ),
    "no model for the endpoint": Mishap(
        _STDIN,
        2,
        ("REVIEWBOT_CHEAP_MODEL is not", "as that endpoint knows it"),
        {"REVIEWBOT_CHEAP_MODEL": None},
    ),
    "no price": Mishap(
        _STDIN,
        2,
        ("price of 'sandbox-cheap' is not known", "Set REVIEWBOT_CHEAP_PRICE to INPUT/OUTPUT"),
        {"REVIEWBOT_CHEAP_PRICE": None},
    ),
    "a price that is none": Mishap(
        _STDIN,
        2,
        ("REVIEWBOT_STRONG_PRICE is 'cheap'", "such as 0.15/0.60"),
        {"REVIEWBOT_STRONG_PRICE": "cheap"},
    ),
    "an unknown kind of database": Mishap(
        ("costs",),
        2,
        ("database.url begins with 'mysql'", "Write sqlite:///PATH"),
        {"REVIEWBOT_DATABASE__URL": f"mysql://bot:{PASSWORD}@db/x"},
    ),
    "a PostgreSQL that does not answer": Mishap(
        ("costs",),
        3,
        ("cannot be used", "Check database.url and that PostgreSQL is up"),
        {"REVIEWBOT_DATABASE__URL": f"postgresql://bot:{PASSWORD}@127.0.0.1:9/x"},
    ),
    "a database that cannot be opened": Mishap(
        ("costs",),
        3,
        ("/dev/null/ledger.db cannot be used", "Check database.url"),
        {"REVIEWBOT_DATABASE__URL": "sqlite:////dev/null/ledger.db"},
    ),
    "no such configuration": Mishap(
        ("costs", "--config", "gone.toml"), 2, ("'gone.toml' does not exist",), {}
    ),
    "a misspelt command": Mishap(("reviw",), 2, ("No such command 'reviw'", "mean 'review'?"), {}),
    "a misspelt option": Mishap(
        ("review", "--frmat"), 2, ("No such option '--frmat'", "'--format'"), {}
    ),
    "nothing to review": Mishap(("review",), 2, ("say what to review", "one of them"), {}),
    "posting a diff": Mishap((*_STDIN, "--post"), 2, ("--post needs a pull request",), {}),
    "an amount that is none": Mishap(
        (*_STDIN, "--max-cost", "much"), 2, ("'much' is no amount in USD", "such as 0.75"), {}
    ),
    "a time that is none": Mishap(("costs", "--since", "lately"), 2, ("such as 30d",), {}),
}


@pytest.fixture
def guarded(shell: Shell) -> Shell:
    """A shell in which a password may not be shown either."""
    return Shell(shell.folder, shell.environ, (*shell.secrets, PASSWORD))


@pytest.mark.parametrize("name", _MISHAPS)
def test_each_mishap_has_one_clear_message(guarded: Shell, name: str, model: SandboxModel) -> None:
    mishap = _MISHAPS[name]

    ended = guarded.having(mishap.environ).run(*mishap.command, stdin=mishap.stdin)

    assert (ended.code, ended.out) == (mishap.code, "")
    for part in mishap.says:
        assert part in ended.err
    assert len(ended.err.splitlines()) <= 4
    assert model.calls == []


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ("[policy]\nmax_coments = 3\n", "unknown key 'policy.max_coments'; did you mean 'max_com"),
        ("[polcy]\nmax_comments = 3\n", "unknown key 'polcy'; did you mean 'policy'?"),
        ("[limits]\nworkers = 'many'\n", "limits.workers: Input should be a valid integer"),
        ("[policy\n", "is no valid TOML: Expected ']'"),
        (f"[github]\ntoken = '{PASSWORD}'\n", "github.token is a secret"),
        (
            "[[models]]\nname = 'm'\nroutes = [{endpoint = 'e', model = 'm', pric = 'today'}]\n",
            "unknown key 'models.0.routes.0.pric'; did you mean 'price'?",
        ),
    ],
)
def test_a_wrong_configuration_names_file_key_and_the_nearest(
    guarded: Shell, toml: str, says: str
) -> None:
    guarded.write("server.toml", toml)

    ended = guarded.run("doctor", REVIEWBOT_CONFIG="server.toml")

    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("reviewbot: server.toml")
    assert says in ended.err


def test_a_route_without_a_price_is_not_called(shell: Shell) -> None:
    endpoint = "[[endpoints]]\nname = 'e'\nbase_url = 'http://e'\napi_key_env = 'HOME'\n"
    model = "[[models]]\nname = 'own'\nroutes = [{endpoint = 'e', model = 'gpt-4'}]\n"
    shell.write("server.toml", f"{endpoint}{model}")

    ended = shell.run(*_STDIN, "--config", "server.toml", stdin=_DIFF)

    assert (ended.code, ended.out) == (2, "")
    assert "models.own.routes: the catalogue has no price for 'own'" in ended.err


def test_a_policy_that_is_none_stops_the_review_before_any_call(
    shell: Shell, github: SandboxGitHub, model: SandboxModel
) -> None:
    policy = {".reviewbot.yml": "min_severty: high\n"}
    github.add_pull(
        SandboxPull(diff=_DIFF, repository="acme/till", repository_id=1002, base_files=policy)
    )

    ended = shell.run("review", "acme/till#1")

    assert (ended.code, ended.out) == (2, "")
    assert ".reviewbot.yml: unknown key 'min_severty'; did you mean 'min_severity'?" in ended.err
    assert model.calls == []


def test_a_token_goes_to_no_other_host(shell: Shell) -> None:
    with SandboxGitHub(token=TOKEN) as other:
        ended = shell.run("review", f"{other.url}/acme/shop/pull/42")

        assert ended.code == 2
        assert other.requests == []
