"""``reviewbot costs``: the ledger's sums agree with what the model server counted."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from reviewbot.domain.pull_request import ReviewRequest
from reviewbot.ledger.database import open_database
from reviewbot.ledger.migrate import migrate
from reviewbot.ledger.reviews import Reviews
from reviewbot.runtime.local import LocalForge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reviewbot.sandbox.model import SandboxModel
    from tests.journeys.cli.driver import Shell

_NAMES = ("=cmd", "+sum", "-1", "@here", "\ttab", "\rreturn", "[/bold]", "plain \x1b]0;owned\x07")


def _sum(lines: list[dict[str, Any]], name: str) -> Any:  # noqa: ANN401 - a count or an amount
    values = [line[name] for line in lines]
    return sum(map(Decimal, values)) if name.endswith("_usd") else sum(values)


def test_every_grouping_adds_up_to_what_the_models_counted(
    shell: Shell, pull: str, diff: str, model: SandboxModel
) -> None:
    for target in ((pull,), (pull,), ("--diff", diff)):  # the second one asks nothing
        assert shell.run("review", *target).code == 0
    counted = model.totals()
    totals = set()
    for by, names in {
        "repo": {"acme/shop", "planted.diff"},
        "model": {"sandbox-cheap", "sandbox-strong"},
        "tier": {"cheap", "strong"},
        "day": {datetime.now(UTC).date().isoformat()},
        "pr": None,
    }.items():
        lines = shell.run("costs", "--by", by, "--format", "json").json
        found = {line["name"] for line in lines}
        assert found == names or (names is None and "acme/shop#42" in found)
        assert _sum(lines, "calls") == counted.calls
        assert _sum(lines, "tokens_in") == counted.prompt_tokens
        assert _sum(lines, "tokens_out") == counted.completion_tokens
        totals.add((_sum(lines, "spent_usd"), _sum(lines, "presumed_usd")))
        assert by in {"model", "tier"} or _sum(lines, "reviews") == 3
    assert len(totals) == 1
    assert totals.pop()[0] > 0


def test_a_table_has_a_total_csv_has_rows_and_both_can_be_narrowed(
    shell: Shell, pull: str, diff: str
) -> None:
    for target in ((pull,), ("--diff", diff), ("--diff", diff)):
        assert shell.run("review", *target).code == 0

    table = shell.run("costs", "--repo", "ACME/shop")
    rows = list(csv.DictReader(io.StringIO(shell.run("costs", "--format", "csv").out)))

    lines = [line.split() for line in table.out.splitlines()]
    assert lines[0][:2] == ["repo", "reviews"]
    assert [line[0] for line in lines if line][2:] == ["acme/shop", "total"]
    assert {row["name"]: row["reviews"] for row in rows} == {"acme/shop": "1", "planted.diff": "2"}
    assert sum(Decimal(row["saved_usd"]) for row in rows) > 0
    hours = shell.run("costs", "--since", "1h", "--format", "json")
    assert len(hours.json) == 2
    assert "sums are kept by whole days, so these begin at" in hours.err
    later = shell.run("costs", "--since", "2999-01-01", "--repo", "ACME/shop")
    assert (later.out, later.err) == ("Nothing was spent in that time.\n", "")
    misspelt = shell.run("costs", "--repo", "acme/shops")
    assert misspelt.err == "reviewbot: the ledger knows no repository acme/shops\n"


def test_forecasts_are_measured_and_teams_shown_alone(shell: Shell, pull: str, diff: str) -> None:
    teams: dict[str, Any] = {
        "REVIEWBOT_DASHBOARD__TEAMS": json.dumps({"shop": ["Acme/*"], "idle": ["x/y"]})
    }
    for target in ((pull,), ("--diff", diff)):
        report = shell.run("review", *target, "--format", "json").json
        assert Decimal(report["forecast"]["p50_usd"]) <= Decimal(report["forecast"]["p90_usd"])

    lines = shell.run("costs", "--team", "shop", "--format", "json", **teams).json
    assert [line["name"] for line in lines] == ["acme/shop"]
    assert shell.run("costs", "--team", "idle", "--format", "json", **teams).json == []
    wrong = shell.run("costs", "--team", "shops", **teams)
    assert wrong.code == 2
    assert "configured are: idle, shop" in wrong.err

    first, *_, total = shell.run("costs", "--forecasts", "--format", "json").json
    assert (total["name"], total["reviews"]) == ("total", 2)
    assert 0 <= total["within_p90"] <= 2
    assert Decimal(first["cost_usd"]) > 0
    rows = list(
        csv.DictReader(io.StringIO(shell.run("costs", "--forecasts", "--format", "csv").out))
    )
    assert [row["reviews"] for row in rows] == ["1", "1", "2"]
    table = shell.run("costs", "--forecasts", "--repo", "ACME/shop").out
    assert "within p90" in table
    assert "planted.diff" not in table
    none = shell.run("costs", "--forecasts", "--since", "2999-01-01").out
    assert none == "No review was forecast in that time.\n"


def test_names_run_in_no_spreadsheet_and_steer_no_terminal(shell: Shell) -> None:
    url = f"sqlite:///{shell.folder / 'ledger.db'}"
    _record(url, _NAMES)

    said = shell.run("costs", "--format", "csv", REVIEWBOT_DATABASE__URL=url)
    table = shell.run("costs", REVIEWBOT_DATABASE__URL=url)

    rows = csv.DictReader(io.StringIO(said.out, newline=""))
    assert sorted(row["name"] for row in rows) == sorted(
        ["'=cmd", "'+sum", "'-1", "'@here", "'tab", "'return", "[/bold]", "plain ]0;owned"]
    )
    assert "[/bold]" in table.out
    assert "\x1b" not in said.out + table.out


def _record(url: str, names: Sequence[str]) -> None:
    """Enter a finished review of each name into the ledger at *url*."""
    database = open_database(url)
    migrate(database)
    reviews = Reviews(database)
    for name in names:
        request = ReviewRequest(name, 0, "command line", full=True)
        pull = LocalForge(name, b"").pull_request(request)
        reviews.close(reviews.open(pull, request.trigger), "published", "")
    database.close()
