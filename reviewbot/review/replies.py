"""What reviewbot answers to commands, as people read it on GitHub."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviewbot.domain.finding import Severity, Tier
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
    from reviewbot.review.words import Words


def _commands(say: Words) -> tuple[tuple[str, str], ...]:
    """Every command and what it does; what is typed is the same in every language."""
    return (
        ("review", say("looks at this pull request again, under the policy's rules")),
        ("review full", say("the same, though it is paused, a draft, or otherwise skipped")),
        (
            f"ask {say('QUESTION')}",
            say("answers a question about the change, or about a thread inside it"),
        ),
        ("explain", say("in a thread: explains the finding")),
        ("describe", say("says what this pull request changes and why, file by file")),
        ("improve", say("suggests improvements of the changed lines, to be committed as they are")),
        ("pause", say("no reviews here until `resume`")),
        ("resume", say("ends the pause")),
        ("ignore", say("in a thread: this finding no longer counts here; it stays listed")),
        ("ignore rule", say("in a thread: nor does anything that cites the same rule")),
        ("resolve", say("says in the threads of all findings that they are answered")),
        ("cost", say("what this pull request has cost")),
        ("approve-cost", say("lets a review that waits for it cost what its check says")),
        ("config", say("the policy that holds here, and where each value comes from")),
        ("help", say("this list")),
    )


def refused(say: Words) -> str:
    """Somebody without write access gave a command; said once a pull request."""
    return say(
        "Thank you, but I take commands only from people with write access to this repository."
        " This is said once on a pull request."
    )


def help_with(asked: Help, say: Words) -> str:
    """All commands; first the likeliest one where a word was none."""
    lines: list[str] = []
    if asked.unknown:
        word = wording.code_span(asked.unknown)
        lines = [say("I do not know {word} as a command.", word=word), ""]
        if asked.nearest:
            near = say("Did you mean `/reviewbot {verb}`?", verb=asked.nearest)
            lines[0] = f"{lines[0]} {near}"
    rows = [f"| `/reviewbot {said}` | {does} |" for said, does in _commands(say)]
    return "\n".join([*lines, say("| command | does |"), "|---|---|", *rows])


def will_review(why_not: str | None, say: Words) -> str:
    """The pull request is on the desk; *why_not* says why it would be skipped there."""
    if why_not is None:
        return say("It will be reviewed. What was read before costs nothing again.")
    return say(
        "It would not be reviewed: {why}. `/reviewbot review full` reviews it all the same.",
        why=wording.markdown(say.told(why_not)),
    )


def will_review_in_full(say: Words) -> str:
    """The same for ``review full``."""
    return say(
        "It will be reviewed, whatever would skip it. What was read before costs nothing again."
    )


def closed(say: Words) -> str:
    """There is nothing to review."""
    return say("This pull request is closed, so it is not reviewed.")


def paused(say: Words) -> str:
    """Reviews are paused."""
    return say(
        "Reviews of this pull request are paused. `/reviewbot resume` ends that;"
        " `/reviewbot review full` asks for a single one."
    )


def resumed(say: Words) -> str:
    """The pause is over."""
    return say("The pause is over; what was pushed meanwhile will be reviewed.")


def only_in_a_finding_s_thread(verb: str, say: Words) -> str:
    """The command makes sense only as a reply to a finding."""
    return say(
        "`/reviewbot {verb}` is for the thread of one of my findings: reply there.", verb=verb
    )


def silenced(finding: PostedFinding, say: Words) -> str:
    """The finding no longer counts."""
    return say(
        "{path}: “{title}” is silenced in this pull request. It stays listed, and no longer counts"
        " for the check.",
        path=wording.code_span(finding.path),
        title=wording.markdown(finding.title),
    )


def silenced_rule(rule: str, say: Words) -> str:
    """Nothing that cites the rule counts."""
    return say(
        "What cites the rule {rule} is silenced in this pull request. It stays listed, and no"
        " longer counts for the check.",
        rule=wording.code_span(rule),
    )


def no_rule(say: Words) -> str:
    """The finding cites no rule."""
    return say("This finding cites no rule. `/reviewbot ignore` silences the finding itself.")


def not_your_own(say: Words) -> str:
    """The author may not silence grave findings."""
    return say(
        "A finding of severity {severity} or above is silenced by somebody with write access who"
        " is not the author of this pull request.",
        severity=Severity.HIGH,
    )


def answered(login: str, say: Words) -> str:
    """Said in each thread by ``resolve``; the login is GitHub's, and no mention."""
    return say("✔ {login} marked this thread as answered.", login=wording.code_span(login))


