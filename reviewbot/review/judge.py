"""Asks a model whether two remarks about the same lines name the same defect.

The judge learns neither which remark is whose nor how severe or sure anybody was.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviewbot.domain.finding import Tier
from reviewbot.review.fence import fenced
from reviewbot.review.loose_json import json_object, not_as_asked, undivided
from reviewbot.review.ports import Prompt, Question
from reviewbot.review.prompt import template
from reviewbot.review.redact import redact_text

if TYPE_CHECKING:
    from reviewbot.review.ports import Answers, Model, Purse

JUDGE_VERSION = 1  # of the prompt; raised with every change
_OUTPUT_CAP = 60  # tokens
_MOST = 4_000  # characters of a remark
_SCHEMA = json.dumps(
    {
        "type": "object",
        "properties": {"same": {"type": "boolean"}},
        "required": ["same"],
        "additionalProperties": False,
    }
)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two remarks, and the lines that they are about."""

    code: tuple[str, ...]
    one: str
    other: str


def same_defect(pair: Pair, model: Model, answers: Answers, purse: Purse) -> bool:
    """Whether both mean the same, by the strong tier's model.

    What was asked before is known. Raises ModelError and BudgetExhausted.
    """
    question = _question(pair)
    [key] = question.keys
    answer = answers.known([key], model.models(Tier.STRONG)).get(key)
    if answer is None:
        [answer] = model.ask(question, purse)
    return _verdict(answer.text)


def _question(pair: Pair) -> Question:
    remarks = [redact_text(text[:_MOST]) for text in (pair.one, pair.other)]
    code = redact_text("\n".join(pair.code))
    parts = (str(JUDGE_VERSION), code, *remarks)
    key = hashlib.sha256("\0".join(["judge", *parts]).encode()).hexdigest()
    remarks = sorted(remarks, key=lambda text: hashlib.sha256(f"{key}{text}".encode()).digest())
    fence = key[:12]
    lines = [json.dumps({"remark": text}) for text in remarks]
    shown = [fenced("CODE", fence, [code]), fenced("REMARKS", fence, lines)]
    return Question(
        tier=Tier.STRONG,
        prompt=Prompt(template("judge"), "\n".join(shown), _SCHEMA),
        keys=(key,),
        weights=(1,),
        divide=undivided(_verdict),
        output_cap=_OUTPUT_CAP,
        label="two remarks",
        reason="judge",
    )


def _verdict(answer: str) -> bool:
    said = (json_object(answer) or {}).get("same")
    if not isinstance(said, bool):
        raise not_as_asked()
    return said
