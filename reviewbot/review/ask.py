"""Answers a person's question about a pull request: one request, under its budgets and a cap.

Code, finding, thread and question are data in fences, redacted as everywhere; what comes back
is cleaned like every word of a model.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reviewbot.domain.finding import Side, Tier
from reviewbot.domain.money import format_usd, parse_usd
from reviewbot.review import wording
from reviewbot.review.conduct import prepare
from reviewbot.review.fence import fenced, json_line
from reviewbot.review.house import purse_of
from reviewbot.review.loose_json import json_object, not_as_asked, undivided, unfenced
from reviewbot.review.places import common, data_of, free
from reviewbot.review.ports import Prompt, Question
from reviewbot.review.prompt import template
from reviewbot.review.redact import redact_text
from reviewbot.review.room import room_of, within
from reviewbot.review.words import in_language

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reviewbot.domain.money import PicoUsd, Price
    from reviewbot.domain.policy import Data
    from reviewbot.domain.pull_request import ReviewRequest
    from reviewbot.domain.thread import Thread
    from reviewbot.review.conduct import Prepared
    from reviewbot.review.house import House
    from reviewbot.review.plan import Chunk
    from reviewbot.review.ports import Answer, Ports
    from reviewbot.review.split import Piece
    from reviewbot.review.words import Words

MOST = parse_usd("0.05")  # an answer
_OUTPUT_CAP = 600  # tokens
_AROUND = 40  # lines of the hunk on either side of the thread's
_CODE_BYTES = 24_000
_THREAD_BYTES = 3_000
_SCHEMA = json.dumps(
    {
        "type": "object",
        "properties": {"answer": {"type": "string"}},
        "required": ["answer"],
        "additionalProperties": False,
    }
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, the name of the command that asks it, and the thread it is asked in.

    *most* is what the answer may cost.
    """

    name: str
    request: ReviewRequest
    question: str
    thread: Thread | None = None
    most: PicoUsd = MOST


def answer_question(asked: Asked, ports: Ports, house: House) -> str:
    """The answer as Markdown for GitHub.

    An answer that was paid for before a crash is not asked again. Raises PolicyError,
    ModelError, BudgetExhausted and what the forge raises.
    """
    ready = prepare(asked.request, ports, house)
    tier = Tier.STRONG if ports.model.models(Tier.STRONG) else Tier.CHEAP
    key = _digest("ask", str(ready.pull.key), asked.name)
    answer = ports.answers.known([key], ports.model.models(tier)).get(key)
    if answer is None:
        question = _question(asked, ready, tier, key, ports.model.price(tier))
        purse = purse_of(
            f"ask:{asked.name}", ready.pull, ready.policy, replace(house, per_review=asked.most)
        )
        [answer] = ports.model.ask(question, purse)
    who = _provenance(answer, tier, in_language(ready.policy.language))
    return f"{wording.markdown(_text(answer.text))}\n\n<sub>{who}</sub>"


def _provenance(answer: Answer, tier: Tier, say: Words) -> str:
    model = wording.markdown(wording.one_line(answer.model))
    marks = (model, format_usd(answer.cost), say("from the diff alone"))
    return " · ".join((say("{tier} tier", tier=tier), *marks))


# --- what is asked ---------------------------------------------------------------------------


def _question(asked: Asked, ready: Prepared, tier: Tier, key: str, price: Price | None) -> Question:
    system = template("ask").format(language=ready.policy.language)
    said = _conversation(asked, ready, key[:12])
    allowed = room_of(price, asked.most, _OUTPUT_CAP)
    room = min(_CODE_BYTES, allowed - len(f"{system}{said}{_SCHEMA}".encode()))
    shown = list(_shown(asked.thread, ready))
    code = within(shown, ready.brief(tier), room)
    return Question(
        tier=tier,
        prompt=Prompt(system, "\n\n".join([*code, said]), _SCHEMA),
        keys=(key,),
        weights=(1,),
        divide=undivided(_text),
        output_cap=_OUTPUT_CAP,
        label=asked.thread.path if asked.thread else "a question",
        reason="ask",
        data=common([*(chunk.data for chunk in shown), _data_of(asked.thread, ready)]),
    )


def _data_of(thread: Thread | None, ready: Prepared) -> Data:
    """Where what people said in a thread may go: they may have quoted its file."""
    return data_of((thread.path,) if thread else (), ready.policy.data)


def _conversation(asked: Asked, ready: Prepared, fence: str) -> str:
    """Finding, thread and question, one JSON object a line."""
    patterns = ready.policy.redaction

    def block(kind: str, *objects: dict[str, str]) -> str:
        return fenced(kind, fence, map(json_line, objects))

    parts: list[str] = []
    thread = asked.thread
    if thread is not None:
        if found := thread.finding:
            about = {"severity": found.severity.value, "category": found.category.value}
            parts.append(block("FINDING", {"path": found.path, "claim": found.title, **about}))
        said = [
            {"by": each.login, "said": redact_text(wording.spoken(each.text), patterns)}
            for each in thread.said
        ]
        parts.append(block("THREAD", *_latest(said)))
    question = redact_text(wording.spoken(asked.question), patterns)
    return "\n".join([*parts, block("QUESTION", {"question": question})])


def _latest(said: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """The first comment, which the thread is about, and as many of the last as there is room."""
    kept: list[dict[str, str]] = []
    room = _THREAD_BYTES
    for each in [*said[:1], *reversed(said[1:])]:
        cut = each | {"said": each["said"].encode()[:room].decode(errors="ignore")}
        room -= len(cut["said"].encode())
        if cut["said"]:
            kept.append(cut)
    return [*kept[:1], *reversed(kept[1:])]


def _shown(thread: Thread | None, ready: Prepared) -> Iterator[Chunk]:
    """What of the diff a question is about: the thread's hunk, or the riskiest code first.

    Without a thread, code that may go to fewer places is left out, unless there is no other.
    """
    if thread is None:
        chunks = ready.plan.chunks
        narrow = (chunk for chunk in chunks if chunk.data == chunks[0].data)
        yield from free(chunks, ready.policy.data) or narrow
        return
    for chunk in ready.plan.chunks:
        if chunk.path == thread.path:
            pieces = [cut for piece in chunk.pieces if (cut := _around(piece, thread))]
            if pieces:
                yield replace(chunk, pieces=tuple(pieces))


def _around(piece: Piece, thread: Thread) -> Piece | None:
    """The lines around the thread's; the piece as it is where that line is gone."""
    if thread.line is None:
        return piece
    left = thread.side is Side.LEFT
    numbers = [line.old if left else line.new for line in piece.lines]
    if thread.line not in numbers:
        return None
    at = numbers.index(thread.line)
    return replace(piece, lines=piece.lines[max(0, at - _AROUND) : at + _AROUND + 1])


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


# --- what is answered ------------------------------------------------------------------------


def _text(answer: str) -> str:
    """The words of an answer; an endpoint that knows no JSON answers in words alone."""
    said: object = unfenced(answer)
    if str(said).startswith("{"):
        said = (json_object(answer) or {}).get("answer")
    if not isinstance(said, str) or not said.strip():
        raise not_as_asked()
    return said
