"""One review of one pull request, from its policy to its publication.

Every effect is a call on a port and all between is pure, so a review that is started again
with the same answers ends the same way.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reviewbot.domain.anchors import AnchorIndex
from reviewbot.domain.errors import PolicyError
from reviewbot.domain.finding import Standing, Tier
from reviewbot.domain.outcome import Bill, Coverage, Report, Reviewed, Since, Skipped, Superseded
from reviewbot.domain.phrase import Phrase
from reviewbot.domain.posted import digest_of
from reviewbot.review import notices
from reviewbot.review.compose import compose
from reviewbot.review.earlier import follow, listed
from reviewbot.review.escalate import choose
from reviewbot.review.estimate import estimate
from reviewbot.review.examine import Examined, Gap, Interrupted, examine, recall
from reviewbot.review.extras import extras
from reviewbot.review.foreseen import foresee, told
from reviewbot.review.house import purse_of
from reviewbot.review.paths import matches_any
from reviewbot.review.places import data_of
from reviewbot.review.plan import plan_survey
from reviewbot.review.policy_file import effective_policy
from reviewbot.review.prompt import brief, brief_judge, tasks
from reviewbot.review.reading import second_tasks, surveyed, tell
from reviewbot.review.record import as_json
from reviewbot.review.redact import redact, redact_text
from reviewbot.review.sift import Sieve, sift
from reviewbot.review.silence import Silenced
from reviewbot.review.tips import NOTHING_PLACED, heard, place
from reviewbot.review.walkthrough import walk
from reviewbot.review.weigh import Weighed
from reviewbot.review.words import in_language

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Literal

    from reviewbot.domain.forecast import Forecast
    from reviewbot.domain.outcome import Judged, Outcome
    from reviewbot.domain.policy import Policy
    from reviewbot.domain.posted import PostedFinding
    from reviewbot.domain.pull_request import PullRequest, ReviewRequest
    from reviewbot.review.earlier import Aftermath
    from reviewbot.review.escalate import SecondLook
    from reviewbot.review.house import Extras, House
    from reviewbot.review.plan import Plan
    from reviewbot.review.ports import BaseFiles, Check, Document, Ports, Publication, Purse
    from reviewbot.review.prompt import Briefing, Task
    from reviewbot.review.reading import Readings
    from reviewbot.review.redact import Redaction
    from reviewbot.review.tips import Placed
    from reviewbot.review.words import Words


@dataclass(frozen=True, slots=True)
class Prepared:
    """A pull request under its policy, its diff without secrets, and the plan to read it."""

    pull: PullRequest
    policy: Policy
    guidance: tuple[Document, ...]
    redaction: Redaction
    plan: Plan
    tips: Placed = NOTHING_PLACED

    def brief_judge(self, tier: Tier) -> Briefing:
        """What every second look by *tier* begins with."""
        return brief_judge(tier, self.pull.key, self.policy, self.guidance)

    def brief(self, tier: Tier) -> Briefing:
        """What every request to *tier* begins with."""
        return brief(tier, self.pull.key, self.policy, self.guidance)


def review_pull_request(request: ReviewRequest, ports: Ports, house: House) -> Outcome:
    """Review one head commit: look, look again, sift, publish.

    Raises PolicyError after saying so in the check, and whatever the forge raises.
    """
    pull = ports.forge.pull_request(request)
    if not pull.is_open:
        return Skipped(request, Phrase("it is closed"))

    # The base branch sets the rules: a pull request must not loosen its own.
    try:
        return _review(request, pull, ports, house)
    except PolicyError as error:
        say = in_language(house.policy.language)
        ports.forge.conclude(pull, notices.unusable_policy(error, say))
        raise


def _review(request: ReviewRequest, pull: PullRequest, ports: Ports, house: House) -> Outcome:
    files = ports.forge.base_files(pull)
    policy = effective_policy(files, house.policy)
    say = in_language(policy.language)
    asked = policy.auto_review
    if request.only_framing and not (asked.labels or asked.ignore_title_keywords):
        return Skipped(request, Phrase("labels and titles mean nothing to its policy"))
    if not request.full and (unasked := _unasked(pull, policy, ports, say)):
        why, notice = unasked
        ports.forge.conclude(pull, notice)
        return Skipped(request, why)

    ready = _prepared(pull, policy, files, ports, house.extras)
    expected = foresee(estimate(ready, ports), ready.pull, ports)
    if held := _held(ready, expected, ports, say):
        ports.forge.conclude(pull, held)
        return Skipped(request, Phrase("its cost waits for approval"))

    # A review that is resumed has its check run, even if a crash came when all was said.
    if not ports.journal.is_open(pull, request.trigger):
        ports.forge.begin(pull, told(expected, say))
    purse = purse_of(ports.journal.open(pull, request.trigger), pull, policy, house)
    # A review that is resumed is measured by what was forecast at first.
    expected = ports.journal.foresee(purse.review_id, expected)
    report = _read_unless_interrupted(ready, purse, ports, house.audited)
    if overtaken := _overtaken(request, pull, ports, say):
        return overtaken
    if report is None:
        return Superseded(request, by="")

    report = replace(report, forecast=expected)
    publication = compose(report, purse.review_id, policy.incomplete)
    publication = replace(publication, extras=extras(report, policy, say))
    url = ports.forge.publish(publication)
    # Without an address nothing was posted: the review was only printed.
    raised = _raised(report, publication) if url else []
    ports.journal.close(purse.review_id, "published", json.dumps(as_json(report)), raised)
    return Reviewed(report, url)


def _raised(report: Report, publication: Publication) -> list[PostedFinding]:
    """What people were told, and what was told them earlier without a thread and is fixed now."""
    comments = [comment.finding for comment in publication.comments]
    gone = [replace(each, is_fixed=True) for each in report.fixed if each.is_listed]
    return [*comments, *listed(report.findings), *gone]


def _read_unless_interrupted(
    ready: Prepared, purse: Purse, ports: Ports, audited: Callable[[str], bool]
) -> Report | None:
    try:
        return _read(ready, purse, ports, audited)
    except Interrupted:
        return None


def _overtaken(
    request: ReviewRequest, pull: PullRequest, ports: Ports, say: Words
) -> Outcome | None:
    """How it ends where something came in between, after saying so in the check."""
    now = ports.forge.pull_request(request)
    if now.head_sha != pull.head_sha:
        # What was read is pointless; the newer head's own review is on the desk.
        ports.forge.conclude(pull, notices.superseded(say))
        return Superseded(request, by=now.head_sha)
    if not now.is_open:
        ports.forge.conclude(pull, notices.closed(say))
        return Skipped(request, Phrase("it is closed"))
    return None


def prepare(request: ReviewRequest, ports: Ports, house: House) -> Prepared:
    """Everything up to the first question, without a write."""
    pull = ports.forge.pull_request(request)
    files = ports.forge.base_files(pull)
    policy = effective_policy(files, house.policy)
    return _prepared(pull, policy, files, ports, house.extras)


def _prepared(
    pull: PullRequest, policy: Policy, files: BaseFiles, ports: Ports, extras: Extras
) -> Prepared:
    redaction = redact(ports.forge.diff(pull), policy.redaction)
    # Guidance goes with every question: what may not go everywhere that code may goes nowhere.
    free = tuple(
        replace(each, text=redact_text(each.text, policy.redaction))
        for each in files.guidance
        if data_of((each.path,), policy.data) == policy.data
    )
    plan = plan_survey(redaction.diff, policy, extras.exclude)
    tips = place(extras.tips, redaction.diff, plan, policy.redaction)
    return Prepared(pull, policy, free, redaction, plan, tips)


def _unasked(
    pull: PullRequest, policy: Policy, ports: Ports, say: Words
) -> tuple[str, Check] | None:
    """Why policy or people want no review, and what the check says then; None if they do."""
    if who := ports.rulings.paused_by(pull.key):
        return Phrase("{who} paused its reviews", who=who), notices.paused(who, policy, say)
    why = reason_to_skip(pull, policy)
    return (why, notices.skipped(why, policy, say)) if why else None


def _held(ready: Prepared, expected: Forecast, ports: Ports, say: Words) -> Check | None:
    """What the check says where a review is dearer than the policy lets pass unasked."""
    most = ready.policy.budget.approve_above
    if expected.p90 <= most or ports.rulings.may_cost(ready.pull, expected.p90):
        return None
    return notices.too_dear(ready.pull, expected, most, say)


def reason_to_skip(pull: PullRequest, policy: Policy) -> str | None:
    """Why the policy asks for no review, or None."""
    branches = policy.auto_review.base_branches
    if branches and not matches_any(pull.base_branch, branches):
        return Phrase("its base branch is not on the policy's list")
    return policy.reason_to_skip(pull)


def _read(ready: Prepared, purse: Purse, ports: Ports, audited: Callable[[str], bool]) -> Report:
    """Look, look again, sift: everything up to what is written."""
    # The cheap tier reads everything; the strong one what looked serious.
    # Plans know no money: the ledger refuses, in their order of risk.
    cheap = ready.brief(Tier.CHEAP)
    first = ready.tips.join(tasks(ready.plan.chunks, cheap))
    exhausted = ready.policy.budget.on_exhausted
    survey = examine(first, cheap, purse, ports, exhausted)

    judge = ready.brief_judge(Tier.STRONG if ports.model.models(Tier.STRONG) else Tier.CHEAP)
    posted = _posted(ready.pull, ports)
    # Redaction finds its own again without a model, so that a re-run stays free.
    local = {(each.path, digest_of(each.quote)) for each in ready.redaction.findings}
    followed = [each for each in posted if (each.path, each.digest) not in local]
    choice = choose(surveyed(first, survey), ready.policy, audited, followed)
    looks = second_tasks(choice, judge)
    second = _second(looks, survey, judge, purse, ports, exhausted)

    readings = tell(ready.plan, first, survey, choice, looks, second)
    silenced = _silenced(ready.pull, posted, ports)
    sieve = Sieve(AnchorIndex(ready.redaction.diff), ready.pull.key, ready.policy, posted, silenced)
    own = [Weighed(f, Tier.LOCAL, "", Standing.CONFIRMED) for f in ready.redaction.findings]
    judged = sift([*own, *readings.weighed()], sieve)
    receipt = readings.receipt(purse.review_id, (Tier.CHEAP, judge.tier))
    aftermath = follow(judged, posted, sieve.index, receipt)
    _learn(ready.pull, posted, aftermath, ports)
    findings = (*judged, *map(silenced.judge, aftermath.still_open))
    return Report(
        pull=ready.pull,
        findings=findings,
        receipt=receipt,
        escalations=readings.escalations(),
        bill=_bill(readings, purse, ports),
        fail_on=ready.policy.fail_on,
        since=_since(findings, posted, aftermath),
        fixed=aftermath.fixed,
        shortages=(*survey.shortages, *second.shortages),
        walkthrough=walk(readings.stories, purse.review_id),
        language=ready.policy.language,
        tips=heard(ready.tips, readings),
    )


def _second(
    looks: Sequence[tuple[SecondLook, Task]],
    survey: Examined,
    briefing: Briefing,
    purse: Purse,
    ports: Ports,
    exhausted: Literal["degrade", "stop"],
) -> Examined:
    """The second reader's round: the first thing to go when money is short.

    Without a strong tier only what other tools claim is looked at, by the cheap one.
    """
    again = [task for _, task in looks]
    gaps: dict[str, Gap] = {}
    if briefing.tier is not Tier.STRONG:
        nobody = Gap(Coverage.FAILED, "there is no strong tier")
        gaps = {task.key: nobody for task in again if not task.claims}
        again = [task for task in again if task.claims]
        if not again:
            return Examined(gaps=gaps)
    if survey.over_budget:
        examined = recall(again, briefing, ports)
    else:
        examined = examine(again, briefing, purse, ports, exhausted)
    examined.gaps.update(gaps)
    return examined


def _bill(readings: Readings, purse: Purse, ports: Ports) -> Bill:
    money = ports.journal.money(purse.review_id, purse.pull)
    saved, saved_tokens = readings.saved(purse.review_id)
    return Bill(
        spent=money.spent,
        presumed=money.presumed,
        saved=saved,
        pr_total=money.pr_total,
        pr_limit=purse.limits.per_pr,
        tokens_in=money.tokens_in,
        tokens_out=money.tokens_out,
        calls=money.calls,
        saved_tokens=saved_tokens,
    )


def _posted(pull: PullRequest, ports: Ports) -> tuple[PostedFinding, ...]:
    """What was told before: as GitHub shows it, what was removed there, and what was listed.

    Improvements are left out: one on a line must not hide a defect that is found there.
    """
    remembered = {each.fingerprint: each for each in ports.journal.raised(pull.key)}
    posted = ports.forge.posted(pull)
    shown = {each.fingerprint: each for each in posted if not each.is_improvement}
    return tuple((remembered | shown).values())


def _silenced(pull: PullRequest, posted: tuple[PostedFinding, ...], ports: Ports) -> Silenced:
    """What people do not want to hear of: by commands, and by resolving threads."""
    return Silenced(pull.author.id, tuple(ports.rulings.silences(pull.key)), posted)


def _learn(
    pull: PullRequest, posted: Sequence[PostedFinding], aftermath: Aftermath, ports: Ports
) -> None:
    """Remember what people made of it, and what is known to be fixed before its thread says so."""
    if posted:
        fixed = aftermath.fixed
        seen = [replace(each, is_fixed=each.is_fixed or each in fixed) for each in posted]
        ports.journal.learn(pull.key, seen)


def _since(
    findings: Sequence[Judged], posted: Sequence[PostedFinding], aftermath: Aftermath
) -> Since | None:
    """What became of what was posted; None for the first review."""
    if not posted:
        return None
    known = {each.fingerprint for each in posted}
    still = {each.fingerprint for each in findings if each.is_open} & known
    fixed = sum(bool(each.comment_id) or each.is_listed for each in aftermath.fixed)
    return Since(fixed=fixed, still_open=len(still))
