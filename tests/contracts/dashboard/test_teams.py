"""Pages, downloads and the API show one team's repositories alone."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from tests.contracts.dashboard.world import PAYMENTS, SHOP

if TYPE_CHECKING:
    from tests.contracts.dashboard.world import World

TEAM = "team=money+%26+co"


def test_every_figure_of_a_team_is_that_of_its_repositories(pages: World) -> None:
    with pages.administrator() as admin:
        for path in ("costs?by=day", "costs?by=model", "pulls?limit=1000", "calls?limit=1000"):
            of_team = admin.get(f"/api/v1/{path}&{TEAM}").json()
            of_its_own = admin.get(f"/api/v1/{path}&repository_id={PAYMENTS.id}").json()
            assert of_team == of_its_own, path
        [line] = admin.get(f"/api/v1/forecasts?{TEAM}").json()["lines"]
        assert line["repository"] == PAYMENTS.name
        [known] = admin.get(f"/api/v1/repositories?{TEAM}").json()["repositories"]
        assert known["name"] == PAYMENTS.name
        starved = admin.get(f"/api/v1/alerts?{TEAM}").json()
        assert {each["repository"] for each in starved["starved"]} <= {PAYMENTS.name}
        assert starved["quarantined"] == []


def test_pages_and_downloads_keep_the_team(pages: World) -> None:
    with pages.administrator() as admin:
        shown = admin.get(f"/costs?{TEAM}").text
        assert SHOP.name not in shown
        assert "money &amp; co</option>" in shown
        assert "&amp;team=money+%26+co" in shown  # of its downloads
        rows = csv.DictReader(io.StringIO(admin.get(f"/costs/tables/repositories.csv?{TEAM}").text))
        assert [row["repository"] for row in rows] == [PAYMENTS.name]


def test_nobody_learns_of_teams_whose_repositories_they_may_not_read(pages: World) -> None:
    with pages.person("bob") as bob, pages.person("carol") as carol:
        assert "buyers" in bob.get("/costs").text
        assert "money" not in bob.get("/costs").text
        assert "<select" not in carol.get("/costs").text
