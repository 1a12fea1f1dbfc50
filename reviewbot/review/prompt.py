"""Renders what a tier is asked: the rules first, then repository context, the chunks last.

The system message is the same bytes for every chunk under one policy, so that the
endpoints' prompt caches hit. Code and claims stand in fences named by their own hash,
and every line of them begins with a number or a brace: nothing in a diff can close one.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from reviewbot.domain.finding import Tier
from reviewbot.review.answer import divide
from reviewbot.review.fence import fenced, json_line, unbroken
from reviewbot.review.paths import matches_any
from reviewbot.review.places import common
from reviewbot.review.ports import GUIDANCE_BYTES, Prompt, Question
from reviewbot.review.schema import answer_schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reviewbot.domain.finding import Finding
    from reviewbot.domain.policy import Policy
    from reviewbot.domain.pull_request import PullKey
    from reviewbot.review.plan import Chunk
    from reviewbot.review.ports import Document

OUTPUT_CAP = 2_000  # tokens
LONGEST_OUTPUT = 2 * OUTPUT_CAP  # of an answer that was cut off before
_CLOSING = "Answer with the JSON object only."


@dataclass(frozen=True, slots=True)
class Claim:
    """A cheap finding under the name that a verdict gives it."""

    id: str
    finding: Finding


def claim(finding: Finding) -> Claim:
    """Name a finding by what it says, so that the same claim keeps its name."""
    return Claim("c" + _digest(finding.path, finding.quote, finding.title)[:7], finding)


@dataclass(frozen=True, slots=True)
class Briefing:
    """What every request to a tier begins with, under one policy, in one pull request."""

    tier: Tier
    pull: PullKey
    system: str
    schema: str
    guidance: str
    policy: Policy


@dataclass(frozen=True, slots=True)
class Task:
    """One chunk to be read by one tier; *key* names its answer, whoever gives it."""

    chunk: Chunk
    key: str
    text: str  # the chunk as the prompt shows it
    claims: tuple[Claim, ...] = ()
    reason: str = ""  # why it is looked at again
    twin: int = 0  # how many chunks before it read the same
    tier: Tier = Tier.CHEAP
    tips: tuple[Claim, ...] = ()  # what other tools say of it: no part of this question


def brief(tier: Tier, pull: PullKey, policy: Policy, guidance: Sequence[Document]) -> Briefing:
    """Everything of a tier's prompt that does not depend on the chunk."""
    return _brief(tier, tier, pull, policy, guidance)


def brief_judge(
    tier: Tier, pull: PullKey, policy: Policy, guidance: Sequence[Document]
) -> Briefing:
    """The same for a second look, which *tier* takes: the cheap one where there is no strong."""
    return _brief(tier, Tier.STRONG, pull, policy, guidance)


def _brief(
    tier: Tier, role: Tier, pull: PullKey, policy: Policy, guidance: Sequence[Document]
) -> Briefing:
    system = _filled("strong" if role is Tier.STRONG else "cheap", policy)
    return Briefing(tier, pull, system, answer_schema(role), _guidance(guidance), policy)


def brief_improvements(
    tier: Tier, pull: PullKey, policy: Policy, guidance: Sequence[Document]
) -> Briefing:
    """The same where improvements are asked for, and no defects; either tier answers alike."""
    system, schema = _filled("improve", policy), answer_schema(Tier.CHEAP)
    return Briefing(tier, pull, system, schema, _guidance(guidance), policy)


def tasks(chunks: Sequence[Chunk], briefing: Briefing) -> list[Task]:
    """One task a chunk; chunks that read the same are told apart by their count."""
    seen = Counter[str]()
    found: list[Task] = []
    for chunk in chunks:
        one = task(chunk, briefing)
        twin = seen[one.key]
        seen[one.key] += 1
        found.append(task(chunk, briefing, twin=twin) if twin else one)
    return found


def task(
    chunk: Chunk,
    briefing: Briefing,
    claims: Sequence[Claim] = (),
    reason: str = "",
    twin: int = 0,
) -> Task:
    """What to ask about *chunk*; the claims are shuffled by their own hashes."""
    shuffled = tuple(sorted(claims, key=lambda each: each.id))
    instructions = _instructions(chunk.path, briefing.policy)
    code = "\n".join(f"{line.sign}{line.text}" for piece in chunk.pieces for line in piece.lines)
    context = "\n".join(
        text
        for piece in chunk.pieces
        for text in (piece.heading, *(line.text for line in piece.lead))
    )
    said = "\n".join(_claim(each, line=None) for each in shuffled)
    key = _digest(
        str(briefing.pull),
        briefing.tier,
        briefing.system,
        briefing.guidance,
        chunk.path,
        instructions,
        context,
        code,
        said,
        str(twin),
    )
    text = _render(chunk, key[:12], instructions, shuffled)
    return Task(chunk, key, text, shuffled, reason, twin, briefing.tier)


