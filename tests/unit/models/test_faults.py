from __future__ import annotations

import pickle
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.models.faults import Fault, Kind, Refusal, classify, read_delay, tidy
from reviewbot.review.ports import Attempt, Ending


def error(status: int, **fields: object) -> Refusal:
    return Refusal.read(status, {}, {"error": fields})


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [
        (error(429, code="rate_limit_exceeded"), Kind.THROTTLED),
        (error(429, type="insufficient_quota"), Kind.OUT_OF_MONEY),
        (error(429, type="exceeded_current_quota_error"), Kind.OUT_OF_MONEY),
        (error(429, type="rate_limit_reached_error"), Kind.THROTTLED),
        (error(429, code="1113", message="in arrears"), Kind.OUT_OF_MONEY),
        (error(429, code=1302), Kind.THROTTLED),
        (error(402), Kind.OUT_OF_MONEY),
        (error(400, code="Arrearage"), Kind.OUT_OF_MONEY),
        (error(401, message="insufficient balance"), Kind.REFUSED),
        (error(408), Kind.OVERLOADED),
        (error(529), Kind.OVERLOADED),
        (error(413), Kind.REFUSED),
        (error(404), Kind.REFUSED),
        (error(501), Kind.REFUSED),
        (Refusal.read(429, {}, [{"error": {"type": "insufficient_quota"}}]), Kind.OUT_OF_MONEY),
        (Refusal.read(503, {}, "<html>"), Kind.OVERLOADED),
    ],
)
def test_refusals_are_told_apart_by_what_to_do(refusal: Refusal, kind: Kind) -> None:
    assert classify(refusal, "house", "small").kind is kind


@pytest.mark.parametrize(
    ("status", "ending"),
    [
        (500, Ending.REFUSED),
        (503, Ending.REFUSED),
        (502, Ending.UNKNOWN),
        (504, Ending.UNKNOWN),
        (408, Ending.UNKNOWN),
        (409, Ending.REFUSED),
        (501, Ending.REFUSED),
    ],
)
def test_a_gateway_that_gave_up_may_hide_a_bill(status: int, ending: Ending) -> None:
    assert classify(error(status), "house", "small").attempt.ending is ending


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "3"}, 3.0),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "999999999"}, 86_400.0),
        ({"retry-after": "99999999999999"}, 86_400.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:04 GMT"}, 4.0),
        ({"retry-after": "Wed, 21 Oct 2026 09:28:04 +0200"}, 4.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:04"}, 4.0),
        ({"retry-after": "Fri, 21 Oct 2050 07:28:00 GMT"}, 86_400.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:27:59 GMT"}, None),
        ({"retry-after": "Wed, 21 Oct 99999 07:28:00 GMT"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "inf"}, None),
        ({}, None),
    ],
)
def test_a_delay_is_sane_or_none(headers: dict[str, str], seconds: float | None) -> None:
    now = datetime(2026, 10, 21, 7, 28, tzinfo=UTC)
    assert read_delay(headers, now) == seconds


@given(st.text())
def test_no_delay_breaks_its_reader(text: str) -> None:
    now = datetime(2026, 10, 21, tzinfo=UTC)
    delay = read_delay({"retry-after": text}, now)
    assert delay is None or 0 <= delay <= 86_400


@given(st.text())
def test_foreign_text_is_one_short_plain_line(text: str) -> None:
    shown = tidy(text)
    assert len(shown) <= 200
    assert shown.isprintable()


@pytest.mark.parametrize(
    "key", ["sk-abc123def456", "Bearer abc.def", "sk-ab****yz12", "ghp_0123456"]
)
def test_what_looks_like_a_key_is_taken_out(key: str) -> None:
    assert tidy(f"wrong key {key} given") == "wrong key [key] given"


@pytest.mark.parametrize(
    "body", [None, [], "text", {"error": None}, {"detail": []}, {"error": []}, [1]]
)
def test_any_body_can_be_read(body: object) -> None:
    assert classify(Refusal.read(400, {}, body), "house", "small").kind is Kind.REFUSED


def test_a_fault_survives_pickling() -> None:
    fault = Fault(Kind.THROTTLED, "wait", Attempt(Ending.REFUSED), 3.0)
    again = pickle.loads(pickle.dumps(fault))  # noqa: S301 - our own bytes
    assert (again.kind, again.message, again.retry_after) == (Kind.THROTTLED, "wait", 3.0)
