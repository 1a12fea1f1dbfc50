"""What a whole review sends: every call is in the record, and no secret in any call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviewbot.ledger import egress
from tests.contracts.models.scripted import Scripted, refuses, says
from tests.contracts.models.whole import new_files, whole
from tests.contracts.models.world import config, endpoint

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "ghp_" + "a1B2c3D4e" * 4
NOTHING = '{"findings":[],"risk":0.1,"summary":"fine"}'


def test_every_call_is_in_the_record_and_no_secret_leaves(tmp_path: Path) -> None:
    diff = new_files({"a.py": f'TOKEN = "{SECRET}"', "b.py": "value = 1"})
    with (
        Scripted(refuses(503)).running() as down,
        Scripted(says(NOTHING)).running() as up,
        whole(tmp_path, config(endpoint("down", down.url), endpoint("up", up.url))) as here,
    ):
        report = here.review(diff)
        rows = list(egress.entries(here.database))
    assert [row["endpoint"] for row in rows] == ["down", "up"]
    assert rows[0]["prompt_sha256"] == rows[1]["prompt_sha256"]
    assert [row["redactions"] for row in rows] == [1, 1]
    sent = str([heard.body for heard in (*down.heard, *up.heard)])
    assert SECRET not in sent
    assert "[redacted: GitHub token]" in sent
    assert [each.finding.title for each in report.findings] == ["Secret committed: GitHub token"]
