"""Every interleaving of two or three reservations, step by step.

The steps are those that the ledger really takes: they are recorded from its own statements.
The model is PostgreSQL's READ COMMITTED: a statement sees what is committed, waits for a row
that another transaction changed, and then decides on its newest value. SQLite admits one writer
at a time, so what it does is among these interleavings too.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from reviewbot.domain.money import Usage, parse_usd
from reviewbot.ledger.database import open_database
from reviewbot.ledger.migrate import migrate
from reviewbot.ledger.money import SqlLedger
from reviewbot.review.ports import Attempt, Ending
from tests.contracts.ledger.charges import charge, limits

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from reviewbot.ledger.database import Database, Session

_Step = tuple[Any, ...]


class _Listening:
    """A session that writes down what is asked of it."""

    def __init__(self, session: Session, heard: list[_Step]) -> None:
        self._session, self._heard = session, heard

    def rows(self, sql: str, *values: object) -> Sequence[tuple[Any, ...]]:
        if sql.startswith("UPDATE budgets SET reserved = reserved - ?"):
            worst, cost, scope = values
            self._heard.append(("move", scope, worst, cost))
        else:
            assert "UPDATE budgets" not in sql, "a step that the model does not know"
        return self._session.rows(sql, *values)

    def change(self, sql: str, *values: object) -> int:
        if sql.startswith("INSERT INTO budgets"):
            self._heard.append(("ensure", values[0]))
        elif "UPDATE budgets" in sql:
            assert "settled + reserved + presumed + ? <= ?" in sql
            worst, _, scope, again, ceiling = values
            assert worst == again
            self._heard.append(("fit", scope, worst, ceiling))
        return self._session.change(sql, *values)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the real one has
        return getattr(self._session, name)


@dataclass
class _Listener:
    """A database that writes down the steps of its transactions."""

    database: Database
    heard: list[_Step] = field(default_factory=list)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        with self.database.transaction() as session:
            yield _Listening(session, self.heard)
        if self.heard and self.heard[-1] != ("commit",):
            self.heard.append(("commit",))

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the real one has
        return getattr(self.database, name)


def _steps(path: Path, number: int, cents: int, tokens: int) -> tuple[_Step, ...]:
    """What the ledger does to reserve and to settle, in an empty database of its own."""
    database = open_database(f"sqlite:///{path}")
    migrate(database)
    listener = _Listener(database)
    ledger = SqlLedger(listener, patience=0)
    wanted = charge(f"0.{cents}", number=number, within=limits(per_day="1.3"))
    ledger.settle(ledger.reserve(wanted), Attempt(Ending.ANSWERED, Usage(tokens, 0)))
    database.close()
    return tuple(listener.heard)


@dataclass(frozen=True)
class _Worker:
    """A program and how far it is; what its transaction did, to be undone if it is refused."""

    at: int = 0
    undo: tuple[tuple[str, int], ...] = ()  # scope and what was reserved
    refused: bool = False


@dataclass(frozen=True)
class _State:
    """Rows as (settled, reserved), whose transaction holds them, and all workers."""

    rows: tuple[tuple[str, tuple[int, int]], ...]
    held: tuple[tuple[str, int], ...]
    workers: tuple[_Worker, ...]


class _Model:
    """Explores every order of steps."""

    def __init__(self, programs: Sequence[tuple[_Step, ...]]) -> None:
        self._programs = programs
        self.ends: set[_State] = set()
        self.seen: set[_State] = set()
        self.most: dict[str, int] = {}

    def explore(self) -> None:
        start = _State((), (), tuple(_Worker() for _ in self._programs))
        waiting = [start]
        while waiting:
            state = waiting.pop()
            if state in self.seen:
                continue
            self.seen.add(state)
            for scope, counts in state.rows:
                self.most[scope] = max(self.most.get(scope, 0), sum(counts))
            following = [
                after
                for index in range(len(self._programs))
                if (after := self._step(state, index)) is not None
            ]
            waiting += following
            if not following:
                self.ends.add(state)

    def is_over(self, state: _State, index: int) -> bool:
        worker = state.workers[index]
        return worker.refused or worker.at == len(self._programs[index])

    def _step(self, state: _State, index: int) -> _State | None:
        """The state after a worker's next step; None where it must wait or is done."""
        if self.is_over(state, index):
            return None
        worker = state.workers[index]
        kind, *values = self._programs[index][worker.at]
        table = _Table(index, dict(state.rows), dict(state.held), list(worker.undo))
        went_well = getattr(table, kind)(*values)
        if went_well is None:
            return None
        if not went_well:
            table.roll_back()
        workers = list(state.workers)
        workers[index] = _Worker(worker.at + 1, tuple(table.undo), not went_well)
        rows, held = sorted(table.rows.items()), sorted(table.held.items())
        return _State(tuple(rows), tuple(held), tuple(workers))


