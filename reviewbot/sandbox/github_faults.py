"""What goes wrong on purpose, once each, in the order in which it was asked for."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Fault:
    """Hits the next request of *method* whose whole path matches the pattern *path*.

    With *status* that is the answer, with *drop* there is none; *after_write* lets the
    request do its work first. *delay* seconds pass before the request is looked at.
    """

    method: str
    path: str
    status: int = 0
    drop: bool = False
    after_write: bool = False
    delay: float = 0.0
    message: str = "Server Error"
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def replaces_answer(self) -> bool:
        """Whether the client does not get the real answer."""
        return self.drop or self.status > 0


class Faults:
    """A queue of faults; each is used up by the first request that it matches."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []

    def append(self, *faults: Fault) -> None:
        """Add faults at the end."""
        with self._lock:
            self._waiting.extend(faults)

    def take(self, method: str, path: str) -> Fault | None:
        """The first fault that matches, which is then gone."""
        with self._lock:
            for fault in self._waiting:
                if fault.method == method and re.fullmatch(fault.path, path):
                    self._waiting.remove(fault)
                    return fault
        return None

    def __len__(self) -> int:
        with self._lock:
            return len(self._waiting)
