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
    from reviewbot.domain.ruling import Silence


@dataclass(frozen=True, slots=True)
class Silenced:
    """The silences of a pull request, and who its author is: nobody lets himself off.

    The severity that counts is the finding's present one, whatever it was when it was silenced.
    """

    author_id: int
    silences: tuple[Silence, ...] = ()

    def judge(self, judged: Judged) -> Judged:
        """*judged*, silenced if somebody who may do so did."""
        by = next((each.by for each in self.silences if self._holds(each, judged)), None)
        if by is None or not judged.is_open:
            return judged
        return replace(judged, fate=Fate.SILENCED, why=Phrase("silenced by {who}", who=by.login))

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
