"""The API against its own description, with requests that schemathesis makes up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.contracts.dashboard.world import SHOP, TOKEN

if TYPE_CHECKING:
    from tests.contracts.dashboard.world import World

HEADERS = {"Authorization": f"Bearer {TOKEN}"}


def test_every_answer_is_as_described(pages: World) -> None:
    described = schemathesis.openapi.from_url(f"{pages.url}/api/v1/openapi.json", headers=HEADERS)
    results = described.get_all_operations()
    operations = [each.ok() for each in results if isinstance(each, Ok)]
    assert len(operations) == 9
    for operation in operations:

        @given(case=operation.as_strategy())
        @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
        def check(case: schemathesis.Case[Any]) -> None:
            # That a span has an order, and how long it may be, cannot be described.
            case.call_and_validate(headers=HEADERS, excluded_checks=[positive_data_acceptance])

        check()


def test_the_description_is_openapi_3_1(pages: World) -> None:
    with pages.administrator() as admin:
        document = admin.get("/api/v1/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    for name, each in document["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(each), name


def test_pages_of_calls_lead_through_all_of_them_once(pages: World) -> None:
    with pages.administrator() as admin:
        query = f"/api/v1/calls?since=2020-01-01&repository_id={SHOP.id}"
        query = query.replace("2020-01-01", admin.get("/api/v1/costs").json()["since"])
        whole = [each["id"] for each in admin.get(f"{query}&limit=1000").json()["calls"]]
        seen: list[str] = []
        after = ""
        while after is not None:
            page = admin.get(f"{query}&limit=7{after and f'&after={after}'}").json()
            seen += [each["id"] for each in page["calls"]]
            after = page["next"]
    assert seen == whole
    assert len(seen) > 20


@pytest.mark.parametrize(
    "query",
    [
        "costs?by=author",
        "acceptance?by=author",
        "costs?since=yesterday",
        "costs?since=2026-02-30",
        "costs?since=20260101",
        "costs?since=2026-02-02&until=2026-02-01",
        "costs?since=1999-01-01",
        "costs?since=2001-01-01",
        "costs?repository_id=0",
        "costs?repository_id=-1",
        "costs?repository_id=9223372036854775808",
        "costs?limit=1001",
        "calls?after=x",
        "calls?after=1-%27",
        "calls?number=one",
    ],
)
def test_what_is_no_parameter_is_refused(pages: World, query: str) -> None:
    with pages.administrator() as admin:
        answer = admin.get(f"/api/v1/{query}")
    assert (answer.status_code, answer.json()["error"]) == (400, "bad-request")


def test_sums_agree_however_they_are_cut(pages: World) -> None:
    with pages.administrator() as admin:
        totals = set()
        for by in ("day", "repository", "pull", "model", "endpoint"):
            lines = admin.get(f"/api/v1/costs?by={by}").json()["lines"]
            totals.add((sum(each["calls"] for each in lines), sum(e["tokens_in"] for e in lines)))
    assert len(totals) == 1
