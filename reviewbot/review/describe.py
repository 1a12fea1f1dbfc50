"""Says what a pull request changes and why, and suggests a title: one request, on command.

Built from what the files' readings said already; code is shown only where there is no such
summary, or where all of it fits. Title and body are data in a fence, and nothing here judges.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from reviewbot.domain.finding import Tier
from reviewbot.domain.money import format_usd, parse_usd
from reviewbot.domain.outcome import Coverage
from reviewbot.review import wording
from reviewbot.review.conduct import prepare
from reviewbot.review.examine import Gap, recall
from reviewbot.review.fence import fenced, json_line
from reviewbot.review.house import purse_of
from reviewbot.review.loose_json import json_object, not_as_asked, undivided, unfenced
from reviewbot.review.places import free
from reviewbot.review.ports import Prompt, Question
from reviewbot.review.prompt import tasks, template
from reviewbot.review.reading import Story
from reviewbot.review.redact import redact_text
from reviewbot.review.room import room_of, within
from reviewbot.review.walkthrough import folded, walk
from reviewbot.review.words import in_language

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reviewbot.domain.money import Price
    from reviewbot.domain.pull_request import PullRequest, ReviewRequest
    from reviewbot.domain.walkthrough import FileChange
    from reviewbot.review.conduct import Prepared
    from reviewbot.review.house import House
    from reviewbot.review.plan import Chunk
    from reviewbot.review.ports import Answer, Ports
    from reviewbot.review.words import Words

MOST = parse_usd("0.05")  # a description
_OUTPUT_CAP = 1_200  # tokens
_CODE_BYTES = 24_000
_FILES_BYTES = 8_000
_BODY_BYTES = 4_000
_LONGEST_TITLE = 120
_LONGEST_CHANGE = 240
# From a beginning to the next end, over no other beginning: so no text is looked at twice.
_OUR_BLOCK = re.compile(
    r"<!-- reviewbot:description:begin:"
    r"(?:[^<]|<(?!!-- reviewbot:description:begin:))*?"
    r"<!-- reviewbot:description:end:[^<>]*-->"
)
_UNREAD = Gap(Coverage.FAILED, "not read yet")
_TEXT = {"type": "string"}
_FILE = {
    "type": "object",
    "properties": {"path": _TEXT, "change": _TEXT},
    "required": ["path", "change"],
    "additionalProperties": False,
}
_SCHEMA = json.dumps(
    {
        "type": "object",
        "properties": {
            "title": _TEXT,
            "what": _TEXT,
            "why": _TEXT,
            "files": {"type": "array", "items": _FILE},
        },
        "required": ["title", "what", "why", "files"],
        "additionalProperties": False,
    }
)


@dataclass(frozen=True, slots=True)
class Described:
    """A description as Markdown: what and why, and file by file.

    *in_body* says whether the policy wants it in the pull request's own description.
    """

    pull: PullRequest
    words: str
    walkthrough: str
    in_body: bool


def describe_pull_request(
    name: str, request: ReviewRequest, ports: Ports, house: House
) -> Described:
    """What the command of that *name* is answered; paid for once, however often it is called.

    Raises PolicyError, ModelError, BudgetExhausted and what the forge raises.
    """
    ready = prepare(request, ports, house)
    tier = Tier.CHEAP if ports.model.models(Tier.CHEAP) else Tier.STRONG
    changes = _known_changes(ready, ports)
    key = hashlib.sha256(f"describe\0{ready.pull.key}\0{name}".encode()).hexdigest()
    answer = ports.answers.known([key], ports.model.models(tier)).get(key)
    if answer is None:
        question = _question(ready, changes, tier, key, ports.model.price(tier))
        capped = replace(house, per_review=MOST)
        purse = purse_of(f"describe:{name}", ready.pull, ready.policy, capped)
        [answer] = ports.model.ask(question, purse)
    said = _read(answer.text)
    say = in_language(ready.policy.language)
    told = [_with_words(change, said.files.get(change.path, "")) for change in changes]
    return Described(
        pull=ready.pull,
        words=_told(said, ready.pull, answer, say),
        walkthrough="\n".join(folded(told, say)),
        in_body=ready.policy.description,
    )


def _known_changes(ready: Prepared, ports: Ports) -> tuple[FileChange, ...]:
    """What earlier readings of the same code said of it; nothing is asked."""
    briefing = ready.brief(Tier.CHEAP)
    asked = tasks(ready.plan.chunks, briefing)
    heard = recall(asked, briefing, ports).heard
    stories = [Story(task, heard.get(task.key, _UNREAD), None, None, None) for task in asked]
    return walk(stories, review_id="")


def _with_words(change: FileChange, said: str) -> FileChange:
    return replace(change, summaries=(said,)) if said and not change.summaries else change


# --- what is asked ---------------------------------------------------------------------------


def _question(
    ready: Prepared, changes: Sequence[FileChange], tier: Tier, key: str, price: Price | None
) -> Question:
    system = template("describe").format(language=ready.policy.language)
    # What may not go everywhere that code may is described by what is known of it already.
    chunks = free(ready.plan.chunks, ready.policy.data)
    narrow = {chunk.path for chunk in ready.plan.chunks} - {chunk.path for chunk in chunks}
    changes = [change for change in changes if change.path not in narrow]
    said = f"{_files(changes, key[:12])}\n\n{_claims(ready, key[:12])}"
    allowed = room_of(price, MOST, _OUTPUT_CAP)
    room = min(_CODE_BYTES, allowed - len(f"{system}{said}{_SCHEMA}".encode()))
    code = within(_shown(chunks, changes, room), ready.brief(tier), room)
    return Question(
        tier=tier,
        prompt=Prompt(system, "\n\n".join([*code, said]), _SCHEMA),
        keys=(key,),
        weights=(1,),
        divide=undivided(_read),
        output_cap=_OUTPUT_CAP,
        label="the whole pull request",
        reason="describe",
    )


def _shown(chunks: Sequence[Chunk], changes: Sequence[FileChange], room: int) -> Sequence[Chunk]:
    """All code where that fits, else the code that no summary speaks of."""
    size = sum(
        len(line.text.encode(errors="replace")) + 12
        for chunk in chunks
        for piece in chunk.pieces
        for line in piece.lines
    )
    if size < room:
        return chunks
    silent = {change.path for change in changes if not change.summaries}
    return [chunk for chunk in chunks if chunk.path in silent]


def _files(changes: Sequence[FileChange], fence: str) -> str:
    """The changed files, one JSON object a line, as many as there is room for."""
    lines: list[str] = []
    room = _FILES_BYTES
    for change in changes:
        about = {"path": change.path, "added": change.added, "deleted": change.deleted}
        summary = " ".join(change.summaries)[:_LONGEST_CHANGE]
        line = json_line(about | ({"summary": summary} if summary else {}))
        room -= len(line.encode(errors="replace"))
        if room < 0:
            lines.append(json_line({"files not shown": len(changes) - len(lines)}))
            break
        lines.append(line)
    return fenced("FILES", fence, lines)


def _claims(ready: Prepared, fence: str) -> str:
    """What the author says of the change, without what reviewbot wrote there."""

    def plain(text: str, most: int) -> str:
        bare = redact_text(wording.spoken(_OUR_BLOCK.sub("", text)), ready.policy.redaction)
        return bare.strip().encode(errors="replace")[:most].decode(errors="ignore")

    pull = ready.pull
    said = {"title": plain(pull.title, 400), "body": plain(pull.body, _BODY_BYTES)}
    return fenced("PULL", fence, [json_line(said)])


# --- what is answered ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Said:
    title: str
    what: str
    why: str
    files: dict[str, str]


def _read(text: str) -> _Said:
    """An answer's parts; an endpoint that knows no JSON answers in words alone."""
    bare = unfenced(text)
    said = (json_object(bare) or {}) if bare.startswith("{") else {"what": bare}
    found = _Said(_text(said, "title"), _text(said, "what"), _text(said, "why"), _changes(said))
    if not found.what:
        raise not_as_asked()
    return found


def _text(said: dict[str, Any], name: str) -> str:
    value = said.get(name)
    return value.strip() if isinstance(value, str) else ""


def _changes(said: dict[str, Any]) -> dict[str, str]:
    listed = said.get("files")
    return {
        _text(each, "path"): _text(each, "change")[:_LONGEST_CHANGE]
        for each in (listed if isinstance(listed, list) else ())
        if isinstance(each, dict)
    }


def _told(said: _Said, pull: PullRequest, answer: Answer, say: Words) -> str:
    title = wording.shortened(wording.one_line(said.title), _LONGEST_TITLE)
    parts = [f"**{say('What')}:** {wording.markdown(said.what)}"]
    if said.why:
        parts.append(f"**{say('Why')}:** {wording.markdown(said.why)}")
    if title and title != wording.one_line(pull.title):
        parts.append(f"**{say('Suggested title')}:** {wording.markdown(title)}")
    model = wording.markdown(wording.one_line(answer.model))
    paid = f"{model} · {format_usd(answer.cost)} · `{pull.head_sha[:10]}`"
    return "\n\n".join([*parts, f"<sub>{paid}</sub>"])
