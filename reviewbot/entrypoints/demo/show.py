"""Shows what a review left on GitHub, and what it cost."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from reviewbot.domain.finding import Side
from reviewbot.domain.money import plain_usd
from reviewbot.domain.patch import parse_diff
from reviewbot.review.wording import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reviewbot.domain.diff import Diff, Line
    from reviewbot.entrypoints.demo.stage import Stage
    from reviewbot.ledger.costs import Spend

_MARKER = re.compile(r"<!--.*?-->", re.DOTALL)
_TAGS = re.compile(r"</?(?:details|summary|sub)>")
_CONTEXT = 2  # lines shown before a comment's own


@dataclass(frozen=True, slots=True)
class Shown:
    """What the demo has to show, in plain values."""

    stage: Stage
    check: Mapping[str, Any]
    spend: Sequence[Spend]  # by model that was called


def as_json(shown: Shown) -> dict[str, Any]:
    """Everything that happened, for scripts; amounts are exact decimal strings in USD."""
    github, model = shown.stage.github, shown.stage.model
    totals = model.totals() if model else None
    return {
        "pull_request": f"{shown.stage.pull.repository}#{shown.stage.pull.number}",
        "comments": [
            {key: comment.get(key) for key in ("path", "side", "start_line", "line", "body")}
            for comment in github.review_comments
        ],
        "summary": [comment["body"] for comment in github.issue_comments],
        "check": {
            "conclusion": shown.check["conclusion"],
            "title": shown.check["output"]["title"],
        },
        "costs": [
            {
                "tier": shown.stage.tiers.get(line.name, ""),
                "model": line.name,
                "calls": line.calls,
                "tokens_in": line.tokens_in,
                "tokens_out": line.tokens_out,
                "spent_usd": plain_usd(line.spent),
                "presumed_usd": plain_usd(line.presumed),
            }
            for line in shown.spend
        ],
        "total": {
            "calls": sum(line.calls for line in shown.spend),
            "tokens_in": sum(line.tokens_in for line in shown.spend),
            "tokens_out": sum(line.tokens_out for line in shown.spend),
            "spent_usd": plain_usd(sum(line.spent for line in shown.spend)),
        },
        "model_server": totals
        and {
            "calls": totals.calls,
            "tokens_in": totals.prompt_tokens,
            "tokens_out": totals.completion_tokens,
        },
        "github_requests": len(github.requests),
    }


def show(shown: Shown) -> None:
    """Print it for people."""
    github = shown.stage.github
    diff = parse_diff(shown.stage.pull.diff)
    comments = sorted(github.review_comments, key=lambda each: (each["path"], each["line"]))
    _title(f"{len(comments)} inline comments")
    for comment in comments:
        _show_comment(comment, diff)
    _title("Summary comment")
    for comment in github.issue_comments:
        click.echo(readable(comment["body"]))
    _title("Check run")
    click.echo(f"reviewbot: {shown.check['conclusion']} · {shown.check['output']['title']}")
    _title("Costs by tier and model")
    _show_costs(shown)


def readable(body: str) -> str:
    """Markdown as a terminal shows it: without hidden markers, tags and entities."""
    text = _TAGS.sub("", _MARKER.sub("", body))
    for entity, char in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(entity, char)
    text = re.sub(r"\\([\\*_~\[\]|`#+=-])", r"\1", text)
    return re.sub(r"\n{3,}", "\n\n", visible(text)).strip()


def _title(text: str) -> None:
    click.echo()
    click.secho(f"── {text} ".ljust(78, "─"), fg="cyan", bold=True)


def _show_comment(comment: Mapping[str, Any], diff: Diff) -> None:
    start = comment.get("start_line") or comment["line"]
    where = f"{start}-{comment['line']}" if start != comment["line"] else f"{comment['line']}"
    side = " (old)" if comment["side"] == Side.LEFT else ""
    click.echo()
    click.secho(f"{comment['path']}:{where}{side}", bold=True)
    for line in _around(diff, comment, start):
        number = line.old if line.sign == "-" else line.new
        colour = {"+": "green", "-": "red"}.get(line.sign)
        click.secho(f"  {number:>4} {line.sign} {visible(line.text)}", fg=colour)
    for text in readable(comment["body"]).splitlines():
        click.echo(f"  │ {text}" if text else "  │")


def _around(diff: Diff, comment: Mapping[str, Any], start: int) -> Iterator[Line]:
    """The commented lines and what stands just before them."""
    left = comment["side"] == Side.LEFT
    for file in diff.files:
        if file.path != comment["path"]:
            continue
        for hunk in file.hunks:
            for line in hunk.lines:
                number = line.old if left else line.new
                if number is not None and start - _CONTEXT <= number <= comment["line"]:
                    yield line


def _show_costs(shown: Shown) -> None:
    from reviewbot.entrypoints.cli.cost_table import show_table  # noqa: PLC0415 - people only

    tiers = shown.stage.tiers
    show_table(
        shown.spend, "tier · model", {line.name: tiers.get(line.name, "") for line in shown.spend}
    )
