"""What people made of findings that were posted on lines: rows, and sums over them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reviewbot.domain.command import Breadth
from reviewbot.domain.feedback import Acceptance, Because, Evidence, Reception, judge
from reviewbot.ledger.rollups import FindingKey, add_received

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reviewbot.domain.posted import PostedFinding
    from reviewbot.domain.pull_request import PullKey
    from reviewbot.ledger.database import Session


@dataclass(frozen=True, slots=True)
class _Row:
    """A posted finding as it was remembered, as far as sums need it."""

    fingerprint: str
    rule: str
    at: int  # milliseconds since 1970
    acceptance: str
    because: str
    key: FindingKey


def remember(
    session: Session,
    review_id: str,
    raised: Iterable[PostedFinding],
    report: Mapping[str, Any],
    at: int,
) -> None:
    """Enter what a review told people, once each; its *report* says who found it.

    Only what was posted on lines counts in the sums: nobody can answer what was listed.
    """
    found = {each["fingerprint"]: each for each in report.get("findings", ())}
    for finding in raised:
        if finding.is_listed and finding.is_fixed:
            _forget(session, review_id, finding)
            continue
        rows = _enter(session, review_id, finding, found.get(finding.fingerprint, {}), at)
        for row in rows if not finding.is_listed else ():
            add_received(session, FindingKey(*row), at, {"posted": 1})


def _enter(
    session: Session, review_id: str, finding: PostedFinding, said: Mapping[str, Any], at: int
) -> Sequence[tuple[Any, ...]]:
    """What it is added up by, if it is new."""
    return session.rows(
        "INSERT INTO raised (repository_id, number, repository, fingerprint, path, side,"
        " category, severity, digest, title, listed, tier, model, rule, at)"
        " SELECT repository_id, number, repository, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?"
        " FROM reviews WHERE id = ? ON CONFLICT DO NOTHING"
        " RETURNING repository_id, repository, number, tier, model, category",
        finding.fingerprint,
        finding.path,
        finding.side.value,
        finding.category.value,
        finding.severity.value,
        finding.digest,
        finding.title,
        int(finding.is_listed),
        said.get("tier") or "",
        said.get("model") or "",
        said.get("rule") or "",
        at,
        review_id,
    )


def _forget(session: Session, review_id: str, finding: PostedFinding) -> None:
    """No thread says that it is fixed: should it come back, it is news."""
    session.change(
        "DELETE FROM raised WHERE fingerprint = ? AND listed = 1"
        " AND EXISTS (SELECT 1 FROM reviews WHERE id = ?"
        " AND reviews.repository_id = raised.repository_id AND reviews.number = raised.number)",
        finding.fingerprint,
        review_id,
    )


def learn(session: Session, pull: PullKey, posted: Sequence[PostedFinding], now: int) -> None:
    """Judge anew what was posted on a pull request, by what is seen of it now.

    What is not seen, as its comment was removed or GitHub does not say, keeps its judgement,
    unless somebody told reviewbot to ignore it.
    """
    seen = {each.fingerprint: each for each in posted if each.reception or each.is_fixed}
    silences = _silences(session, pull)
    for row in _rows(session, pull):
        ignored = silences.get((Breadth.FINDING, row.fingerprint), frozenset())
        if row.rule:
            ignored |= silences.get((Breadth.RULE, row.rule), frozenset())
        if (found := seen.get(row.fingerprint)) is not None:
            reception = found.reception or Reception()
            _move(session, pull, row, judge(Evidence(reception, found.is_fixed, ignored)))
        elif ignored:
            _move(session, pull, row, judge(Evidence(ignored_by=ignored)))
    session.change(
        "UPDATE raised SET heard_at = ? WHERE repository_id = ? AND number = ?",
        now,
        pull.repository_id,
        pull.number,
    )


def _rows(session: Session, pull: PullKey) -> list[_Row]:
    rows = session.rows(
        "SELECT fingerprint, rule, at, acceptance, because, repository_id, repository, number,"
        " tier, model, category FROM raised WHERE repository_id = ? AND number = ? AND listed = 0"
        " ORDER BY fingerprint",
        pull.repository_id,
        pull.number,
    )
    return [
        _Row(name, rule, int(at), acceptance, because, FindingKey(*key))
        for name, rule, at, acceptance, because, *key in rows
    ]


def _silences(session: Session, pull: PullKey) -> dict[tuple[Breadth, str], frozenset[int]]:
    """Who wants to hear nothing of a finding, by fingerprint, or of a rule, by its id."""
    rows = session.rows(
        "SELECT breadth, name, sender_id FROM silences WHERE repository_id = ? AND number = ?",
        pull.repository_id,
        pull.number,
    )
    found: dict[tuple[Breadth, str], frozenset[int]] = {}
    for breadth, name, sender_id in rows:
        key = (Breadth(breadth), str(name))
        found[key] = found.get(key, frozenset()) | {int(sender_id)}
    return found


def _move(session: Session, pull: PullKey, row: _Row, judged: tuple[Acceptance, Because]) -> None:
    """Write a judgement down where it is news, and in the sums."""
    acceptance, because = judged
    if (row.acceptance, row.because) == judged:
        return
    # Only who changes the row changes the sums: two may look at the same time.
    changed = session.change(
        "UPDATE raised SET acceptance = ?, because = ? WHERE repository_id = ? AND number = ?"
        " AND fingerprint = ? AND acceptance = ? AND because = ?",
        acceptance.value,
        because.value,
        pull.repository_id,
        pull.number,
        row.fingerprint,
        row.acceptance,
        row.because,
    )
    moved = {
        each.value: (acceptance is each) - (row.acceptance == each.value)
        for each in (Acceptance.ACCEPTED, Acceptance.REJECTED)
    }
    if changed and any(moved.values()):
        add_received(session, row.key, row.at, moved)


def is_known(session: Session, pull: PullKey) -> bool:
    """Whether anything was posted on its lines."""
    rows = session.rows(
        "SELECT 1 FROM raised WHERE repository_id = ? AND number = ? AND listed = 0 LIMIT 1",
        pull.repository_id,
        pull.number,
    )
    return bool(rows)