@dataclass
class _Table:
    """What a step does: True, or False if it is refused, or None if it must wait."""

    owner: int
    rows: dict[str, tuple[int, int]]
    held: dict[str, int]
    undo: list[tuple[str, int]]

    def ensure(self, scope: str) -> bool | None:
        if self._is_held(scope):
            return None
        if scope not in self.rows:
            self.rows[scope], self.held[scope] = (0, 0), self.owner
        return True

    def fit(self, scope: str, worst: int, ceiling: int) -> bool | None:
        if self._is_held(scope):
            return None
        self.held[scope] = self.owner
        settled, reserved = self.rows[scope]
        if settled + reserved + worst > ceiling:
            return False
        self.rows[scope] = (settled, reserved + worst)
        self.undo.append((scope, worst))
        return True

    def move(self, scope: str, worst: int, cost: int) -> bool | None:
        if self._is_held(scope):
            return None
        self.held[scope] = self.owner
        settled, reserved = self.rows[scope]
        self.rows[scope] = (settled + cost, reserved - worst)
        return True

    def commit(self) -> bool:
        self.held = {scope: owner for scope, owner in self.held.items() if owner != self.owner}
        self.undo = []
        return True

    def look(self, scope: str, limit: int) -> bool:
        """The rival's first statement, in a transaction of its own."""
        return self.rows.get(scope, (0, 0))[0] < limit

    def add(self, scope: str, cost: int) -> bool:
        """The rival's second one."""
        self.rows[scope] = (self.rows.get(scope, (0, 0))[0] + cost, 0)
        return True

    def roll_back(self) -> None:
        for scope, amount in self.undo:
            settled, reserved = self.rows[scope]
            self.rows[scope] = (settled, reserved - amount)
        self.commit()

    def _is_held(self, scope: str) -> bool:
        return self.held.get(scope, self.owner) != self.owner


@pytest.mark.parametrize("pulls", [(1, 1), (1, 2), (1, 1, 2)])
@pytest.mark.parametrize("tokens", [0, 1_000, 600_000])
def test_no_interleaving_exceeds_a_limit_or_waits_for_ever(
    tmp_path: Path, pulls: tuple[int, ...], tokens: int
) -> None:
    programs = [
        _steps(tmp_path / f"{n}.db", number, 60 + n, tokens) for n, number in enumerate(pulls)
    ]
    ceilings = {step[1]: step[3] for program in programs for step in program if step[0] == "fit"}
    assert len(programs[0]) == 5 * 2 + 1 + 5 + 1, "five scopes to reserve in, five to settle"
    model = _Model(programs)
    model.explore()
    assert all(most <= ceilings[scope] for scope, most in model.most.items())
    for end in model.ends:
        assert all(model.is_over(end, index) for index in range(len(programs))), "a deadlock"
        assert end.held == ()
        granted = sum(not worker.refused for worker in end.workers)
        assert granted >= 1
        assert {counts for _, counts in end.rows if counts != (0, 0)} <= {
            (tokens * 10**6 * n, 0) for n in range(len(programs) + 1)
        }


def test_the_model_finds_the_race_of_those_who_check_and_then_increment() -> None:
    limit, cost = parse_usd("1"), parse_usd("0.6")
    program: tuple[_Step, ...] = (("look", "key", limit), ("add", "key", cost))
    model = _Model([program] * 3)
    model.explore()
    assert model.most["key"] == 3 * cost
