"""Wakes workers on any number of machines: Procrastinate, on the ledger's own PostgreSQL.

Its jobs say only "look at the desk"; what is to be done, and by whom, stands on the desk. Its
locks are not used: with them the oldest waiter is kept and newer ones raise.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from procrastinate import App, PsycopgConnector, SyncPsycopgConnector
from procrastinate.exceptions import ConnectorException

from reviewbot.domain.errors import LedgerError
from reviewbot.runtime.command_work import carry_out_once
from reviewbot.runtime.work import work_once
from reviewbot.runtime.workers import worker_name

if TYPE_CHECKING:
    from reviewbot.domain.pull_request import PullKey
    from reviewbot.ledger.database import Session
    from reviewbot.runtime.work import Workshop

_log = logging.getLogger(__name__)
_TASK = "reviewbot.look"
_QUEUE = "reviewbot"
_SWEEP = "* * * * * */2"  # seconds last: leases end and work is handed back without a word
_POLL_SECONDS = 1.0  # for looks that a debounce put off


class ProcrastinateWaker:
    """Defers a look within the transaction that raises ``wanted``."""

    def __init__(self, url: str) -> None:
        self._app = App(connector=SyncPsycopgConnector(conninfo=url, min_size=1, max_size=2))
        self._app.open()

    def wake(self, session: Session, key: PullKey, seconds: float) -> None:
        """See Waker."""
        task = self._app.configure_task(
            _TASK, queue=_QUEUE, connection=session.raw(), schedule_in={"seconds": int(seconds) + 1}
        )
        task.defer(pull=str(key))

    def close(self) -> None:
        """Give the connections back."""
        self._app.close()


def prepare(url: str) -> None:
    """Create Procrastinate's tables where they are missing."""
    app = App(connector=SyncPsycopgConnector(conninfo=url, min_size=1, max_size=1))
    with app.open():
        try:
            app.schema_manager.apply_schema()
        except ConnectorException as error:
            if not app.check_connection():
                message = "Procrastinate's tables cannot be created"
                raise LedgerError(message, "May this user create tables?") from error


def run_worker(url: str, shop: Workshop, concurrency: int) -> None:
    """Work the desk until a signal asks to stop; what is under way is then handed back."""
    stopping = threading.Event()
    app = App(connector=PsycopgConnector(conninfo=url))

    @app.task(name=_TASK, queue=_QUEUE)
    def look(**_said: Any) -> None:
        while not stopping.is_set() and work_once(shop, worker_name(), stopping):
            pass

    @app.periodic(cron=_SWEEP)
    @app.task(name="reviewbot.sweep", queue=_QUEUE, pass_context=False)
    def sweep(timestamp: int) -> None:
        del timestamp
        look()

    clerk = threading.Thread(target=_carry_out, args=(shop, stopping), name="clerk")
    clerk.start()
    try:
        asyncio.run(_run(app, stopping, concurrency))
    finally:
        stopping.set()
        clerk.join()


def _carry_out(shop: Workshop, stopping: threading.Event) -> None:
    """Commands wait for no review: jobs may all be busy for minutes."""
    name = worker_name()
    while not stopping.is_set():
        try:
            worked = carry_out_once(shop.clerk, shop.metrics, name)
        except LedgerError:
            _log.warning("the ledger cannot be used", extra={"worker": name})
            worked = False
        if not worked:
            stopping.wait(_POLL_SECONDS)


async def _run(app: App, stopping: threading.Event, concurrency: int) -> None:
    """Procrastinate's own handlers would stop it without a word to the reviews under way."""
    async with app.open_async():
        running = asyncio.create_task(
            app.run_worker_async(
                queues=[_QUEUE],
                concurrency=concurrency,
                delete_jobs="always",  # what failed stands on the desk
                fetch_job_polling_interval=_POLL_SECONDS,
                install_signal_handlers=False,
            )
        )

        def stop() -> None:
            stopping.set()
            _log.info("stopping")
            running.cancel()  # which waits for the jobs that run

        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop)
        with suppress(asyncio.CancelledError):
            await running
