"""What a companion refuses for want of money, which is no failure of an endpoint's."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reviewbot.domain.errors import BudgetExhausted
from reviewbot.domain.money import NOTHING
from reviewbot.domain.outcome import Shortage
from reviewbot.domain.phrase import joined
from reviewbot.domain.policy import Usd
from reviewbot.domain.scope import TITLES, Kind, exhausted
from reviewbot.domain.session_refusal import OVER_BUDGET
from reviewbot.models.faults import LONGEST_FOREIGN_TEXT, Fault, tidy
from reviewbot.models.faults import Kind as FaultKind
from reviewbot.review.ports import Attempt, Ending

if TYPE_CHECKING:
    from reviewbot.models.faults import Refusal


class _Budget(BaseModel):
    """The figures of a limit that has no room."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    scope: Kind
    limit: Usd
    spent: Usd
    needed: Usd
    kept: Usd = NOTHING
    closed_by: Annotated[str, Field(max_length=LONGEST_FOREIGN_TEXT)] = ""


def over_budget(refusal: Refusal, endpoint: str) -> Fault | None:
    """The refusal of a companion whose ledger has no room; None for every other one.

    Only for an endpoint that is a companion: a vendor's words must not stand for a budget.
    """
    if refusal.status != HTTPStatus.PAYMENT_REQUIRED or OVER_BUDGET not in refusal.code.split():
        return None
    why = _exhausted(refusal, endpoint)
    attempt = Attempt(Ending.REFUSED, error="over-budget")
    return Fault(FaultKind.OVER_BUDGET, why.message, attempt, exhausted=why)


def _exhausted(refusal: Refusal, endpoint: str) -> BudgetExhausted:
    """As if the ledger were here; another version's companion may tell no figures."""
    try:
        said = _Budget.model_validate(refusal.budget)
    except ValidationError:
        return BudgetExhausted(joined((endpoint, tidy(refusal.message)), ": "), endpoint)
    shortage = Shortage(
        TITLES[said.scope],
        said.limit,
        said.spent,
        said.needed,
        kept=said.kept,
        closed_by=tidy(said.closed_by),
    )
    return exhausted(said.scope.value, shortage)
