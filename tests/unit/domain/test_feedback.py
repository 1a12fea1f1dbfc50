"""What makes a finding accepted: people's votes first, then what was done."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.domain.command import Sender
from reviewbot.domain.feedback import Acceptance, Because, Evidence, Reception, judge

_people = st.builds(lambda n: Sender(n, f"p{n}"), st.integers(1, 6))
_votes = st.lists(_people, max_size=5).map(tuple)
_receptions = st.builds(
    Reception,
    resolved_by=st.none() | _people,
    is_outdated=st.booleans(),
    liked_by=_votes,
    disliked_by=_votes,
)
_evidence = st.builds(
    Evidence,
    reception=_receptions,
    is_fixed=st.booleans(),
    ignored_by=st.frozensets(st.integers(1, 6), max_size=3),
)
_ANN, _BEN, _CAL = Sender(11, "ann"), Sender(12, "ben"), Sender(13, "cal")


@pytest.mark.parametrize(
    ("evidence", "acceptance", "because"),
    [
        (Evidence(), Acceptance.UNKNOWN, Because.SILENCE),
        (Evidence(is_fixed=True), Acceptance.ACCEPTED, Because.FIXED),
        (Evidence(Reception(liked_by=(_ANN,))), Acceptance.ACCEPTED, Because.THUMBS),
        (Evidence(Reception(disliked_by=(_ANN,))), Acceptance.REJECTED, Because.THUMBS),
        (Evidence(Reception(resolved_by=_ANN)), Acceptance.ACCEPTED, Because.RESOLVED),
        (Evidence(ignored_by=frozenset({11})), Acceptance.REJECTED, Because.IGNORED),
        (
            Evidence(Reception(resolved_by=_ANN, disliked_by=(_ANN,))),
            Acceptance.REJECTED,
            Because.THUMBS,
        ),
        (
            Evidence(Reception(disliked_by=(_ANN,)), is_fixed=True),
            Acceptance.REJECTED,
            Because.THUMBS,
        ),
        (
            Evidence(Reception(resolved_by=_CAL, liked_by=(_ANN,), disliked_by=(_BEN,))),
            Acceptance.UNKNOWN,
            Because.DISPUTED,
        ),
        (
            Evidence(Reception(liked_by=(_ANN,), disliked_by=(_BEN,)), is_fixed=True),
            Acceptance.ACCEPTED,
            Because.FIXED,
        ),
        (
            Evidence(Reception(liked_by=(_ANN,), disliked_by=(_ANN,))),
            Acceptance.UNKNOWN,
            Because.SILENCE,
        ),
        (
            Evidence(Reception(liked_by=(_ANN, _BEN)), ignored_by=frozenset({13})),
            Acceptance.ACCEPTED,
            Because.THUMBS,
        ),
    ],
)
def test_what_was_done_says_what_a_finding_was_worth(
    evidence: Evidence, acceptance: Acceptance, because: Because
) -> None:
    assert judge(evidence) == (acceptance, because)


@given(_evidence)
def test_who_votes_often_votes_once(evidence: Evidence) -> None:
    said = evidence.reception
    twice = replace(
        said, liked_by=said.liked_by * 3, disliked_by=tuple(reversed(said.disliked_by)) * 2
    )
    assert judge(replace(evidence, reception=twice)) == judge(evidence)


@given(_evidence)
def test_one_more_vote_for_never_hurts_and_one_more_against_never_helps(
    evidence: Evidence,
) -> None:
    order = (Acceptance.REJECTED, Acceptance.UNKNOWN, Acceptance.ACCEPTED)
    said, stranger = evidence.reception, Sender(99, "stranger")
    now = order.index(judge(evidence)[0])
    liked = replace(said, liked_by=(*said.liked_by, stranger))
    disliked = replace(said, disliked_by=(*said.disliked_by, stranger))
    assert order.index(judge(replace(evidence, reception=liked))[0]) >= now
    assert order.index(judge(replace(evidence, reception=disliked))[0]) <= now
    ignored = replace(evidence, ignored_by=evidence.ignored_by | {stranger.id})
    assert order.index(judge(ignored)[0]) <= now


@given(_evidence)
def test_nothing_that_is_inferred_outweighs_votes(evidence: Evidence) -> None:
    acceptance, because = judge(evidence)
    if because in {Because.THUMBS, Because.IGNORED}:
        done = replace(evidence.reception, resolved_by=Sender(99, "stranger"))
        assert judge(replace(evidence, is_fixed=True, reception=done))[0] is acceptance
        undone = replace(evidence.reception, resolved_by=None)
        assert judge(replace(evidence, is_fixed=False, reception=undone))[0] is acceptance


@given(_evidence)
def test_only_a_vote_against_rejects_and_without_a_sign_nothing_is_known(
    evidence: Evidence,
) -> None:
    said = evidence.reception
    against = bool(said.disliked_by or evidence.ignored_by)
    signs = against or said.liked_by or said.resolved_by or evidence.is_fixed
    acceptance, because = judge(evidence)
    assert acceptance is not Acceptance.REJECTED or against
    assert signs or (acceptance, because) == (Acceptance.UNKNOWN, Because.SILENCE)
    assert judge(replace(evidence, reception=replace(said, is_outdated=True))) == judge(evidence)
