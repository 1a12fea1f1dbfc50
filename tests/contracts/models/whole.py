"""A whole review on this machine: a local diff, the real router, a real ledger."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviewbot.domain.money import PicoUsd
from reviewbot.domain.outcome import Reviewed
from reviewbot.domain.policy import Policy
from reviewbot.domain.pull_request import ReviewRequest
from reviewbot.ledger.database import open_database
from reviewbot.ledger.migrate import migrate
from reviewbot.ledger.money import SqlLedger
from reviewbot.ledger.reviews import Reviews
from reviewbot.ledger.rulings import SqlRulings
from reviewbot.models.clock import Clock
from reviewbot.models.router import Router
from reviewbot.review.conduct import review_pull_request
from reviewbot.review.house import House
from reviewbot.review.ports import Ports
from reviewbot.runtime.attended import Attended
from reviewbot.runtime.local import LocalForge
from reviewbot.runtime.side_by_side import SideBySide

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from reviewbot.domain.outcome import Report
    from reviewbot.ledger.database import Database
    from reviewbot.models.breaker import Temper
    from reviewbot.models.config import RouterConfig
    from reviewbot.review.ports import Stage

_LOTS = PicoUsd(10**18)
_POLICY = {"budget": {"per_pr": "1000", "per_day": "1000", "per_month": "1000"}}


class Silent:
    """Observes, and says nothing."""

    def begins(self, stage: Stage, questions: int) -> None: ...

    def advances(self, stage: Stage) -> None: ...

    def interrupted(self) -> bool:
        return False

    def out_of_time(self) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class Whole:
    """Reviews diffs; every *name* is a pull request of its own."""

    router: Router
    ledger: SqlLedger
    database: Database
    calls: int = 4

    def review(
        self, raw: bytes, name: str = "diff", policy: Mapping[str, object] | None = None
    ) -> Report:
        """Under a policy that asks for nothing special, but for *policy*."""
        ports = Ports(
            LocalForge(name, raw),
            self.router,
            self.ledger,
            Reviews(self.database),
            Silent(),
            SideBySide(self.calls),
            Attended(SqlRulings(self.database)),
        )
        wishes = Policy.model_validate({**_POLICY, **(policy or {})})
        house = House(wishes, _LOTS, _LOTS, audited=lambda _: False)
        outcome = review_pull_request(ReviewRequest("local/diff", 1, name), ports, house)
        assert isinstance(outcome, Reviewed)
        return outcome.report

    def sums(self, column: str, where: str = "1 = 1") -> int:
        """A sum over the ledger's calls."""
        with self.database.transaction() as session:
            [(total,)] = session.rows(f"SELECT SUM({column}) FROM calls WHERE {where}")  # noqa: S608 - tests' own words
        return int(total or 0)

    def count(self, where: str = "1 = 1") -> int:
        """How many of the ledger's calls are so."""
        return self.sums("1", where)


@contextmanager
def whole(
    folder: Path, config: RouterConfig, calls: int = 4, temper: Temper | None = None
) -> Iterator[Whole]:
    with ExitStack() as stack:
        database = open_database(f"sqlite:///{folder / 'ledger.db'}")
        stack.callback(database.close)
        migrate(database)
        ledger = SqlLedger(database)
        router = Router(config, ledger, Clock.real(), temper=temper)
        stack.callback(router.close)
        yield Whole(router, ledger, database, calls)


def new_files(files: Mapping[str, str]) -> bytes:
    """A diff that adds *files*."""
    entries = []
    for path, text in files.items():
        lines = text.splitlines()
        entries.append(
            f"diff --git a/{path} b/{path}\nnew file mode 100644\n--- /dev/null\n+++ b/{path}\n"
            f"@@ -0,0 +1,{len(lines)} @@\n" + "".join(f"+{line}\n" for line in lines)
        )
    return "".join(entries).encode()
