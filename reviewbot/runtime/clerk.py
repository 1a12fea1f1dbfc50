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
    Describe,
    Explain,
    Help,
    Ignore,
    Improve,
    Pause,
    Resolve,
    Resume,
    Review,
    read_command,
)
from reviewbot.domain.errors import BudgetExhausted, ModelError, PolicyError
from reviewbot.domain.finding import Severity
from reviewbot.domain.phrase import Phrase
from reviewbot.domain.pull_request import ReviewRequest, Wish
from reviewbot.domain.ruling import Silence
from reviewbot.ledger.reviews import Reviews
from reviewbot.review import describe, improve, replies
from reviewbot.review.ask import MOST, Asked, answer_question
from reviewbot.review.conduct import reason_to_skip
from reviewbot.review.policy_file import effective_policy, layers
from reviewbot.review.silence import may_silence
from reviewbot.review.words import in_language
from reviewbot.runtime.unwatched import Unwatched

if TYPE_CHECKING:
    from collections.abc import Callable

    from reviewbot.domain.command import Command, CommandWish
    from reviewbot.domain.money import PicoUsd
    from reviewbot.domain.policy import Policy
    from reviewbot.domain.pull_request import PullRequest
    from reviewbot.domain.thread import Thread
    from reviewbot.github.conversation import Conversation
    from reviewbot.ledger.commands import CommandClaim, Commands
    from reviewbot.ledger.desk import Desk
    from reviewbot.ledger.rulings import SqlRulings
    from reviewbot.review.policy_file import Layer
    from reviewbot.review.ports import Forge
    from reviewbot.review.words import Words
    from reviewbot.runtime.core import Core

QUESTIONS_A_DAY = 20  # of one person
_QUESTIONS = ("ask", "explain", "describe", "improve")  # what models are asked for
_EXPLAIN = (
    "Explain the finding of this thread to somebody who does not see it yet: which input or"
    " sequence goes wrong, through which lines, and what would mend it."
)
_Question = Ask | Explain | Describe | Improve
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
        forge = self.forge(wish.installation_id)
        if not conversation.may_command(wish):
            conversation.refuse(wish, lambda: replies.refused(self._words(forge, wish)))
            return
        conversation.look(wish)
        task = _Task(self, claim, conversation, forge, self._words(forge, wish))
        conversation.answer(wish, task.reply(read_command(wish.said)))

    def give_up(self, wish: CommandWish) -> None:
        """Say, once, that nobody tries any more."""
        say = in_language(self.core.house().policy.language)
        self.conversation(wish.installation_id).answer(wish, replies.gave_up(say))

    def words(self, forge: Forge, pull: PullRequest) -> Words:
        """The words of the policy's language; the server's where the policy cannot be used."""
        server = self.core.house().policy
        try:
            policy = effective_policy(forge.base_files(pull), server)
        except PolicyError:
            policy = server
        return in_language(policy.language)

    def _words(self, forge: Forge, wish: CommandWish) -> Words:
        return self.words(forge, forge.pull_request(_request(wish)))


