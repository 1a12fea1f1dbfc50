"""What people do with threads: it is heeded in the next review, and read back without one."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from reviewbot.ledger.database import open_database
from reviewbot.sandbox.github import Fault
from tests.journeys.driver import Driver, defect, wait_for
from tests.journeys.people import ALICE, MARIA, Person, first_finding, invite, replies

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.journeys.driver import Pull

_FILES = {"src/orders.py": defect()}
_PUSHED = {**_FILES, "src/more.py": ("more = 1",)}
_MENDED = {"src/orders.py": ("def find(cursor, state):", "    return cursor.all(state)")}
_GATED = {".reviewbot.yml": "fail_on: high"}


def _opened(bot: Driver, **fields: Any) -> Pull:
    invite(bot)
    pull = bot.open(_FILES, **fields)
    pull.deliver("opened")
    pull.wait_for_check()
    return pull


def _pushed(pull: Pull, files: dict[str, Any]) -> dict[str, Any]:
    """The check run after a push."""
    pull.push(files)
    pull.deliver("synchronize")
    return pull.wait_for_check()


def _resolve(bot: Driver, pull: Pull, who: Person) -> None:
    bot.github.threads.resolve(first_finding(bot, pull)["id"], who.login, who.id)


def _graphql(bot: Driver) -> int:
    return sum(path == "/graphql" for _, path, _ in bot.github.requests)


def _fates(url: str) -> dict[int, tuple[str, str]]:
    """What people made of the finding on each pull request, once that was read back."""
    with closing(open_database(url)) as database, database.snapshot() as session:
        rows = session.rows("SELECT number, acceptance, because FROM raised WHERE heard_at > 0")
    return {row[0]: (row[1], row[2]) for row in rows}


# --- resolved --------------------------------------------------------------------------------


def test_what_a_writer_resolved_is_not_raised_again_and_opens_the_gate(bot: Driver) -> None:
    pull = _opened(bot, base_files=_GATED)
    assert pull.wait_for_check()["conclusion"] == "failure"
    _resolve(bot, pull, MARIA)
    check = _pushed(pull, _PUSHED)
    assert check["conclusion"] == "success"
    assert len(pull.reviews) == 1
    assert "resolved by maria" in pull.summaries[0]["body"]


def test_an_author_who_resolves_a_grave_finding_opens_no_gate(bot: Driver) -> None:
    pull = _opened(bot, base_files=_GATED)
    _resolve(bot, pull, ALICE)
    check = _pushed(pull, _PUSHED)
    assert check["conclusion"] == "failure"
    assert len(pull.reviews) == 1, "it is not raised again"
    assert "resolved by alice, which does not silence it" in pull.summaries[0]["body"]


def test_a_person_who_lost_the_right_to_write_silences_nothing(bot: Driver) -> None:
    pull = _opened(bot, base_files=_GATED)
    _resolve(bot, pull, MARIA)
    bot.github.add_collaborator(MARIA.login, MARIA.id, "read")
    assert _pushed(pull, _PUSHED)["conclusion"] == "failure"


def test_a_thread_on_an_outdated_line_is_followed_and_one_opened_again_counts(
    bot: Driver,
) -> None:
    pull = _opened(bot, base_files=_GATED)
    _resolve(bot, pull, MARIA)
    assert _pushed(pull, _PUSHED)["conclusion"] == "success"
    assert first_finding(bot, pull)["line"] is None, "a push makes comments outdated"
    bot.github.threads.reopen(first_finding(bot, pull)["id"])
    assert _pushed(pull, {**_PUSHED, "a.py": ("a = 1",)})["conclusion"] == "failure"
    assert len(pull.reviews) == 1


def test_a_first_review_asks_no_graphql_and_a_server_without_it_is_no_trouble(
    bot: Driver,
) -> None:
    before = _graphql(bot)
    pull = _opened(bot)
    assert _graphql(bot) == before
    bot.github.faults.append(Fault("POST", "/graphql", 404))
    assert _pushed(pull, _PUSHED)["conclusion"] == "success"
    assert (len(pull.reviews), _graphql(bot)) == (1, before + 1)


# --- fixed -----------------------------------------------------------------------------------


@pytest.fixture
def writing_bot(tmp_path: Path) -> Iterator[Driver]:
    """A service whose App may write to the code."""
    database = f"sqlite:///{tmp_path / 'ledger.db'}"
    with Driver(tmp_path, database, contents="write") as driver:
        driver.serve(LIMITS__DEBOUNCE_SECONDS="0")
        yield driver


def _is_resolved(bot: Driver, pull: Pull) -> bool:
    with pytest.raises(KeyError):
        bot.github.threads.reopen(first_finding(bot, pull)["id"])
    return False


def test_the_thread_of_what_was_fixed_says_so_and_is_resolved_and_may_come_back(
    writing_bot: Driver,
) -> None:
    bot = writing_bot
    pull = _opened(bot)
    _pushed(pull, _MENDED)
    assert ["Fixed" in each for each in replies(bot, pull)] == [True]
    first = first_finding(bot, pull)["id"]
    bot.github.threads.reopen(first)  # raises where it is not resolved
    bot.github.threads.resolve(first, ALICE.login, ALICE.id)
    assert _pushed(pull, _PUSHED)["conclusion"] == "success"
    assert len(pull.reviews) == 2, "what comes back after it was fixed is raised anew"


def test_without_the_right_to_the_code_the_thread_says_fixed_and_stays_open(bot: Driver) -> None:
    pull = _opened(bot)
    _pushed(pull, _MENDED)
    assert ["Fixed" in each for each in replies(bot, pull)] == [True]
    assert not _is_resolved(bot, pull)
    assert not [each for each in bot.github.requests if each[1:] == ("/graphql", 403)]


# --- read back -------------------------------------------------------------------------------


def test_closing_reads_back_what_people_said_without_asking_a_model(
    own_bot: Driver, database_url: str
) -> None:
    own_bot.serve(LIMITS__DEBOUNCE_SECONDS="0")
    pulls = [_opened(own_bot) for _ in range(4)]
    liked, disliked, resolved, untouched = pulls
    own_bot.github.threads.react(first_finding(own_bot, liked)["id"], "+1", MARIA.login, MARIA.id)
    own_bot.github.threads.react(
        first_finding(own_bot, disliked)["id"], "-1", ALICE.login, ALICE.id
    )
    _resolve(own_bot, resolved, ALICE)
    _rests(own_bot)
    asked, begun = len(own_bot.model.calls), len(own_bot.github.requests)
    for pull in pulls:
        own_bot.github.close_pull(pull.number, pull.repository, merged=True)
        assert pull.deliver("closed").status == 202
    fates = wait_for("four pull requests read back", lambda: _four(database_url))
    assert fates == {
        liked.number: ("accepted", "thumbs"),
        disliked.number: ("rejected", "thumbs"),
        resolved.number: ("accepted", "resolved"),
        untouched.number: ("unknown", ""),
    }
    assert len(own_bot.model.calls) == asked
    asked_for = [path for _, path, _ in own_bot.github.requests[begun:]]
    # The service looks for missed deliveries when it likes.
    assert len([path for path in asked_for if path != "/app/hook/deliveries"]) == 2 * len(pulls)
    assert pulls[0].deliver("closed").status == 202, "a delivery that comes twice does no harm"


def _rests(bot: Driver) -> None:
    """Wait until no review is under way, not even one that has only its row to finish."""
    wait_for("an empty desk", lambda: not bot.desk.waiting())


def _four(url: str) -> dict[int, tuple[str, str]]:
    fates = _fates(url)
    return fates if len(fates) == 4 else {}


def test_closing_what_reviewbot_never_commented_on_asks_nothing(bot: Driver) -> None:
    pull = bot.open(_MENDED)
    pull.deliver("opened")
    pull.wait_for_check()
    _rests(bot)
    begun = len(pull.requests)
    bot.github.close_pull(pull.number, pull.repository)
    assert pull.deliver("closed").status == 204
    assert len(pull.requests) == begun
