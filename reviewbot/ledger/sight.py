"""Who may see what, and which days are asked for: the two conditions of every view."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class Sight:
    """The repositories that somebody may see, by GitHub's ids; None is everything.

    Sums are made of these rows alone: what is hidden is never added up first.
    """

    repositories: frozenset[int] | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it also reaches what belongs to no repository."""
        return self.repositories is None

    def sees(self, repository_id: int) -> bool:
        """Whether it reaches a repository."""
        return self.repositories is None or repository_id in self.repositories

    def within(self, repository_id: int | None) -> Sight:
        """The part of it that is one repository; itself for None."""
        if repository_id is None:
            return self
        return Sight(frozenset({repository_id}) if self.sees(repository_id) else frozenset())

    def condition(self, column: str = "repository_id") -> str:
        """Its SQL; ids are integers, so they stand in the text and their number has no limit."""
        if self.repositories is None:
            return "1 = 1"
        ids = ", ".join(str(int(each)) for each in sorted(self.repositories))
        return f"{column} IN ({ids})" if ids else "1 = 0"


@dataclass(frozen=True, slots=True)
class Span:
    """Whole UTC days, *first* and *last* included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many they are."""
        return (self.last - self.first).days + 1

    def condition(self) -> tuple[str, list[object]]:
        """The largest grains that make it up, as SQL and its values."""
        end = (self.last + timedelta(days=1)).replace(day=1)  # of the whole months
        begin = self.first if self.first.day == 1 else _next_month(self.first)
        if begin >= end:
            return "grain = 'day' AND period BETWEEN ? AND ?", [f"{self.first}", f"{self.last}"]
        sql = (
            "((grain = 'month' AND period >= ? AND period < ?) OR (grain = 'day'"
            " AND ((period >= ? AND period < ?) OR (period >= ? AND period <= ?))))"
        )
        months: list[object] = [f"{begin:%Y-%m}", f"{end:%Y-%m}"]
        return sql, [*months, f"{self.first}", f"{begin}", f"{end}", f"{self.last}"]


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
