"""People who comment on pull requests, and what they read in answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.journeys.driver import wait_for

if TYPE_CHECKING:
    from tests.journeys.driver import Driver, Pull


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account, and perhaps a role."""

    login: str
    id: int
    role: str = ""


ALICE = Person("alice", 7, "write")  # the author of every pull request
MARIA = Person("maria", 8, "maintain")
MALLORY = Person("mallory", 666)


def invite(bot: Driver) -> None:
    """Let everybody have an account."""
    for person in (ALICE, MARIA, MALLORY):
        bot.github.add_collaborator(person.login, person.id, person.role)


def write(bot: Driver, pull: Pull, text: str, who: Person = MARIA) -> dict[str, Any]:
    """Comment below a pull request."""
    comment = bot.github.add_issue_comment(pull.number, text, who.login, who.id, pull.repository)
    assert pull.tell(comment).status in {202, 204}
    return comment


def reply(bot: Driver, pull: Pull, text: str, who: Person = MARIA) -> dict[str, Any]:
    """Reply in the thread of the first finding of a pull request."""
    comment = bot.github.add_reply(first_finding(bot, pull)["id"], text, who.login, who.id)
    assert pull.tell(comment).status in {202, 204}
    return comment


def first_finding(bot: Driver, pull: Pull) -> dict[str, Any]:
    """The first comment on a line."""
    return next(each for each in _on_lines(bot, pull) if "in_reply_to_id" not in each)


def answers(pull: Pull) -> list[str]:
    """What reviewbot said below a pull request, without its summary."""
    ours = [each["body"] for each in pull.summaries if each["user"]["type"] == "Bot"]
    return [body for body in ours if "reviewbot:summary:" not in body]


def replies(bot: Driver, pull: Pull) -> list[str]:
    """What reviewbot replied in threads."""
    return [
        each["body"]
        for each in _on_lines(bot, pull)
        if "in_reply_to_id" in each and each["user"]["type"] == "Bot"
    ]


def answered(bot: Driver, pull: Pull, text: str, who: Person = MARIA) -> str:
    """Comment, and read the answer to that."""
    before = len(answers(pull))
    write(bot, pull, text, who)
    wait_for(f"an answer to {text}", lambda: len(answers(pull)) > before)
    return answers(pull)[-1]


def replied(bot: Driver, pull: Pull, text: str, who: Person = MARIA) -> str:
    """Reply in the first thread, and read the reply to that."""
    before = len(replies(bot, pull))
    reply(bot, pull, text, who)
    wait_for(f"a reply to {text}", lambda: len(replies(bot, pull)) > before)
    return replies(bot, pull)[-1]


def eyes(bot: Driver, comment: dict[str, Any]) -> int:
    """How many reactions show that a comment was seen."""
    seen = [each for each in bot.github.reactions if each["comment_id"] == comment["id"]]
    return sum(each["content"] == "eyes" for each in seen)


def _on_lines(bot: Driver, pull: Pull) -> list[dict[str, Any]]:
    address = f"/repos/{pull.repository}/pulls/{pull.number}"
    comments = bot.github.review_comments
    return [each for each in comments if each["pull_request_url"].endswith(address)]
