"""What a start costs: CPU seconds until GitHub is asked, and the wall time of the help."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NANOSECONDS = 1e9
_LONGEST = 60.0  # seconds until a start counts as failed


class _Doorbell(ThreadingHTTPServer):
    """Tells when the first request comes in, and answers it only when it may."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Refuse)
        self.rung, self.answered = threading.Event(), threading.Event()


class _Refuse(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        bell = self.server
        assert isinstance(bell, _Doorbell)
        bell.rung.set()
        bell.answered.wait(_LONGEST)
        self.send_response(401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's
        pass


def _environment(port: int, folder: str) -> Mapping[str, str]:
    return {
        "GITHUB_API_URL": f"http://127.0.0.1:{port}",
        "GITHUB_TOKEN": "benchmark",
        "HOME": folder,
        "REVIEWBOT_API_KEY": "benchmark",
        "REVIEWBOT_BASE_URL": "http://127.0.0.1:9/v1",
        "REVIEWBOT_CHEAP_MODEL": "cheap",
        "REVIEWBOT_CHEAP_PRICE": "0.15/0.60",
        "REVIEWBOT_DATABASE__URL": f"sqlite:///{folder}/ledger.db",
    }


def _spent(pid: int) -> float:
    """CPU seconds of all threads so far."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / _NANOSECONDS


def _starts(runs: int) -> Iterator[float]:
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder, _Doorbell() as bell:
            threading.Thread(target=bell.serve_forever, daemon=True).start()
            command = [sys.executable, "-m", "reviewbot", "review", "acme/shop#1"]
            environment = dict(_environment(bell.server_port, folder))
            with subprocess.Popen(
                command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            ) as child:
                assert bell.rung.wait(_LONGEST), "GitHub was never asked"
                yield _spent(child.pid)
                bell.answered.set()
            bell.shutdown()


def _helps(runs: int) -> Iterator[float]:
    for _ in range(runs):
        begun = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "reviewbot", "--help"], check=True, stdout=subprocess.DEVNULL
        )
        yield time.perf_counter() - begun


@click.command
@click.option("--runs", default=7, show_default=True)
def main(runs: int) -> None:
    """Print medians; the first start compiles, so it is not counted."""
    for name, seconds in (
        ("CPU to the first request", list(_starts(runs + 1))),
        ("wall of --help", list(_helps(runs + 1))),
    ):
        counted = seconds[1:]
        click.echo(f"{name}: {statistics.median(counted):.2f} s (least {min(counted):.2f})")


if __name__ == "__main__":
    main()
