"""Applies what people do not want to hear of: it stays listed, and no longer counts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reviewbot.domain.command import Breadth
from reviewbot.domain.finding import Severity
from reviewbot.domain.outcome import Fate
from reviewbot.domain.phrase import Phrase

if TYPE_CHECKING:
    from reviewbot.domain.outcome import Judged
    from reviewbot.domain.posted import PostedFinding
    from reviewbot.domain.ruling import Silence


@dataclass(frozen=True, slots=True)
class Silenced:
    """The silences of a pull request, and who its author is: nobody lets himself off.

    Who may write and resolves the thread of a finding silences it too, under the same rule;
    *posted* has the threads. The severity that counts is the finding's present one, whatever it
    was when it was silenced.
    """

    author_id: int
    silences: tuple[Silence, ...] = ()
    posted: tuple[PostedFinding, ...] = ()

    def judge(self, judged: Judged) -> Judged:
        """*judged*, silenced if somebody who may do so did."""
        if not judged.is_open:
            return judged
        by = next((each.by for each in self.silences if self._holds(each, judged)), None)
        if by is not None:
            why = Phrase("silenced by {who}", who=by.login)
            return replace(judged, fate=Fate.SILENCED, why=why)
        return self._resolved(judged)

    def _resolved(self, judged: Judged) -> Judged:
        """A thread that says fixed is about code that is gone: who resolved it is no matter."""
        posted = next((p for p in self.posted if p.fingerprint == judged.fingerprint), None)
        reception = posted.reception if posted and not posted.is_fixed else None
        if posted is None or reception is None or reception.resolved_by is None:
            return judged
        who, severity = reception.resolved_by, judged.finding.severity
        if severity.rank < posted.severity.rank:
            return judged  # it is graver than what was resolved
        if not (reception.resolver_writes and may_silence(who.id, self.author_id, severity)):
            why = Phrase("resolved by {who}, which does not silence it", who=who.login)
            return replace(judged, why=why)
        return replace(judged, fate=Fate.SILENCED, why=Phrase("resolved by {who}", who=who.login))

    def _holds(self, silence: Silence, judged: Judged) -> bool:
        rule = silence.breadth is Breadth.RULE
        named = judged.finding.rule if rule else judged.fingerprint
        severity = judged.finding.severity
        return (
            named == silence.name
            and severity.rank >= silence.up_to.rank
            and may_silence(silence.by.id, self.author_id, severity)
        )


def may_silence(sender_id: int, author_id: int, severity: Severity) -> bool:
    """Whether a person may silence a finding: high and above are for others than the author."""
    return sender_id != author_id or not severity.reaches(Severity.HIGH)


NOTHING_SILENCED = Silenced(0)