def resolved(threads: int, say: Words) -> str:
    """What ``resolve`` did, and what it cannot do."""
    if not threads:
        return say("There is no thread of an open finding here.")
    return say(
        "{count} threads say now that they are answered. The findings still count for the check"
        " until their code changes, or `/reviewbot ignore` silences them; collapsing a thread is up"
        " to people: it would take the right to write to the code.",
        one="{count} thread says now that it is answered. The findings still count for the check"
        " until their code changes, or `/reviewbot ignore` silences them; collapsing a thread is up"
        " to people: it would take the right to write to the code.",
        count=threads,
    )


def cost(spent: Sequence[Spent], limit: PicoUsd, say: Words) -> str:
    """What the pull request has cost so far, by tier and occasion."""
    total = sum(each.settled + each.presumed for each in spent)
    first = say(
        "This pull request has cost **{total}** of {limit}.",
        total=format_usd(total),
        limit=format_usd(limit),
    )
    if not spent:
        return f"{first} {say('No model was asked.')}"
    rows = [
        f"| {_occasion(each, say)} | {each.calls} | {each.tokens_in:,} | {each.tokens_out:,} |"
        f" {format_usd(each.settled)} | {format_usd(each.presumed)} |"
        for each in spent
    ]
    head = say("| for | calls | tokens in | tokens out | settled | presumed |")
    return "\n".join([first, "", head, "|---|--:|--:|--:|--:|--:|", *rows])


def _occasion(spent: Spent, say: Words) -> str:
    if spent.is_answer:
        return say("answers to questions")
    return say("second look") if spent.tier is Tier.STRONG else say("first reading")


def approved(pull: PullRequest, say: Words) -> str:
    """The held review goes on."""
    return say(
        "The cost of reviewing `{head}` is approved; it will be reviewed.", head=pull.head_sha[:10]
    )


def other_head(pull: PullRequest, say: Words) -> str:
    """A newer commit came after the one that was approved."""
    return say(
        "That commit is no longer the head of this pull request, so nothing is approved. The head"
        " is `{head}`; its check says whether it waits.",
        head=pull.head_sha[:10],
    )


def nothing_waits(pull: PullRequest, say: Words) -> str:
    """Nothing is held up."""
    return say(
        "No review of `{head}` waited for approval when you wrote this.", head=pull.head_sha[:10]
    )


def config(layers: Sequence[Layer], say: Words) -> str:
    """The effective policy, and who said what of it."""
    lines = wording.visible(as_yaml(layers)).split("\n")
    told = say("The policy that holds here; behind each value that is no default, who set it:")
    return f"{told}\n\n{wording.code_block(lines, 'yaml')}"


def unusable_policy(error: PolicyError, say: Words) -> str:
    """The policy cannot be read."""
    why = wording.markdown(say.told(error.message))
    return say("The policy cannot be used: {why}", why=why)


def no_room(error: BudgetExhausted, most: PicoUsd, say: Words) -> str:
    """The ledger granted nothing for an answer."""
    if error.scope.startswith("review:"):
        return say(
            "An answer may cost {usd} at the most, and this one could cost more.",
            usd=format_usd(most),
        )
    return say("This is not answered: {why}.", why=wording.markdown(say.told(error.message)))


def too_many_questions(most: int, say: Words) -> str:
    """The person's questions of the day are used up."""
    return say(
        "A person may ask {most} questions a day (UTC), and yours are used up. Ask tomorrow.",
        most=most,
    )


def described(say: Words) -> str:
    """The pull request's own description was completed."""
    return say("The description of this pull request says now what it changes.")


def suggested(url: str, say: Words) -> str:
    """A review of suggestions stands; the address is GitHub's own."""
    return say("My suggestions are in [a review of their own]({url}).", url=url)


def nothing_to_suggest(note: str, say: Words) -> str:
    """Nothing was found that is plainly better and proven to apply."""
    found = say("I found no improvement that is plainly better and sure to apply.")
    return f"{found}\n\n<sub>{note}</sub>"


def no_answer(say: Words) -> str:
    """No model gave an answer."""
    return say("No model gave a usable answer. Ask again in a while.")


def gave_up(say: Words) -> str:
    """The command failed again and again."""
    return say(
        "This command failed again and again, so I gave up on it. Write it once more to retry."
    )
