"""Git is the judge: what it writes is read back, and gives the new files exactly."""

from __future__ import annotations

import subprocess
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewbot.domain.anchors import AnchorIndex
from reviewbot.domain.diff import Anchor, Change, Content, Diff, FileDiff, Unanchored
from reviewbot.domain.finding import Side
from reviewbot.domain.patch import parse_diff

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LINES = st.sampled_from(
    [
        b"",
        b" ",
        b"x = 1",
        b"    return x",
        b"\tif x:",
        b"def f(self):",
        b"}",
        b"+",
        b"-",
        b"-- x",
        b"++ y",
        b"--- a/x",
        b"+++ b/x",
        b"@@ -1 +1 @@",
        b"diff --git a/x b/x",
        b"index 1111111..2222222 100644",
        b"Binary files a/x and b/x differ",
        b"GIT binary patch",
        b"rename from x",
        b"\\ No newline at end of file",
        b"<<<<<<< HEAD",
        b"=======",
        b">>>>>>> topic",
        b"dos\r",
        b"mac\rmac",
        b"\r",
        b"page\x0cbreak",
        b"nel\xc2\x85nel",
        b"ls\xe2\x80\xa8ls\xe2\x80\xa9",
        b"caf\xe9",
        b"\xff\xfe",
        b"\xef\xbb\xbfbom",
        b"\x1b[31m",
        b"Only in a: b",
        b"g" * 20_000,
    ]
) | st.binary(max_size=6).map(lambda raw: raw.replace(b"\n", b"").replace(b"\0", b""))
TEXTS = st.builds(
    lambda lines, end: b"\n".join(lines) + end,
    st.lists(LINES, max_size=25),
    st.sampled_from([b"", b"\n", b"\n", b"\r\n"]),
)
CONTENTS = TEXTS | st.sampled_from([b"", b"\0\1", b"text\n\0", b"\n", b"no end"])
SEGMENT = st.text(st.sampled_from("ab\"'\t \\é日{}=>."), min_size=1, max_size=5).filter(
    lambda name: name not in {".", ".."}
)
ODD = st.sampled_from(
    ["x b/y", "a b/a b", "a/b/c", "b/a", "dev/null", "x y ", " x", 'q" b/"q', "-"]
)
NAMES = ODD | st.lists(SEGMENT, min_size=1, max_size=3).map("/".join)
MODES = st.sampled_from(["100644", "100644", "100644", "100755", "120000", "160000"])
COMMITS = st.sampled_from([b"1" * 40, b"2" * 40])


@dataclass(frozen=True)
class Blob:
    """A file at one commit; the content of a submodule is the commit's id."""

    mode: str
    content: bytes


@st.composite
def blobs(draw: st.DrawFn) -> Blob:
    mode = draw(MODES)
    if mode == "160000":
        return Blob(mode, draw(COMMITS))
    if mode == "120000":
        return Blob(mode, draw(st.sampled_from([b"target", b"other/target"])))
    return Blob(mode, draw(CONTENTS))


Tree = dict[str, Blob]


def without_clashes(tree: Tree) -> Tree:
    """No name may be a folder of another."""
    return {
        name: blob
        for name, blob in tree.items()
        if not any(other.startswith(f"{name}/") for other in tree)
    }


@st.composite
def edits(draw: st.DrawFn, old: bytes) -> bytes:
    lines = old.split(b"\n")
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(lines)))
        lines[at : at + draw(st.integers(0, 3))] = draw(st.lists(LINES, max_size=4))
    return b"\n".join(lines)


@st.composite
def changes(draw: st.DrawFn) -> tuple[Tree, Tree]:
    """A tree, and what a pull request made of it."""
    old = without_clashes(draw(st.dictionaries(NAMES, blobs(), max_size=5)))
    new: Tree = {}
    for name, blob in old.items():
        what = draw(
            st.sampled_from(["keep", "edit", "edit", "move", "copy", "chmod", "retype", ""])
        )
        if what in {"keep", "copy", "chmod", "retype"}:
            new[name] = blob
        if what == "edit" and blob.mode.startswith("100"):
            new[name] = Blob(blob.mode, draw(edits(blob.content)))
        elif what in {"move", "copy"}:
            moved = draw(edits(blob.content)) if draw(st.booleans()) else blob.content
            regular = blob.mode.startswith("100")
            new[draw(NAMES)] = Blob(blob.mode, moved) if regular else blob
        elif what == "chmod" and blob.mode.startswith("100"):
            new[name] = Blob("100755" if blob.mode == "100644" else "100644", blob.content)
        elif what == "retype":
            new[name] = draw(blobs())
    new |= draw(st.dictionaries(NAMES, blobs(), max_size=2))
    return old, without_clashes(new)


