"""What context from whole files would add to what the diff shows, and what it would cost.

    pip install tree-sitter tree-sitter-{python,javascript,typescript,go,rust,java,c,cpp,php,ruby}
    python -m tests.benchmarks.context --most 30 REPO.git…

The directories are those of ``tests.benchmarks.corpus``. For every piece of a diff that is asked
about: is the header of the innermost definition around its first change visible, or named by the
heading, and which imported names does it use whose imports the diff does not show?
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from itertools import chain
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

import click

from reviewbot.domain.patch import parse_diff
from reviewbot.domain.policy import Policy
from reviewbot.review.plan import plan_survey
from tests.benchmarks.corpus import (
    MOST_FIXED,
    MOST_RATIO,
    as_diff,
    first_look,
    tokenizer,
    tokens_of,
)
from tests.benchmarks.pulls import git, pulls_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from reviewbot.review.plan import Plan
    from reviewbot.review.split import Piece
    from tests.benchmarks.pulls import Pull

_GRAMMARS = {
    "py": ("tree_sitter_python", "language"),
    "js": ("tree_sitter_javascript", "language"),
    "jsx": ("tree_sitter_javascript", "language"),
    "ts": ("tree_sitter_typescript", "language_typescript"),
    "tsx": ("tree_sitter_typescript", "language_tsx"),
    "go": ("tree_sitter_go", "language"),
    "rs": ("tree_sitter_rust", "language"),
    "java": ("tree_sitter_java", "language"),
    "c": ("tree_sitter_c", "language"),
    "h": ("tree_sitter_cpp", "language"),
    "cpp": ("tree_sitter_cpp", "language"),
    "hpp": ("tree_sitter_cpp", "language"),
    "php": ("tree_sitter_php", "language_php"),
    "rb": ("tree_sitter_ruby", "language"),
}
_DEFINITION = re.compile(
    r"(?:async_)?(?:function|method|class|constructor|impl|trait|interface|enum|struct|module)"
    r"(?:_(?:definition|declaration|item|specifier))?|singleton_method|internal_module"
    r"|lexical_declaration|type_declaration"
)
_IMPORT = re.compile(
    r"import(?:_from)?_statement|import_spec|import_declaration|use_declaration"
    r"|namespace_use_declaration"
)
_WORD = re.compile(r"[^\W\d]\w+")
_KEYWORDS = set("import from as use package static default type crate self super".split())  # noqa: SIM905
_HEADING = 60  # characters of a heading that are compared; git cuts it at 80
_HEADER_ROWS = 3  # below a definition's first one, which may hold a decorator or a type
_LARGEST = 2_000_000  # bytes of a file
_REQUESTS, _MOST_REQUESTS = 7, 12  # of a first review: measured, allowed


@dataclass(slots=True)
class Outline:
    """A file's definitions (first row, last row) and imports (rows, names); rows count from 1."""

    lines: list[str]
    definitions: list[tuple[int, int]] = field(default_factory=list)
    imports: list[tuple[range, set[str]]] = field(default_factory=list)

    def around(self, row: int) -> list[int]:
        """The header rows of the definitions around a row, innermost first."""
        return [first for first, last in self.definitions if first <= row <= last][::-1]


@cache
def _parser(suffix: str) -> Any:  # noqa: ANN401 - the package is not always there
    name, function = _GRAMMARS[suffix]
    binding = import_module("tree_sitter")
    return binding.Parser(binding.Language(getattr(import_module(name), function)()))


def outline(path: str, content: bytes) -> Outline | None:
    """What a file consists of, where a grammar knows."""
    suffix = path.rpartition(".")[2].lower()
    if suffix not in _GRAMMARS or len(content) > _LARGEST:
        return None
    found = Outline(content.decode(errors="replace").split("\n"))
    nodes = [_parser(suffix).parse(content).root_node]
    while nodes:
        node = nodes.pop()
        first, last = node.start_point[0] + 1, node.end_point[0] + 1
        if _IMPORT.fullmatch(node.type):
            words = _WORD.findall("\n".join(found.lines[first - 1 : last]))
            found.imports.append((range(first, last + 1), set(words) - _KEYWORDS))
            continue
        if _DEFINITION.fullmatch(node.type) and node.is_named and first < last:
            found.definitions.append((first, last))
        nodes += node.children
    found.definitions.sort(key=lambda span: (span[0], -span[1]))
    return found


@dataclass(slots=True)
class Tally:
    """What was counted so far."""

    counts: Counter[str] = field(default_factory=Counter)
    headers: Counter[str] = field(default_factory=Counter)
    tokens: Counter[str] = field(default_factory=Counter)
    over: Counter[str] = field(default_factory=Counter)
    blobs: list[int] = field(default_factory=list)


def look(pull: Pull, tally: Tally, count: Callable[[str], int]) -> None:
    """Take one pull request."""
    raw = pull.diff()
    if raw is None:
        return
    plan = plan_survey(parse_diff(raw), Policy())
    by_path: dict[str, list[Piece]] = {}
    for chunk in plan.chunks:
        by_path.setdefault(chunk.path, []).extend(chunk.pieces)
    headers, imports = list[str](), list[str]()
    for path, pieces in by_path.items():
        content = git(pull.directory, "show", f"{pull.head}:{path}")
        file = outline(path, content) if content is not None else None
        if file is None:
            tally.counts["pieces without a grammar, or deleted"] += len(pieces)
            continue
        tally.counts["pieces"] += len(pieces)
        headers += chain.from_iterable(_missing_headers(file, piece, tally) for piece in pieces)
        imports += _missing_imports(file, pieces, tally)
    tally.blobs.append(len(by_path))
    _cost(plan, headers, imports, tally, count)


