"""Asks a model whether two remarks about the same lines name the same defect.

The judge learns neither which remark is whose nor how severe or sure anybody was.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from reviewbot.domain.errors import BadAnswer
from reviewbot.domain.finding import Tier
from reviewbot.review.loose_json import json_object
from reviewbot.review.ports import Prompt, Question
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
    lines = [" ".join(json.dumps({"remark": text}).splitlines()) for text in remarks]
    text = "\n".join(
        [
            f"<<<CODE {fence}",
            code,
            f">>>CODE {fence}",
            f"<<<REMARKS {fence}",
            *lines,
            f">>>REMARKS {fence}",
        ]
    )
    return Question(
        tier=Tier.STRONG,
        prompt=Prompt(_instructions(), text, _SCHEMA),
        keys=(key,),
        weights=(1,),
        divide=_whole,
        output_cap=_OUTPUT_CAP,
        label="two remarks",
        reason="judge",
    )


@cache
def _instructions() -> str:
    return (resources.files(__package__) / "prompts" / "judge.txt").read_text("utf-8").strip()


def _whole(text: str) -> tuple[str]:
    _verdict(text)
    return (text,)


def _verdict(answer: str) -> bool:
    said = (json_object(answer) or {}).get("same")
    if not isinstance(said, bool):
        message = "the answer is not the JSON that was asked for"
        raise BadAnswer(message)
    return said