RENAMES = ("--no-renames", "--find-copies-harder")
OPTIONS = st.builds(
    lambda *options: [option for option in options if option],
    st.integers(0, 10).map(lambda context: f"-U{context}"),
    st.sampled_from(["-M", "-C", "-M30%", *RENAMES]),
    st.sampled_from(["", "", "-W", "--inter-hunk-context=3"]),
    st.sampled_from(["", "", "--patience", "--histogram", "--minimal"]),
    st.sampled_from(["", "", "--full-index", "--binary"]),
    st.sampled_from(["", "", "", "--no-prefix", "--text"]),
)


class Repository:
    """A bare repository that is given trees and asked for their difference."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.git("init", "-q", "--bare")

    def git(self, *arguments: str, given: bytes = b"") -> bytes:
        command = ["git", "-C", str(self._directory), *arguments]
        return subprocess.run(command, input=given, capture_output=True, check=True).stdout

    def commit(self, *trees: Tree) -> None:
        """Make each tree a branch: t0, t1, …"""
        stream = b"".join(self._commands(f"t{count}", tree) for count, tree in enumerate(trees))
        self.git("fast-import", "--quiet", "--force", given=stream)

    @staticmethod
    def _commands(branch: str, tree: Tree) -> bytes:
        parts = [b"commit refs/heads/%s\ncommitter a <a@b> 0 +0000\ndata 0\n" % branch.encode()]
        for name, blob in tree.items():
            path = name.encode().replace(b"\\", b"\\\\").replace(b'"', b'\\"')
            if blob.mode == "160000":
                parts.append(b'M 160000 %s "%s"\n' % (blob.content, path))
                continue
            size = len(blob.content)
            head = b'M %s inline "%s"\ndata %d\n' % (blob.mode.encode(), path, size)
            parts.append(head + blob.content + b"\n")
        return b"".join(parts) + b"\n"

    def diff(self, options: list[str], quoted: str) -> bytes:
        return self.git("-c", f"core.quotePath={quoted}", "diff", *options, "t0", "t1")

    def entries(self, options: list[str]) -> set[tuple[str, str, str]]:
        """Status, old and new name of every entry, as git lists them."""
        renames = [option for option in options if option.startswith(("-M", "-C", *RENAMES))]
        fields = self.git("diff", "--raw", "-z", *renames, "t0", "t1").decode().split("\0")
        found: set[tuple[str, str, str]] = set()
        while len(fields) > 1:
            status = fields.pop(0).split()[-1][0]
            old = fields.pop(0)
            new = fields.pop(0) if status in "RC" else old
            found |= {("D", old, old), ("A", new, new)} if status == "T" else {(status, old, new)}
        return found


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return Repository(tmp_path_factory.mktemp("repository"))


STATUSES = {
    Change.ADDED: "A",
    Change.DELETED: "D",
    Change.MODIFIED: "M",
    Change.RENAMED: "R",
    Change.COPIED: "C",
}


def lines_of(blob: Blob | None) -> list[str]:
    """The lines as a diff shows them: git writes a submodule as one."""
    if blob is None:
        return []
    content = b"Subproject commit " + blob.content if blob.mode == "160000" else blob.content
    lines = content.decode(errors="replace").split("\n")
    return lines if lines[-1] else lines[:-1]


def apply(old: list[str], file: FileDiff) -> list[str]:
    """The new file's lines, from the old ones and the hunks."""
    new: list[str] = []
    at = 0
    for hunk in file.hunks:
        has_old = any(line.old for line in hunk.lines)
        begin = hunk.old_start - has_old  # without old lines it is the line before
        new, at = new + old[at:begin], begin
        for line in hunk.lines:
            if line.old is not None:
                assert (line.old, line.text) == (at + 1, old[at])
                at += 1
            if line.new is not None:
                new.append(line.text)
                assert line.new == len(new)
    return new + old[at:]


