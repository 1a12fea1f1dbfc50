"""Sessions and rights by the clock."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from reviewbot.domain.errors import Forbidden, ForgeUnavailable
from reviewbot.entrypoints.dashboard.gate import RIGHTS_SECONDS, Doors, Gate
from reviewbot.entrypoints.dashboard.seal import Seal
from reviewbot.github.people import OAuthApp, Reach
from reviewbot.ledger.sight import Sight

TOKEN = "the-administrators-token"
OAUTH = OAuthApp("https://github.example", "client", "secret")


@dataclass
class GitHubSays:
    """Rights by token, which tests change; counts how often it is asked."""

    reaches: dict[str, Reach] = field(default_factory=dict)
    asked: int = 0
    is_up: bool = True

    def reach(self, token: str, _api_url: str) -> Reach:
        self.asked += 1
        if not self.is_up:
            message = "GitHub answered 503"
            raise ForgeUnavailable(message)
        if token not in self.reaches:
            message = "GitHub answered 401"
            raise Forbidden(message)
        return self.reaches[token]


@dataclass
class Hands:
    """A clock that tests turn."""

    now: float = 1_000_000.0

    def seconds(self) -> float:
        return self.now


@dataclass
class EndedHere:
    """Sessions that were ended."""

    ids: set[str] = field(default_factory=set)

    def end(self, session_id: str, seconds: int) -> None:
        assert seconds > 0
        self.ids.add(session_id)

    def is_ended(self, session_id: str) -> bool:
        return session_id in self.ids


def gate(github: GitHubSays, hands: Hands, token: str = TOKEN) -> Gate:
    doors = Doors(token, OAUTH, admins=frozenset({"alice"}))
    return Gate(doors, b"secret", hands.seconds, github.reach, ended=EndedHere())


def test_rights_are_asked_anew_after_five_minutes() -> None:
    github, hands = GitHubSays({"ghu": Reach("bob", frozenset({1, 2}))}), Hands()
    door = gate(github, hands)
    session = door.session_of("ghu")
    for _ in range(3):
        visitor = door.visitor(None, session)
        assert visitor is not None
        assert visitor.sight == Sight(frozenset({1, 2}))
    assert github.asked == 1
    github.reaches["ghu"] = Reach("bob", frozenset({2}))
    hands.now += RIGHTS_SECONDS
    narrowed = door.visitor(None, session)
    assert narrowed is not None
    assert narrowed.sight == Sight(frozenset({2}))


def test_who_lost_their_token_is_out_within_five_minutes() -> None:
    github, hands = GitHubSays({"ghu": Reach("Alice", frozenset())}), Hands()
    door = gate(github, hands)
    session = door.session_of("ghu")
    admin = door.visitor(None, session)
    assert admin is not None
    assert admin.sight.is_whole
    github.reaches.clear()
    hands.now += RIGHTS_SECONDS
    assert door.visitor(None, session) is None


def test_old_rights_do_not_stand_in_for_a_silent_github() -> None:
    github, hands = GitHubSays({"ghu": Reach("bob", frozenset({1}))}), Hands()
    door = gate(github, hands)
    session = door.session_of("ghu")
    door.visitor(None, session)
    github.is_up = False
    hands.now += RIGHTS_SECONDS
    with pytest.raises(ForgeUnavailable):
        door.visitor(None, session)


def test_sessions_end() -> None:
    github, hands = GitHubSays({"ghu": Reach("bob", frozenset({1}))}), Hands()
    door = gate(github, hands)
    sessions = [door.session_of("ghu"), door.session_of_admin()]
    hands.now += 3600
    assert all(door.visitor(None, each) for each in sessions)
    hands.now += 2
    assert not any(door.visitor(None, each) for each in sessions)


def test_signing_out_ends_the_session_and_no_other() -> None:
    door = gate(GitHubSays({"ghu": Reach("bob", frozenset({1}))}), Hands())
    people, admins = [
        [door.session_of("ghu") for _ in "ab"],
        [door.session_of_admin() for _ in "ab"],
    ]
    for copied, other in (people, admins):
        door.sign_out(copied)
        assert door.visitor(None, copied) is None
        assert door.visitor(None, other) is not None
    door.sign_out("no session")


def test_a_changed_token_ends_the_sessions_that_it_opened() -> None:
    github, hands = GitHubSays(), Hands()
    session = gate(github, hands).session_of_admin()
    assert gate(github, hands).visitor(None, session) is not None
    assert gate(github, hands, "another-administrators-token").visitor(None, session) is None
    assert gate(github, hands, "").visitor(None, session) is None


def test_no_token_is_no_key() -> None:
    door = gate(GitHubSays(), Hands(), "")
    for header in ("", "Bearer", "Bearer ", "bearer  "):
        assert door.visitor(header, None) is None


def test_what_was_sealed_for_one_purpose_or_ledger_opens_no_other() -> None:
    sealed = Seal(b"secret", "session", 60).close({"a": 1})
    assert Seal(b"secret", "session", 60).open(sealed) == {"a": 1}
    assert Seal(b"secret", "oauth", 60).open(sealed) is None
    assert Seal(b"another", "session", 60).open(sealed) is None
    assert Seal(b"secret", "session", 60).open(sealed[:-4] + "AAA=") is None
    assert Seal(b"secret", "session", 60).open("ü") is None
    assert Seal(b"secret", "session", 60).open(None) is None
