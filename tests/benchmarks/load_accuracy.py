"""How true the load harness is: its figures against a server of known pace.

Run: ``python -m tests.benchmarks.load_accuracy``. The server is a process of its own, as real ones
are. The claim is 2 % on a quiet machine, for every median. On a busy one the server itself is late;
so a bare socket asks it in the same way, and the harness's own part is what it adds to that.
"""

from __future__ import annotations

import json
import multiprocessing
import socket
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from reviewbot.lab.load import load
from reviewbot.lab.profile import Profile, Target, prompt_for
from reviewbot.lab.summary import spread, summarise
from reviewbot.models.catalogue import flat_price
from reviewbot.models.config import EndpointConfig
from reviewbot.models.streaming import StreamingEndpoint
from reviewbot.sandbox.model import API_KEY, SandboxModel
from reviewbot.sandbox.model_manners import Manners, Pace
from tests.contracts.lab.paced import Watched

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

PACES = {
    "200 ms, 50 tokens/s": Pace(0.2, 50, 100),
    "200 ms, 100 tokens/s": Pace(0.2, 100, 100),
    "1 s, 30 tokens/s": Pace(1.0, 30, 100),
}
CLAIM = 0.02


def serve(pipe: Connection) -> None:
    """Serve until the other end says so."""
    with SandboxModel(manners={name: Manners(pace=pace) for name, pace in PACES.items()}) as server:
        pipe.send(server.base_url)
        pipe.recv()


def bare(base_url: str, name: str, many: int, profile: Profile) -> float:
    """The median time to the first token as a socket without any harness sees it."""
    url = urlsplit(base_url)
    messages = [{"role": "user", "content": prompt_for(0, profile).user}]
    body = json.dumps({"model": name, "messages": messages, "stream": True}).encode()
    head = (
        f"POST {url.path}/chat/completions HTTP/1.1\r\nHost: {url.netloc}\r\n"
        f"Authorization: Bearer {API_KEY}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    ).encode()

    def ask(_: int) -> float:
        begun = time.monotonic()
        with socket.create_connection((url.hostname or "", url.port or 0)) as line:
            line.sendall(head + body)
            heard = b""
            while b"ipso" not in heard:
                heard += line.recv(65_536)
            first = time.monotonic() - begun
            while line.recv(65_536):
                pass
        return first

    with ThreadPoolExecutor(many) as pool:
        return statistics.median_low(list(pool.map(ask, range(max(15, 5 * many)))))


def measure(base_url: str, name: str, profile: Profile) -> bool:
    """Load one model and print how far its medians are off."""
    pace, price = PACES[name], flat_price("0", "0")
    streamer = StreamingEndpoint(EndpointConfig("paced", base_url, API_KEY))
    run = load([Target(name, name, streamer, price, price)], profile, Watched())
    streamer.close()
    (figures,) = summarise(run, Fraction(999, 1000))
    assert figures.first_token
    assert figures.latency
    assert figures.speed
    whole = pace.first + (pace.tokens - 1) / pace.speed
    off = {
        "first token": figures.first_token.p50 / pace.first - 1,
        "latency": figures.latency.p50 / whole - 1,
        "tokens/s": figures.speed.p50 / pace.speed - 1,
    }
    own = figures.first_token.p50 - bare(base_url, name, profile.concurrency, profile)
    lag = spread(run.lags)
    shown = ", ".join(f"{figure} {share:+.2%}" for figure, share in off.items())
    late = f"{lag.p99 * 1000:.1f} ms" if lag else "?"
    sys.stdout.write(
        f"{name:>22}, {profile.concurrency} at once: {shown}; own part {own * 1000:+.2f} ms"
        f" ({own / pace.first:+.2%}); lag p99 {late}\n"
    )
    return all(abs(share) <= CLAIM for share in off.values())


def main() -> None:
    """Every pace, one request at once and eight."""
    ours, theirs = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    server = context.Process(target=serve, args=(theirs,))
    server.start()
    base_url = ours.recv()
    try:
        kept = [
            measure(base_url, name, Profile(max(15, 5 * many), many, 500, 200, 30.0))
            for name in PACES
            for many in (1, 8)
        ]
    finally:
        ours.send("over")
        server.join()
    sys.stdout.write(f"within {CLAIM:.0%}: {sum(kept)} of {len(kept)}\n")


if __name__ == "__main__":
    main()