def sides(file: FileDiff, old: Tree, new: Tree) -> tuple[Blob | None, Blob | None]:
    before = old.get(file.old_path or file.path) if file.change is not Change.ADDED else None
    return before, new.get(file.path) if file.change is not Change.DELETED else None


@given(changes(), OPTIONS, st.sampled_from(["true", "false"]))
@settings(max_examples=120, deadline=None)
def test_whatever_git_writes_gives_the_new_files_back(
    repository: Repository, trees: tuple[Tree, Tree], options: list[str], quoted: str
) -> None:
    old, new = trees
    repository.commit(old, new)

    diff = parse_diff(repository.diff(options, quoted))

    assert not diff.unreadable
    told = {(STATUSES[file.change], file.old_path or file.path, file.path) for file in diff.files}
    assert told == repository.entries(options)
    for file in diff.files:
        before, after = sides(file, old, new)
        if file.content is Content.BINARY:
            assert not file.hunks
            assert any(b"\0" in blob.content for blob in (before, after) if blob)
        else:
            assert apply(lines_of(before), file) == lines_of(after)
            assert_kind(file, before, after)


def assert_kind(file: FileDiff, before: Blob | None, after: Blob | None) -> None:
    if file.old_path and not file.hunks:
        return  # of a file that was only renamed git does not tell the mode
    modes = {blob.mode for blob in (before, after) if blob}
    wanted = {"120000": Content.SYMLINK, "160000": Content.SUBMODULE}
    assert file.content is next((wanted[mode] for mode in modes if mode in wanted), Content.TEXT)


HUNK_LINE = {" ": (1, 1), "-": (1, 0), "+": (0, 1)}


def shown_by_git(raw: bytes) -> Mapping[tuple[str, int], set[bytes]]:
    """Side, number and text of every line that a diff of one file shows."""
    shown: dict[tuple[str, int], set[bytes]] = defaultdict(set)
    old = new = 0
    _, begun, hunks = raw.partition(b"\n@@ ")
    for row in (begun[1:] + hunks).split(b"\n"):
        if row.startswith(b"@@ -"):
            old, new = (int(part[1:].split(b",")[0]) for part in row.split()[1:3])
            continue
        if not row or row.startswith(b"\\"):
            continue
        sign = chr(row[0])
        side, number = ("LEFT", old) if sign == "-" else ("RIGHT", new)
        shown[side, number].add(row[1:])
        old, new = old + HUNK_LINE[sign][0], new + HUNK_LINE[sign][1]
    return shown


PLAIN = st.lists(
    st.sampled_from([b"a", b"  a", b"b", b"c()", b"x\r", b"y\x0cz", b"w\xe2\x80\xa8w"]), max_size=12
)


@given(PLAIN, PLAIN, st.integers(0, 10), st.integers(0, 20))
@settings(max_examples=60, deadline=None)
def test_comments_may_stand_on_exactly_the_lines_that_git_shows(
    repository: Repository, before: list[bytes], after: list[bytes], context: int, probed: int
) -> None:
    contents = (b"".join(line + b"\n" for line in side) for side in (before, after))
    repository.commit(*({"f": Blob("100644", content)} for content in contents))
    raw = repository.diff([f"-U{context}"], "true")
    diff = parse_diff(raw)
    index, shown = AnchorIndex(diff), shown_by_git(raw)

    for (side, number), texts in shown.items():
        for text in texts:
            hint = (number, number)
            found = index.anchor("f", Side(side), text.decode(), hint)
            assert found == Anchor("f", Side(side), number, number)
    assert commentable(diff) == set(shown)
    elsewhere = index.anchor("f", Side.RIGHT, "not there", (probed, probed))
    assert isinstance(elsewhere, Unanchored)


def commentable(diff: Diff) -> set[tuple[str, int]]:
    lines = (line for file in diff.files for hunk in file.hunks for line in hunk.lines)
    return {
        ("LEFT", line.old or 0) if line.sign == "-" else ("RIGHT", line.new or 0) for line in lines
    }
