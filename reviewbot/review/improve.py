"""Suggests improvements of the changed lines, on command: proven to apply, never defects."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reviewbot.domain.anchors import AnchorIndex
from reviewbot.domain.errors import ModelUnavailable
from reviewbot.domain.finding import Category, Severity, Side, Standing, Tier
from reviewbot.domain.money import format_usd, parse_usd
from reviewbot.domain.outcome import Fate
from reviewbot.review import suggest, wording
from reviewbot.review.compose import comment_body, place
from reviewbot.review.conduct import prepare
from reviewbot.review.earlier import remembered
from reviewbot.review.examine import examine
from reviewbot.review.house import purse_of
from reviewbot.review.plan import REQUEST_TOKENS
from reviewbot.review.ports import Comment
from reviewbot.review.prompt import OUTPUT_CAP, brief_improvements, tasks
from reviewbot.review.room import room_of
from reviewbot.review.sift import Sieve, sift
from reviewbot.review.silence import Silenced
from reviewbot.review.weigh import Weighed
from reviewbot.review.words import in_language

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reviewbot.domain.diff import Anchor, Diff
    from reviewbot.domain.outcome import Judged
    from reviewbot.domain.pull_request import PullRequest, ReviewRequest
    from reviewbot.review.conduct import Prepared
    from reviewbot.review.examine import Examined
    from reviewbot.review.house import House
    from reviewbot.review.ports import Ports
    from reviewbot.review.prompt import Task
    from reviewbot.review.words import Words

MOST = parse_usd("0.10")  # all suggestions of one command
MOST_SUGGESTIONS = 8
_A_FILE = 3  # suggestions
_KINDS = {Category.MAINTAINABILITY, Category.PERFORMANCE}
_MOST_SIFTED = 50  # of which those that can be committed are chosen


@dataclass(frozen=True, slots=True)
class Suggestions:
    """One review's worth of suggestions; without *comments* there is nothing to post.

    *body* is the review's, *fallback* the same with everything as text, *note* says how far
    was looked and what it cost.
    """

    pull: PullRequest
    comments: tuple[Comment, ...]
    body: str
    fallback: str
    note: str


def improve_pull_request(
    name: str, request: ReviewRequest, ports: Ports, house: House
) -> Suggestions:
    """What the command of that *name* suggests; code that was read for it before is free.

    Raises PolicyError, ModelError, BudgetExhausted and what the forge raises.
    """
    ready = prepare(request, ports, house)
    tier = Tier.STRONG if ports.model.models(Tier.STRONG) else Tier.CHEAP
    pull, policy = ready.pull, ready.policy
    briefing = brief_improvements(tier, pull.key, policy, ready.guidance)
    everything = tasks(ready.plan.chunks, briefing)
    fixed = len(f"{briefing.system}{briefing.schema}{briefing.guidance}".encode())
    room = room_of(ports.model.price(tier), MOST, OUTPUT_CAP) - fixed
    taken = [replace(task, reason="improve") for task in _taken(everything, room)]
    purse = purse_of(f"improve:{name}", pull, policy, replace(house, per_review=MOST))
    examined = examine(taken, briefing, purse, ports)
    _demand(examined, taken)
    weighed = [each for task in taken for each in _weighed(task, examined, tier)]
    kept = choose(_sifted(weighed, ready, ports), ready.redaction.diff)
    say = in_language(policy.language)
    note = _note((len(everything), purse.review_id), examined, say)
    return _suggestions(pull, kept, note, say)


def _taken(everything: Sequence[Task], room: int) -> list[Task]:
    """As many chunks, the riskiest first, as one request may cost."""
    taken: list[Task] = []
    tokens = REQUEST_TOKENS
    for task in everything:
        room -= len(task.text.encode(errors="replace"))
        tokens -= task.chunk.tokens
        if room < 0 or tokens < 0:
            break
        taken.append(task)
    return taken


def _demand(examined: Examined, taken: Sequence[Task]) -> None:
    """Raise what stopped it where nothing at all was read."""
    if examined.heard or not taken:
        return
    if examined.refusals:
        raise examined.refusals[0]
    message = "no model gave a usable answer"
    raise ModelUnavailable(message)


def _weighed(task: Task, examined: Examined, tier: Tier) -> Iterable[Weighed]:
    """What is an improvement; defects are for reviews, where two tiers look at them."""
    heard = examined.heard.get(task.key)
    if heard is None:
        return
    standing = Standing.CONFIRMED if tier is Tier.STRONG else Standing.UNCHECKED
    for finding in heard.reading.findings:
        if finding.category in _KINDS and not finding.severity.reaches(Severity.HIGH):
            yield Weighed(finding, tier, heard.answer.model, standing, cost=heard.answer.cost)


def _sifted(weighed: Sequence[Weighed], ready: Prepared, ports: Ports) -> Sequence[Judged]:
    """On proven lines, and without what stands on the pull request already."""
    pull = ready.pull
    anything = {
        "min_severity": Severity.INFO,
        "max_comments": _MOST_SIFTED,
        "max_comments_per_file": _MOST_SIFTED,
    }
    stands = (*ports.journal.raised(pull.key), *ports.forge.posted(pull))
    sieve = Sieve(
        AnchorIndex(ready.redaction.diff),
        pull.key,
        ready.policy.model_copy(update=anything),
        tuple(replace(each, is_fixed=False) for each in stands),
        Silenced(pull.author.id, tuple(ports.rulings.silences(pull.key))),
    )
    return sift(weighed, sieve)


def choose(sifted: Iterable[Judged], diff: Diff) -> list[Judged]:
    """Those that can be committed, on changed lines, of which no two replace the same line."""
    changed = {
        (file.path, line.new)
        for file in diff.files
        for hunk in file.hunks
        for line in hunk.lines
        if line.sign == "+"
    }
    kept: list[Judged] = []
    replaced: set[tuple[str, int | None]] = set()
    for judged in sifted:
        if judged.anchor is None or judged.fate is not Fate.COMMENT:
            continue
        lines = _lines(judged.anchor)
        in_file = sum(each.finding.path == judged.finding.path for each in kept)
        fits = lines & changed and not lines & replaced and in_file < _A_FILE
        if fits and len(kept) < MOST_SUGGESTIONS and suggest.committable(judged) is not None:
            kept.append(judged)
            replaced |= lines
    return kept


def _lines(anchor: Anchor) -> set[tuple[str, int | None]]:
    if anchor.side is Side.LEFT:
        return set()
    return {(anchor.path, number) for number in range(anchor.start_line, anchor.line + 1)}


# --- what people read ------------------------------------------------------------------------


def _suggestions(pull: PullRequest, kept: Sequence[Judged], note: str, say: Words) -> Suggestions:
    comments = tuple(
        Comment(
            judged.anchor,
            comment_body(judged, say),
            replace(remembered(judged, judged.anchor), is_improvement=True),
        )
        for judged in kept
        if judged.anchor is not None
    )
    body = say(
        "{count} suggestions to improve this change, each to be committed as it is.",
        one="{count} suggestion to improve this change, to be committed as it is.",
        count=len(comments),
    )
    whole = f"{body}\n\n<sub>{note}</sub>"
    told = [
        f"{wording.code_span(place(judged, say))}\n\n{comment_body(judged, say)}" for judged in kept
    ]
    return Suggestions(pull, comments, whole, "\n\n".join([whole, *told]), note)


def _note(told: tuple[int, str], examined: Examined, say: Words) -> str:
    """Who looked, at how much of it, and what that cost now; known answers are free."""
    everything, purse = told
    answers = [heard.answer for heard in examined.heard.values()]
    models = sorted({wording.markdown(wording.one_line(each.model)) for each in answers})
    cost = sum(each.cost for each in answers if each.review_id == purse)
    looked = say("looked at {read} of {all} parts", read=len(answers), all=everything)
    return " · ".join([*models, format_usd(cost), looked])
