"""Carries out what people command in comments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from reviewbot.domain.command import (
    ApproveCost,
    Ask,
    Breadth,
    Config,
    Cost,
    Explain,
    Help,
    Ignore,
    Pause,
    Resolve,
    Resume,
    Review,
    read_command,
)
from reviewbot.domain.errors import BudgetExhausted, ModelError, PolicyError
from reviewbot.domain.finding import Severity
from reviewbot.domain.pull_request import ReviewRequest, Wish
from reviewbot.domain.ruling import Silence
from reviewbot.ledger.reviews import Reviews
from reviewbot.review import replies
from reviewbot.review.ask import MOST, Asked, answer_question
from reviewbot.review.conduct import reason_to_skip
from reviewbot.review.policy_file import layers
from reviewbot.review.silence import may_silence
from reviewbot.runtime.unwatched import Unwatched

if TYPE_CHECKING:
    from collections.abc import Callable

    from reviewbot.domain.command import Command, CommandWish
    from reviewbot.domain.policy import Policy
    from reviewbot.domain.pull_request import PullRequest
    from reviewbot.domain.thread import Thread
    from reviewbot.github.conversation import Conversation
    from reviewbot.ledger.commands import CommandClaim, Commands
    from reviewbot.ledger.desk import Desk
    from reviewbot.ledger.rulings import SqlRulings
    from reviewbot.review.policy_file import Layer
    from reviewbot.review.ports import Forge
    from reviewbot.runtime.core import Core

QUESTIONS_A_DAY = 20  # of one person
_QUESTIONS = ("ask", "explain")
_EXPLAIN = (
    "Explain the finding of this thread to somebody who does not see it yet: which input or"
    " sequence goes wrong, through which lines, and what would mend it."
)
_Decision = Review | Pause | Resume | Ignore | Resolve | ApproveCost


@dataclass(frozen=True, slots=True)
class Clerk:
    """Everything that commands may read or change."""

    core: Core
    desk: Desk
    commands: Commands
    rulings: SqlRulings
    forge: Callable[[int], Forge]
    conversation: Callable[[int], Conversation]

    def carry_out(self, claim: CommandClaim) -> None:
        """Do what was asked and answer in place; may run again after a crash.

        Raises ForgeError and LedgerError: then it is to be tried again.
        """
        wish = claim.wish
        conversation = self.conversation(wish.installation_id)
        if not conversation.may_command(wish):
            conversation.refuse(wish, replies.refused())
            return
        conversation.look(wish)
        task = _Task(self, claim, conversation, self.forge(wish.installation_id))
        conversation.answer(wish, task.reply(read_command(wish.said)))

    def give_up(self, wish: CommandWish) -> None:
        """Say, once, that nobody tries any more."""
        self.conversation(wish.installation_id).answer(wish, replies.gave_up())


@dataclass(frozen=True, slots=True)
class _Task:
    """One command in the works."""

    clerk: Clerk
    claim: CommandClaim
    conversation: Conversation
    forge: Forge

    @property
    def wish(self) -> CommandWish:
        return self.claim.wish

    def reply(self, command: Command) -> str:
        """What is answered, after it was done."""
        try:
            if isinstance(command, _Decision):
                return self._decide(command)
            return self._tell(command)
        except PolicyError as error:
            return replies.unusable_policy(error)

    def _decide(self, command: _Decision) -> str:
        match command:
            case Review(full=full):
                return self._review(full=full)
            case Pause():
                self.clerk.rulings.pause(self.wish.key, self.wish.sender)
                return replies.paused()
            case Resume():
                self.clerk.rulings.resume(self.wish.key)
                self._put_on_desk(full=False)
                return replies.resumed()
            case Ignore(what=what):
                return self._ignore(what)
            case Resolve():
                login = self.wish.sender.login
                return replies.resolved(
                    self.conversation.resolve(self.wish, replies.answered(login))
                )
            case ApproveCost(head=head):
                return self._approve(head)
            case _:
                assert_never(command)

    def _tell(self, command: Ask | Explain | Cost | Config | Help) -> str:
        match command:
            case Ask(question=question):
                return self._answer(question, self.conversation.thread(self.wish))
            case Explain():
                thread = self.conversation.thread(self.wish)
                if thread is None:
                    return replies.only_in_a_finding_s_thread("explain")
                return self._answer(_EXPLAIN, thread)
            case Cost():
                spent = Reviews(self.clerk.core.database).spent(self.wish.key)
                return replies.cost(spent, self._policy(self._pull()).budget.per_pr)
            case Config():
                return replies.config(self._layers(self._pull()))
            case Help():
                return replies.help_with(command)
            case _:
                assert_never(command)

    # --- decisions ---------------------------------------------------------------------------

    def _review(self, *, full: bool) -> str:
        pull = self._pull()
        if not pull.is_open:
            return replies.closed()
        self._put_on_desk(full=full)
        if full:
            return replies.will_review_in_full()
        if who := self.clerk.rulings.paused_by(self.wish.key):
            return replies.will_review(f"{who} paused its reviews")
        return replies.will_review(reason_to_skip(pull, self._policy(pull)))

    def _ignore(self, what: Breadth) -> str:
        thread = self.conversation.thread(self.wish)
        finding = thread.finding if thread else None
        if finding is None:
            return replies.only_in_a_finding_s_thread("ignore")
        sender, name, up_to = self.wish.sender, finding.fingerprint, finding.severity
        if not may_silence(sender.id, self._pull().author.id, finding.severity):
            return replies.not_your_own()
        if what is Breadth.RULE:
            name = Reviews(self.clerk.core.database).rule_of(self.wish.key, finding.fingerprint)
            up_to = Severity.CRITICAL
        if not name:
            return replies.no_rule()
        self.clerk.rulings.silence(self.wish.key, Silence(what, name, sender, up_to))
        if not self.clerk.rulings.paused_by(self.wish.key):
            self._put_on_desk(full=True)  # so that the check says what holds now
        return replies.silenced_rule(name) if what is Breadth.RULE else replies.silenced(finding)

    def _approve(self, head: str) -> str:
        pull = self._pull()
        if not pull.head_sha.startswith(head):
            return replies.other_head(pull)
        if not self.clerk.rulings.approve(pull, self.wish.sender, self.claim.at):
            return replies.nothing_waits(pull)
        self._put_on_desk(full=True)
        return replies.approved(pull)

    def _put_on_desk(self, *, full: bool) -> None:
        """Once a command, however often it is started again."""
        wish = self.wish
        self.clerk.desk.record(
            f"command {wish.name}",
            Wish(wish.key, wish.repository, wish.installation_id, "command", full),
        )

    # --- answers -----------------------------------------------------------------------------

    def _answer(self, question: str, thread: Thread | None) -> str:
        if self.clerk.commands.rank_today(self.claim, _QUESTIONS) > QUESTIONS_A_DAY:
            return replies.too_many_questions(QUESTIONS_A_DAY)
        core = self.clerk.core
        asked = Asked(self.wish.name, self._request(), question, thread)
        try:
            return answer_question(asked, core.ports(self.forge, Unwatched()), core.house())
        except BudgetExhausted as error:
            return replies.no_room(error, MOST)
        except ModelError:
            return replies.no_answer()

    # --- what is current ---------------------------------------------------------------------

    def _request(self) -> ReviewRequest:
        wish = self.wish
        return ReviewRequest(wish.repository, wish.key.number, "command", wish.installation_id)

    def _pull(self) -> PullRequest:
        return self.forge.pull_request(self._request())

    def _policy(self, pull: PullRequest) -> Policy:
        return self._layers(pull)[-1].policy

    def _layers(self, pull: PullRequest) -> tuple[Layer, ...]:
        return layers(self.forge.base_files(pull), self.clerk.core.house().policy)
