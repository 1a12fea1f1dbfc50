"""The table of answers: journal and cache at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviewbot.review.ports import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reviewbot.ledger.database import Session

_KEYS_AT_ONCE = 400


def preferred(session: Session, keys: Sequence[str], models: Sequence[str]) -> Mapping[str, Answer]:
    """The stored answers to *keys*; where several models answered, the preferred one's."""
    found: dict[str, Answer] = {}
    for begin in range(0, len(keys), _KEYS_AT_ONCE):
        for answer in _answers(session, keys[begin : begin + _KEYS_AT_ONCE], models):
            known = found.get(answer.key)
            if known is None or models.index(answer.model) < models.index(known.model):
                found[answer.key] = answer
    return found


def store(session: Session, answer: Answer, at: int) -> None:
    """Keep an answer; the first one of a model stays."""
    session.change(
        "INSERT INTO answers (key, model, text, cost, tokens, review_id, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        answer.key,
        answer.model,
        answer.text.replace("\0", ""),
        answer.cost,
        answer.tokens,
        answer.review_id,
        at,
    )


def _answers(session: Session, keys: Sequence[str], models: Sequence[str]) -> list[Answer]:
    of_keys, of_models = ", ".join("?" * len(keys)), ", ".join("?" * len(models))
    rows = session.rows(
        "SELECT key, text, model, cost, tokens, review_id FROM answers"  # noqa: S608 - only placeholders
        f" WHERE key IN ({of_keys}) AND model IN ({of_models})",
        *keys,
        *models,
    )
    return [Answer(*row) for row in rows]
