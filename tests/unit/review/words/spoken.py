"""A full review and all that is said beside it, in one language.

``python -m tests.unit.review.words.spoken`` writes the golden pages anew: read their diff.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from reviewbot.domain.command import Help
from reviewbot.domain.errors import BudgetExhausted, PolicyError
from reviewbot.domain.finding import Category, Severity, Side, Tier
from reviewbot.domain.forecast import Forecast
from reviewbot.domain.money import PicoUsd, parse_usd
from reviewbot.domain.outcome import (
    Bill,
    Coverage,
    Covered,
    Escalation,
    Fate,
    Receipt,
    Segment,
    Shortage,
    Since,
)
from reviewbot.domain.phrase import Phrase
from reviewbot.domain.policy import Policy
from reviewbot.domain.posted import PostedFinding
from reviewbot.domain.spent import Spent
from reviewbot.domain.tip import Hearing, Tip, Tips
from reviewbot.domain.walkthrough import FileChange
from reviewbot.review import merge_group, notices, replies
from reviewbot.review.compose import compose
from reviewbot.review.conduct import reason_to_skip
from reviewbot.review.policy_file import Layer, Source
from reviewbot.review.ports import Conclusion, Verdict
from reviewbot.review.redact import redact
from reviewbot.review.same_head import joint, own
from tests.unit.review.examples import FINDING, PULL, diff, entry, judged, report

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reviewbot.domain.outcome import Judged, Report
    from reviewbot.review.ports import Check, Publication
    from reviewbot.review.words import Words

GOLDEN = Path(__file__).parents[3] / "golden" / "words"
PAGES = {  # with what models wrote, in the language that they were asked for
    "en": ("Division by zero for an empty basket", "With `count = 0` the division raises."),
    "de": ("Division durch null bei leerem Korb", "Bei `count = 0` bricht die Division ab."),
    "zh": ("购物篮为空时除以零", "`count = 0` 时除法会抛出异常。"),
}
OTHERS = ("Titel", "Text")  # for the languages without a page
_USD = parse_usd("0.04")
_LIMIT = parse_usd("0.05")


# --- a review --------------------------------------------------------------------------------


def review(language: str) -> Publication:
    """A review that ends in every way at once: partly read, dear, fixed, silenced, withheld."""
    told = _report(PAGES.get(language, OTHERS))
    return compose(replace(told, language=language), "review-1")


def _report(written: tuple[str, str]) -> Report:
    return report(
        *_findings(written),
        receipt=_receipt(),
        escalations=(
            Escalation("src/pay.py", "severity high", confirmed=2, rejected=1),
            Escalation("src/tax.py", "not done", done=False, over_budget=True),
        ),
        bill=Bill(_USD, PicoUsd(10**9), _USD, _LIMIT, _LIMIT, 12_345, 678, 3, 4_321),
        since=Since(fixed=1, still_open=2),
        shortages=(Shortage(Phrase("the repository today"), _LIMIT, _USD, _USD, 3),),
        fixed=(_posted("An earlier one"),),
        walkthrough=tuple(_changes(written[0])),
        forecast=Forecast(_USD, _USD, _USD, _LIMIT, learned_from=24),
        tips=_tips(written[0]),
    )


def _tips(title: str) -> Tips:
    """Every hearing, and some outside the change."""
    reported = replace(FINDING, title=title, reported_by="gosec G101")
    why = Phrase("its file is not read")
    return Tips(tuple(Tip(reported, hearing, why) for hearing in Hearing), outside=2)


def _changes(title: str) -> Iterator[FileChange]:
    """Every risk, a group, and more files than are named."""
    for number, risk in enumerate((0.9, 0.5, 0.1)):
        yield FileChange(f"src/{number}.py", 12, 3, (f"{title} {number}",), risk, anew=number > 1)
    yield FileChange("src/tax.py", 31, 0)
    yield from (FileChange(f"x/{n}.py", 1, 0, (title,), 0.2, anew=True) for n in range(50))
    for number in range(40):
        yield FileChange(f"y/{number}.py", 1, 0, (f"{title} y{number}",), 0.0)


def _findings(written: tuple[str, str]) -> Iterator[Judged]:
    title, explanation = written
    plain = replace(FINDING, title=title, explanation=explanation, rule="no-zero", cwe="CWE-369")
    yield judged(replace(plain, suggestion="    return 0", reported_by="gosec G101"))
    secret = "AKIA" + "ABCDEFGHIJKLMNOP"
    [found] = redact(diff(entry("conf.py", f'key = "{secret}"'))).findings
    yield judged(found, tier=Tier.LOCAL, model="", fingerprint="local")
    places = enumerate(Category, 3)
    for line, category in places:
        severity = list(Severity)[line % len(Severity)]
        at = replace(plain, category=category, severity=severity, start_line=line, end_line=line)
        yield judged(at, tier=Tier.CHEAP, model="tiny", fingerprint=category.value)
    yield judged(plain, fate=Fate.SUMMARY, anchor=None, fingerprint="listed")
    yield judged(plain, fate=Fate.SUMMARY, fingerprint="beyond the cap")
    old = judged(plain).anchor
    assert old is not None
    there = replace(old, side=Side.LEFT)
    yield judged(plain, fate=Fate.STANDING, anchor=there, fingerprint="standing")
    silent = Phrase("silenced by {who}", who="maria")
    yield judged(plain, fate=Fate.SILENCED, why=silent, fingerprint="silenced")
    for number, why in enumerate(_withheld()):
        yield judged(plain, fate=Fate.WITHHELD, why=why, fingerprint=f"withheld {number}")


def _withheld() -> Iterator[Phrase]:
    yield Phrase("confidence {confidence:.2f} is below {least:.2f}", confidence=0.5, least=0.75)
    yield Phrase("below the policy's min_severity {severity}", severity="medium")
    yield Phrase("rejected on the second look: {why}", why="`count` > 0")
    yield Phrase("unconfirmed: {why}", why="`count`")


def _receipt() -> Receipt:
    """Every class, and more of one than is named."""
    tier = Phrase("{tier} tier {model}", tier=Tier.STRONG, model="gpt")
    known = Phrase("{tier} tier {model}", tier=Tier.CHEAP, model="tiny")
    excluded = ("lock file", "path_filters", "vendored", "binary", "no lines")
    poor = Phrase("not asked: the budget is for the first reading")
    lost = Phrase("{endpoint} did not answer in time", endpoint="eu-1")
    entries = [
        Covered(Segment("src/pay.py", "1-9", 9), Coverage.READ, tier),
        Covered(Segment("src/old.py", "1-9", 9), Coverage.KNOWN, known),
        *(Covered(Segment(f"x/{why}", "", 1), Coverage.EXCLUDED, _reason(why)) for why in excluded),
        *(Covered(Segment("a.py", f"{n}", 2), Coverage.OVER_BUDGET, poor) for n in range(4)),
        Covered(Segment("src/tax.py", "10-40", 31), Coverage.FAILED, lost),
    ]
    return Receipt(tuple(entries))


def _reason(why: str) -> str:
    return why if "_" in why else Phrase(why)


def _posted(title: str) -> PostedFinding:
    return PostedFinding(
        "f", "a.py", Side.RIGHT, Category.SECURITY, Severity.HIGH, "d", title, comment_id="9"
    )


def page(publication: Publication) -> str:
    """What people see of a review, as one page."""
    parts = ["# Review", publication.body, "# Comments"]
    parts += [
        f"{each.anchor.path}:{each.anchor.line}\n\n{each.body}" for each in publication.comments
    ]
    parts += ["# Summary", publication.summary, "# Check"]
    check = publication.check
    parts += [check.title, *(f"{each.title}\n{each.message}" for each in check.annotations[:3])]
    parts += [f"[{check.say('Review again')}] {check.say('Look at this pull request again')}"]
    return "\n\n".join(parts) + "\n"


# --- what is said beside it ------------------------------------------------------------------


def checks(say: Words) -> Iterator[Check]:
    """Every check without a review."""
    policy = Policy(language=say.language, fail_on=Severity.HIGH)
    error = PolicyError(Phrase("{source}: unknown key {where!r}", source=".y", where="z"))
    yield notices.unusable_policy(error, say)
    for why in _skips(policy):
        yield notices.skipped(why, policy, say)
    yield notices.paused("maria", policy, say)
    for earlier in (0, 1, 2):
        expected = Forecast(_USD, _USD, _USD, _LIMIT, learned_from=earlier)
        yield notices.too_dear(PULL, expected, _LIMIT, say)
    yield from (notices.superseded(say), notices.closed(say), notices.gave_up(say))
    verdict = Verdict(9, Conclusion.FAILURE, say("no findings"), Conclusion.FAILURE)
    yield merge_group.answer(PULL, None, policy)
    yield merge_group.answer(PULL, verdict, policy)
    mine = own(replace(verdict, conclusion=Conclusion.SUCCESS), say)
    yield from (mine, joint(mine, [verdict]), joint(mine, [replace(verdict, conclusion=None)]))


def _skips(policy: Policy) -> Iterator[str]:
    auto = policy.auto_review
    for pull, wish in (
        (PULL, {"base_branches": ["x"]}),
        (replace(PULL, is_draft=True), {}),
        (replace(PULL, author=replace(PULL.author, is_bot=True)), {}),
        (replace(PULL, author=replace(PULL.author, outside=True)), {}),
        (PULL, {"ignore_authors": [PULL.author.login]}),
        (PULL, {"ignore_title_keywords": ["discount"]}),
        (PULL, {"labels": ["x"]}),
    ):
        wished = auto.model_validate(auto.model_dump() | wish)
        why = reason_to_skip(pull, policy.model_copy(update={"auto_review": wished}))
        assert why is not None
        yield why
    off = reason_to_skip(PULL, policy.model_copy(update={"enabled": False}))
    assert off is not None
    yield off


def answers(say: Words) -> Iterator[str]:
    """Every answer to a command."""
    yield from (replies.refused(say), replies.will_review_in_full(say), replies.closed(say))
    yield replies.help_with(Help("reveiw", "review"), say)
    yield replies.will_review(None, say)
    yield replies.will_review(Phrase("{who} paused its reviews", who="maria"), say)
    yield from (replies.paused(say), replies.resumed(say))
    yield replies.only_in_a_finding_s_thread("ignore", say)
    yield from (replies.silenced(_posted("`x`"), say), replies.silenced_rule("no-sql", say))
    yield from (replies.no_rule(say), replies.not_your_own(say), replies.answered("maria", say))
    yield from (replies.resolved(count, say) for count in (0, 1, 2))
    spent = [
        Spent(Tier.CHEAP, False, 2, 3_000, 40, _USD, _USD),  # noqa: FBT003 - a row
        Spent(Tier.STRONG, False, 1, 900, 40, _USD, _USD),  # noqa: FBT003 - a row
        Spent(Tier.STRONG, True, 1, 900, 40, _USD, _USD),  # noqa: FBT003 - a row
    ]
    yield from (replies.cost(spent, _LIMIT, say), replies.cost([], _LIMIT, say))
    yield from (replies.approved(PULL, say), replies.other_head(PULL, say))
    yield from (
        replies.nothing_waits(PULL, say),
        replies.config([Layer(Source.DEFAULT, Policy())], say),
    )
    yield replies.unusable_policy(PolicyError(Phrase("{path} is no UTF-8 text", path="x")), say)
    why = Phrase("the budget of {scope} was closed: {endpoint} overbilled", scope="s", endpoint="e")
    yield from (
        replies.no_room(BudgetExhausted(why, name), _LIMIT, say) for name in ("review:", "")
    )
    yield from (replies.described(say), replies.nothing_to_suggest("gpt", say))
    yield replies.suggested("https://github.test/1", say)
    yield from (replies.too_many_questions(20, say), replies.no_answer(say), replies.gave_up(say))


if __name__ == "__main__":
    for name in PAGES:
        (GOLDEN / f"{name}.md").write_text(page(review(name)), "utf-8")
