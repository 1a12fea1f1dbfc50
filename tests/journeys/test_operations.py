"""What an operator sees when something is wrong with the service."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psycopg

from tests.journeys.driver import METRICS_TOKEN, ask, defect, reviewed

if TYPE_CHECKING:
    from tests.journeys.driver import Driver

_TOKEN = {"SERVER__METRICS_TOKEN_ENV": "TOKEN"}


def test_without_its_database_the_service_lives_takes_nothing_and_says_so(
    shared_bot: Driver, postgres: str, postgres_url: str
) -> None:
    shared_bot.serve()
    pull = shared_bot.open({"src/orders.py": defect()})
    assert ask(shared_bot.url, "/readyz").status == 200
    with psycopg.connect(postgres, autocommit=True) as connection:
        name = urlsplit(postgres_url).path.removeprefix("/")
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    with ThreadPoolExecutor() as pool:
        ready = pool.submit(ask, shared_bot.url, "/readyz")
        delivered = pool.submit(pull.deliver, "opened")
        measured = pool.submit(ask, shared_bot.url, "/metrics")
        assert ask(shared_bot.url, "/healthz").status == 200
        assert "reviewbot_ledger_up 0.0" in measured.result().text
        assert (ready.result().status, delivered.result().status) == (503, 503)
    assert name not in ready.result().text + delivered.result().text


def test_metrics_with_a_token_are_for_those_who_have_it(local_bot: Driver) -> None:
    service = local_bot.serve(**_TOKEN)
    for given in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer "}):
        assert ask(local_bot.url, "/metrics", headers=given).status == 403
    given = {"Authorization": f"Bearer {METRICS_TOKEN}", "X-Forwarded-For": "203.0.113.7"}
    text = ask(local_bot.url, "/metrics", headers=given).text
    assert "reviewbot_ledger_up 1.0" in text
    assert 'reviewbot_desk{state="waiting"} 0.0' in text
    assert 'reviewbot_unanswered_commands{state="waiting"} 0.0' in text
    assert service.stop() == 0


def test_every_metric_is_in_the_operators_handbook(local_bot: Driver) -> None:
    local_bot.serve()
    text = ask(local_bot.url, "/metrics").text
    names = set(re.findall(r"^# TYPE (reviewbot_\w+) ", text, re.MULTILINE))
    shown = {name for name in names if not name.endswith("_created")}
    handbook = (Path(__file__).parents[2] / "docs/operations.md").read_text(encoding="utf-8")
    assert shown
    assert {name for name in shown if f"`{name}" not in handbook} == set()


def test_a_service_in_which_nobody_would_work_does_not_start(local_bot: Driver) -> None:
    service = local_bot.serve(LIMITS__WORKERS="0")
    assert service.wait() == 2
    assert "limits.workers is 0" in service.log


def test_workers_of_their_own_refuse_a_file_that_only_one_process_may_use(
    local_bot: Driver,
) -> None:
    worker = local_bot.worker()
    assert worker.wait() == 2
    assert "need PostgreSQL" in worker.log


def test_a_worker_works_on_after_its_database_cut_all_connections(
    shared_bot: Driver, postgres: str, postgres_url: str
) -> None:
    shared_bot.serve(LIMITS__WORKERS="0", LIMITS__DEBOUNCE_SECONDS="0")
    worker = shared_bot.worker()
    reviewed(shared_bot)
    name = urlsplit(postgres_url).path.removeprefix("/")
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
        )
    assert worker.claimed(reviewed(shared_bot))
    assert worker.stop() == 0