@dataclass(frozen=True, slots=True)
class _Task:
    """One command in the works."""

    clerk: Clerk
    claim: CommandClaim
    conversation: Conversation
    forge: Forge
    say: Words

    @property
    def wish(self) -> CommandWish:
        return self.claim.wish

    def reply(self, command: Command) -> str:
        """What is answered, after it was done."""
        try:
            if isinstance(command, _Decision):
                return self._decide(command)
            if isinstance(command, _Question):
                return self._consult(command)
            return self._tell(command)
        except PolicyError as error:
            return replies.unusable_policy(error, self.say)

    def _decide(self, command: _Decision) -> str:
        match command:
            case Review(full=full):
                return self._review(full=full)
            case Pause():
                self.clerk.rulings.pause(self.wish.key, self.wish.sender)
                return replies.paused(self.say)
            case Resume():
                self.clerk.rulings.resume(self.wish.key)
                self._put_on_desk(full=False)
                return replies.resumed(self.say)
            case Ignore(what=what):
                return self._ignore(what)
            case Resolve():
                said = replies.answered(self.wish.sender.login, self.say)
                return replies.resolved(self.conversation.resolve(self.wish, said), self.say)
            case ApproveCost(head=head):
                return self._approve(head)
            case _:
                assert_never(command)

    def _consult(self, command: _Question) -> str:
        match command:
            case Ask(question=question):
                return self._answer(question, self.conversation.thread(self.wish))
            case Explain():
                thread = self.conversation.thread(self.wish)
                if thread is None:
                    return replies.only_in_a_finding_s_thread("explain", self.say)
                return self._answer(_EXPLAIN, thread)
            case Describe():
                return self._metered(describe.MOST, self._describe)
            case Improve():
                return self._metered(improve.MOST, self._improve)
            case _:
                assert_never(command)

    def _tell(self, command: Cost | Config | Help) -> str:
        match command:
            case Cost():
                spent = Reviews(self.clerk.core.database).spent(self.wish.key)
                return replies.cost(spent, self._policy(self._pull()).budget.per_pr, self.say)
            case Config():
                return replies.config(self._layers(self._pull()), self.say)
            case Help():
                return replies.help_with(command, self.say)
            case _:
                assert_never(command)

    # --- decisions ---------------------------------------------------------------------------

    def _review(self, *, full: bool) -> str:
        pull = self._pull()
        if not pull.is_open:
            return replies.closed(self.say)
        self._put_on_desk(full=full)
        if full:
            return replies.will_review_in_full(self.say)
        if who := self.clerk.rulings.paused_by(self.wish.key):
            return replies.will_review(Phrase("{who} paused its reviews", who=who), self.say)
        return replies.will_review(reason_to_skip(pull, self._policy(pull)), self.say)

    def _ignore(self, what: Breadth) -> str:
        thread = self.conversation.thread(self.wish)
        finding = thread.finding if thread else None
        if finding is None:
            return replies.only_in_a_finding_s_thread("ignore", self.say)
        sender, name, up_to = self.wish.sender, finding.fingerprint, finding.severity
        if not may_silence(sender.id, self._pull().author.id, finding.severity):
            return replies.not_your_own(self.say)
        if what is Breadth.RULE:
            name = Reviews(self.clerk.core.database).rule_of(self.wish.key, finding.fingerprint)
            up_to = Severity.CRITICAL
        if not name:
            return replies.no_rule(self.say)
        self.clerk.rulings.silence(self.wish.key, Silence(what, name, sender, up_to))
        if not self.clerk.rulings.paused_by(self.wish.key):
            self._put_on_desk(full=True)  # so that the check says what holds now
        if what is Breadth.RULE:
            return replies.silenced_rule(name, self.say)
        return replies.silenced(finding, self.say)

    def _approve(self, head: str) -> str:
        pull = self._pull()
        if not pull.head_sha.startswith(head):
            return replies.other_head(pull, self.say)
        if not self.clerk.rulings.approve(pull, self.wish.sender, self.claim.at):
            return replies.nothing_waits(pull, self.say)
        self._put_on_desk(full=True)
        return replies.approved(pull, self.say)

    def _put_on_desk(self, *, full: bool) -> None:
        """Once a command, however often it is started again."""
        wish = self.wish
        self.clerk.desk.record(
            f"command {wish.name}",
            Wish(wish.key, wish.repository, wish.installation_id, "command", full),
        )

    # --- answers -----------------------------------------------------------------------------

    def _answer(self, question: str, thread: Thread | None) -> str:
        core = self.clerk.core
        asked = Asked(self.wish.name, _request(self.wish), question, thread)
        ports, house = core.ports(self.forge, Unwatched()), core.house()
        return self._metered(MOST, lambda: answer_question(asked, ports, house))

    def _describe(self) -> str:
        core, request = self.clerk.core, _request(self.wish)
        ports = core.ports(self.forge, Unwatched())
        told = describe.describe_pull_request(self.wish.name, request, ports, core.house())
        if told.in_body and self.conversation.suggesting.describe(
            told.pull, told.words, told.walkthrough
        ):
            return replies.described(self.say)
        return "\n\n".join(filter(None, (told.words, told.walkthrough)))

    def _improve(self) -> str:
        core, request = self.clerk.core, _request(self.wish)
        suggesting = self.conversation.suggesting
        if url := suggesting.suggested(self.wish):
            return replies.suggested(url, self.say)
        ports = core.ports(self.forge, Unwatched())
        told = improve.improve_pull_request(self.wish.name, request, ports, core.house())
        if not told.comments:
            return replies.nothing_to_suggest(told.note, self.say)
        url = suggesting.suggest(self.wish, told.pull, told.comments, told.body, told.fallback)
        return replies.suggested(url, self.say)

    def _metered(self, most: PicoUsd, answer: Callable[[], str]) -> str:
        """What a model is asked for: so often a person and day, and within its budgets."""
        if self.clerk.commands.rank_today(self.claim, _QUESTIONS) > QUESTIONS_A_DAY:
            return replies.too_many_questions(QUESTIONS_A_DAY, self.say)
        try:
            return answer()
        except BudgetExhausted as error:
            return replies.no_room(error, most, self.say)
        except ModelError:
            return replies.no_answer(self.say)

    # --- what is current ---------------------------------------------------------------------

    def _pull(self) -> PullRequest:
        return self.forge.pull_request(_request(self.wish))

    def _policy(self, pull: PullRequest) -> Policy:
        return self._layers(pull)[-1].policy

    def _layers(self, pull: PullRequest) -> tuple[Layer, ...]:
        return layers(self.forge.base_files(pull), self.clerk.core.house().policy)


def _request(wish: CommandWish) -> ReviewRequest:
    return ReviewRequest(wish.repository, wish.key.number, "command", wish.installation_id)