def _missing_headers(file: Outline, piece: Piece, tally: Tally) -> list[str]:
    """Where the definition around a piece's first change is told; its header if nowhere."""
    rows = [line.new for line in (*piece.lead, *piece.lines) if line.new is not None]
    around = file.around(_first_change(piece))
    at = _row_of_heading(file, piece.heading, min(rows, default=1))
    named = [row for row in around if row <= at <= row + _HEADER_ROWS]
    if not around:
        verdict = "none, and no heading" if not at else "none, under the heading of another one"
    elif around[0] in rows:
        verdict = "visible in the piece"
    elif around[0] in named:
        verdict = "named by the heading"
    elif named or any(row in rows for row in around):
        verdict = "only an outer one is told"
    elif at >= around[0]:
        verdict = "the heading is a line inside it"
    else:
        verdict = "the heading is another one's" if at else "missing"
    tally.headers[verdict] += 1
    unseen = not around or around[0] in rows or around[0] in named
    return [] if unseen else [file.lines[around[0] - 1].strip()[:200]]


def _row_of_heading(file: Outline, heading: str, before: int) -> int:
    """The row that git took for a heading; 0 where there is none."""
    told = heading.strip()[:_HEADING]
    above = range(min(before - 1, len(file.lines)), 0, -1)
    return next((row for row in above if told and file.lines[row - 1].strip().startswith(told)), 0)


def _first_change(piece: Piece) -> int:
    """The row of the new file at which a piece begins to differ."""
    at = 1
    for line in piece.lines:
        if line.new is not None:
            at = line.new
        if line.sign != " ":
            return at
    return at


def _missing_imports(file: Outline, pieces: Sequence[Piece], tally: Tally) -> list[str]:
    """The imports of names that a file's added lines use, which the diff does not show."""
    shown = {line.new for piece in pieces for line in piece.lines}
    added = [line.text for piece in pieces for line in piece.lines if line.sign == "+"]
    used = set(_WORD.findall("\n".join(added)))
    missing: list[str] = []
    names = set[str]()
    for rows, bound in file.imports:
        if used & bound and shown.isdisjoint(rows):
            names |= used & bound
            missing.append(" ".join("\n".join(file.lines[rows[0] - 1 : rows[-1]]).split()))
    tally.counts["files"] += 1
    tally.counts["files that use names imported outside the diff"] += bool(names)
    tally.counts["such names"] += len(names)
    return missing


def _cost(
    plan: Plan,
    headers: Sequence[str],
    imports: Sequence[str],
    tally: Tally,
    count: Callable[[str], int],
) -> None:
    shown, asked = count(as_diff(plan)), tokens_of(first_look(plan), count)
    more = {"headers": count("\n".join(headers)), "imports": count("\n".join(imports))}
    tally.tokens.update({"diff": shown, "asked": asked, **more})
    for what, extra in (("as it is", 0), *more.items(), ("both", sum(more.values()))):
        tally.over[what] += asked + extra > MOST_RATIO * shown + MOST_FIXED


def report(tally: Tally) -> Iterator[str]:
    """The figures, as lines."""
    yield f"{len(tally.blobs):>9,}  pull requests"
    yield from (f"{n:>9,}  {what}" for what, n in tally.counts.items())
    whole = max(1, tally.headers.total())
    for verdict, n in tally.headers.most_common():
        yield f"{n:>9,}  {n / whole:6.1%}  innermost definition: {verdict}"
    shown, asked = max(1, tally.tokens["diff"]), tally.tokens["asked"]
    yield f"{asked / shown:>9.3f}  prompt tokens / diff tokens as it is"
    for what in ("headers", "imports"):
        yield f"{tally.tokens[what] / shown:>+9.3f}  with {what}"
    yield from (f"{n:>9,}  over the law: {what}" for what, n in tally.over.items())
    more = sum(_REQUESTS + blobs > _MOST_REQUESTS for blobs in tally.blobs)
    nine = quantiles(tally.blobs, n=10)[-1] if len(tally.blobs) > 1 else 0
    yield f"{median(tally.blobs):>9,.0f}  more requests, median; one of ten {nine:,.0f} or more"
    yield f"{more:>9,}  pull requests that would take more than {_MOST_REQUESTS} requests"


@click.command()
@click.argument("directories", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--most", default=30, help="Pull requests of each repository, the newest.")
def main(directories: Sequence[Path], most: int) -> None:
    """Print what context would add and cost."""
    _, count = tokenizer()
    tally = Tally()
    for directory in directories:
        for pull in pulls_of(directory, most):
            look(pull, tally, count)
        click.echo(f"{directory.parent.name}: {len(tally.blobs)} so far", err=True)
    for line in report(tally):
        click.echo(line)


if __name__ == "__main__":
    main()