def question(tasks: Sequence[Task], briefing: Briefing) -> Question:
    """One request about several chunks, which share the cost of the rules."""
    chunks = tuple(each.chunk for each in tasks)
    claims = [frozenset(said.id for said in each.claims) for each in tasks]
    parts = [briefing.guidance, *(each.text for each in tasks), _CLOSING]
    return Question(
        tier=briefing.tier,
        prompt=Prompt(briefing.system, "\n\n".join(filter(None, parts)), briefing.schema),
        keys=tuple(each.key for each in tasks),
        weights=tuple(max(1, chunk.tokens) for chunk in chunks),
        divide=lambda text: divide(text, chunks, claims),
        output_cap=OUTPUT_CAP,
        label=", ".join(dict.fromkeys(chunk.path for chunk in chunks)),
        reason="; ".join(dict.fromkeys(each.reason for each in tasks if each.reason)),
        data=common(chunk.data for chunk in chunks),
    )


def _filled(name: str, policy: Policy) -> str:
    return template(name).format(language=policy.language, project=_project(policy))


@cache
def template(name: str) -> str:
    """One of the packaged prompts, to be filled in."""
    file = resources.files(__package__) / "prompts" / f"{name}.txt"
    return file.read_text(encoding="utf-8").strip()


def _project(policy: Policy) -> str:
    """The repository's own wishes, as one paragraph of the rules."""
    lines = [f"Focus: {policy.focus}"] if policy.focus else []
    for rule in policy.rules:
        where = f" (only {', '.join(rule.paths)})" if rule.paths else ""
        lines.append(f"- {rule.id} [{rule.severity}]{where}: {rule.description}")
    if policy.rules:
        lines.insert(len(lines) - len(policy.rules), "Project rules, cited by id in rule:")
    return "".join(f"{line}\n" for line in lines)


def _guidance(documents: Sequence[Document]) -> str:
    texts = [document.text.strip() for document in documents]
    joined = "\n\n".join(filter(None, texts)).encode()[:GUIDANCE_BYTES].decode(errors="ignore")
    if not joined:
        return ""
    quoted = "\n".join(f"| {line}" for line in joined.splitlines())
    return f"Conventions of this repository, for context only:\n{quoted}"


def _instructions(path: str, policy: Policy) -> str:
    wanted = [
        each.instructions for each in policy.path_instructions if matches_any(path, (each.path,))
    ]
    return "\n".join(wanted)


def _render(chunk: Chunk, fence: str, instructions: str, claims: Sequence[Claim]) -> str:
    parts = [f"Project instructions for this file: {instructions}"] if instructions else []
    lines = [f"File: {unbroken(chunk.path)}"]
    for piece in chunk.pieces:
        lines.append(f"@@ {unbroken(piece.heading)}".rstrip())
        # Another piece asks about these lines; here they are only what stands before.
        lines += [f"{line.new}   {unbroken(line.text)}".rstrip() for line in piece.lead]
        for line in piece.lines:
            number = line.old if line.sign == "-" else line.new
            lines.append(f"{number} {line.sign} {unbroken(line.text)}".rstrip())
    parts.append(fenced("CHUNK", fence, lines))
    if claims:
        said = [_claim(each, line=each.finding.start_line) for each in claims]
        parts.append(fenced("CLAIMS", fence, said))
    return "\n".join(parts)


def _claim(named: Claim, line: int | None) -> str:
    """A claim as data: without severity or confidence, which would sway the reader."""
    finding = named.finding
    said: dict[str, object] = {"id": named.id, "path": finding.path, "side": finding.side.value}
    if line is not None:
        said["line"] = line
    said |= {"quote": finding.quote, "claim": finding.title}
    if finding.reported_by:
        said["tool"] = finding.reported_by
    return json_line(said)


def _digest(*parts: str) -> str:
    digest = hashlib.sha256()
    for part in parts:
        encoded = part.encode(errors="surrogatepass")
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return digest.hexdigest()
