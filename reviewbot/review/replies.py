"""What reviewbot answers to commands, as people read it on GitHub."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviewbot.domain.finding import Tier
from reviewbot.domain.money import format_usd
from reviewbot.review import wording
from reviewbot.review.policy_origin import as_yaml

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reviewbot.domain.command import Help
    from reviewbot.domain.errors import BudgetExhausted, PolicyError
    from reviewbot.domain.money import PicoUsd
    from reviewbot.domain.posted import PostedFinding
    from reviewbot.domain.pull_request import PullRequest
    from reviewbot.domain.spent import Spent
    from reviewbot.review.policy_file import Layer

_COMMANDS = (
    ("review", "looks at this pull request again, under the policy's rules"),
    ("review full", "the same, though it is paused, a draft, or otherwise skipped"),
    ("ask QUESTION", "answers a question about the change, or about a thread inside it"),
    ("explain", "in a thread: explains the finding"),
    ("pause", "no reviews here until `resume`"),
    ("resume", "ends the pause"),
    ("ignore", "in a thread: this finding no longer counts here; it stays listed"),
    ("ignore rule", "in a thread: nor does anything that cites the same rule"),
    ("resolve", "says in the threads of all findings that they are answered"),
    ("cost", "what this pull request has cost"),
    ("approve-cost", "lets a review that waits for it cost what its check says"),
    ("config", "the policy that holds here, and where each value comes from"),
    ("help", "this list"),
)


def refused() -> str:
    """Somebody without write access gave a command; said once a pull request."""
    return (
        "Thank you, but I take commands only from people with write access to this repository."
        " This is said once on a pull request."
    )


def help_with(asked: Help) -> str:
    """All commands; first the likeliest one where a word was none."""
    lines: list[str] = []
    if asked.unknown:
        near = f" Did you mean `/reviewbot {asked.nearest}`?" if asked.nearest else ""
        lines = [f"I do not know {wording.code_span(asked.unknown)} as a command.{near}", ""]
    rows = [f"| `/reviewbot {said}` | {does} |" for said, does in _COMMANDS]
    return "\n".join([*lines, "| command | does |", "|---|---|", *rows])


def will_review(why_not: str | None) -> str:
    """The pull request is on the desk; *why_not* says why it would be skipped there."""
    if why_not is None:
        return "It will be reviewed. What was read before costs nothing again."
    return (
        f"It would not be reviewed: {wording.markdown(why_not)}."
        " `/reviewbot review full` reviews it all the same."
    )


def will_review_in_full() -> str:
    """The same for ``review full``."""
    return "It will be reviewed, whatever would skip it. What was read before costs nothing again."


def closed() -> str:
    """There is nothing to review."""
    return "This pull request is closed, so it is not reviewed."


def paused() -> str:
    """Reviews are paused."""
    return (
        "Reviews of this pull request are paused. `/reviewbot resume` ends that;"
        " `/reviewbot review full` asks for a single one."
    )


def resumed() -> str:
    """The pause is over."""
    return "The pause is over; what was pushed meanwhile will be reviewed."


def only_in_a_finding_s_thread(verb: str) -> str:
    """The command makes sense only as a reply to a finding."""
    return f"`/reviewbot {verb}` is for the thread of one of my findings: reply there."


def silenced(finding: PostedFinding) -> str:
    """The finding no longer counts."""
    return (
        f"{wording.code_span(finding.path)}: “{wording.markdown(finding.title)}” is silenced in"
        " this pull request. It stays listed, and no longer counts for the check."
    )


def silenced_rule(rule: str) -> str:
    """Nothing that cites the rule counts."""
    return (
        f"What cites the rule {wording.code_span(rule)} is silenced in this pull request. It stays"
        " listed, and no longer counts for the check."
    )


def no_rule() -> str:
    """The finding cites no rule."""
    return "This finding cites no rule. `/reviewbot ignore` silences the finding itself."


def not_your_own() -> str:
    """The author may not silence grave findings."""
    return (
        "A finding of severity high or above is silenced by somebody with write access who is"
        " not the author of this pull request."
    )


def answered(login: str) -> str:
    """Said in each thread by ``resolve``; the login is GitHub's, and no mention."""
    return f"✔ {wording.code_span(login)} marked this thread as answered."


def resolved(threads: int) -> str:
    """What ``resolve`` did, and what it cannot do."""
    if not threads:
        return "There is no thread of an open finding here."
    said = "1 thread says" if threads == 1 else f"{threads} threads say"
    return (
        f"{said} now that they are answered. The findings still count for the check until their"
        " code changes, or `/reviewbot ignore` silences them; collapsing a thread is up to people:"
        " it would take the right to write to the code."
    )


def cost(spent: Sequence[Spent], limit: PicoUsd) -> str:
    """What the pull request has cost so far, by tier and occasion."""
    total = sum(each.settled + each.presumed for each in spent)
    first = f"This pull request has cost **{format_usd(total)}** of {format_usd(limit)}."
    if not spent:
        return f"{first} No model was asked."
    rows = [
        f"| {_occasion(each)} | {each.calls} | {each.tokens_in:,} | {each.tokens_out:,} |"
        f" {format_usd(each.settled)} | {format_usd(each.presumed)} |"
        for each in spent
    ]
    head = "| for | calls | tokens in | tokens out | settled | presumed |"
    return "\n".join([first, "", head, "|---|--:|--:|--:|--:|--:|", *rows])


def _occasion(spent: Spent) -> str:
    if spent.is_answer:
        return "answers to questions"
    return "second look" if spent.tier is Tier.STRONG else "first reading"


def approved(pull: PullRequest) -> str:
    """The held review goes on."""
    return f"The cost of reviewing `{pull.head_sha[:10]}` is approved; it will be reviewed."


def other_head(pull: PullRequest) -> str:
    """A newer commit came after the one that was approved."""
    return (
        "That commit is no longer the head of this pull request, so nothing is approved. The head"
        f" is `{pull.head_sha[:10]}`; its check says whether it waits."
    )


def nothing_waits(pull: PullRequest) -> str:
    """Nothing is held up."""
    return f"No review of `{pull.head_sha[:10]}` waited for approval when you wrote this."


def config(layers: Sequence[Layer]) -> str:
    """The effective policy, and who said what of it."""
    lines = wording.visible(as_yaml(layers)).split("\n")
    told = "The policy that holds here; behind each value that is no default, who set it:\n\n"
    return told + wording.code_block(lines, "yaml")


def unusable_policy(error: PolicyError) -> str:
    """The policy cannot be read."""
    return f"The policy cannot be used: {wording.markdown(str(error))}"


def no_room(error: BudgetExhausted, most: PicoUsd) -> str:
    """The ledger granted nothing for an answer."""
    if error.scope.startswith("review:"):
        return f"An answer may cost {format_usd(most)} at the most, and this one could cost more."
    return f"This is not answered: {wording.markdown(str(error))}."


def too_many_questions(most: int) -> str:
    """The person's questions of the day are used up."""
    return f"A person may ask {most} questions a day (UTC), and yours are used up. Ask tomorrow."


def no_answer() -> str:
    """No model gave an answer."""
    return "No model gave a usable answer. Ask again in a while."


def gave_up() -> str:
    """The command failed again and again."""
    return "This command failed again and again, so I gave up on it. Write it once more to retry."
