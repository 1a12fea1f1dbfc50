"""Every diff is read whole, and what cannot be read is named."""

from __future__ import annotations

import subprocess
import tracemalloc
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewbot.domain.diff import Change, Content, Diff, FileDiff, Line, Unreadable
from reviewbot.domain.errors import DiffError
from reviewbot.domain.patch import file_from_patch, parse_diff

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "diff --git a/a.py b/a.py\nindex 1111111..2222222 100644\n--- a/a.py\n+++ b/a.py\n"


def one(text: str) -> FileDiff:
    diff = parse_diff(text.encode())
    assert not diff.unreadable
    (file,) = diff.files
    return file


def gap(text: str) -> Unreadable:
    diff = parse_diff(text.encode())
    assert not diff.files
    (entry,) = diff.unreadable
    return entry


def texts(file: FileDiff) -> list[str]:
    return [f"{line.sign}{line.text}" for hunk in file.hunks for line in hunk.lines]


def git(directory: Path, *arguments: str) -> bytes:
    quiet = ("-c", "core.autocrlf=false", "-c", "core.safecrlf=false", "-c", "diff.renames=true")
    command = ["git", "-C", str(directory), *quiet, *arguments]
    return subprocess.run(command, capture_output=True, check=False).stdout


def test_a_modified_file_has_its_numbers_on_both_sides() -> None:
    file = one(HEAD + "@@ -3,3 +3,3 @@ def f():\n a\n-b\n+c\n d\n")

    assert (file.path, file.old_path, file.change) == ("a.py", None, Change.MODIFIED)
    assert file.hunks[0].heading == "def f():"
    assert file.hunks[0].lines == (
        Line(" ", 3, 3, "a"),
        Line("-", 4, None, "b"),
        Line("+", None, 4, "c"),
        Line(" ", 5, 5, "d"),
    )


def test_no_bytes_are_an_empty_diff_and_other_bytes_are_an_error() -> None:
    assert parse_diff(b"") == parse_diff(b" \n") == Diff(())
    with pytest.raises(DiffError):
        parse_diff(b"hello\n")


def test_only_a_line_feed_ends_a_line() -> None:
    text = "a\x0cb\u2028c\x85d\re\x1cf"

    assert texts(one(HEAD + f"@@ -0,0 +1 @@\n+{text}\r\n")) == [f"+{text}\r"]


def test_headers_inside_hunks_are_text() -> None:
    body = "@@ -1,2 +1,3 @@\n--- x\n-diff --git a/x b/x\n+++ y\n+@@ -1 +1 @@\n+diff --git a/z b/z\n"

    assert texts(one(HEAD + body)) == body.splitlines()[1:]


def test_bytes_that_are_no_utf8_are_replaced() -> None:
    raw = HEAD.encode() + b"@@ -1 +1 @@\n-caf\xe9\n+caf\xff\n"

    assert texts(parse_diff(raw).files[0]) == ["-caf\ufffd", "+caf\ufffd"]


def test_missing_line_ends_are_passed_over() -> None:
    body = "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n"

    assert texts(one(HEAD + body)) == ["-a", "+b"]


def test_a_blank_context_line_may_have_lost_its_space() -> None:
    assert texts(one(HEAD + "@@ -1,2 +1,3 @@\n\n a\n+b\n")) == [" ", " a", "+b"]


@pytest.mark.parametrize(
    ("text", "path", "old", "change", "content"),
    [
        ("similarity index 100%\nrename from x y\nrename to z\n", "z", "x y", "renamed", "text"),
        ("similarity index 100%\ncopy from x\ncopy to z\n", "z", "x", "copied", "text"),
        ("old mode 100644\nnew mode 100755\n", "a b.py", None, "modified", "text"),
        ("new file mode 100644\nindex 0000000..e69de29\n", "a b.py", None, "added", "text"),
        ("deleted file mode 100644\nindex e69de29..0000000\n", "a b.py", None, "deleted", "text"),
        ("index 1111111..2222222 100644\n", "a b.py", None, "modified", "missing"),
        ("Binary files a/a b.py and b/a b.py differ\n", "a b.py", None, "modified", "binary"),
        ("index 1..2\nGIT binary patch\nliteral 2\nJcmZ\n\n", "a b.py", None, "modified", "binary"),
    ],
)  # fmt: skip
def test_entries_without_hunks(
    text: str, path: str, old: str | None, change: str, content: str
) -> None:
    after = HEAD + "@@ -1 +1 @@\n-a\n+b\n"
    first, second = parse_diff(f"diff --git a/a b.py b/a b.py\n{text}{after}".encode()).files

    assert (first.path, first.old_path) == (path, old)
    assert (first.change.value, first.content.value, first.hunks) == (change, content, ())
    assert second.path == "a.py"


@pytest.mark.parametrize(("mode", "kind"), [("160000", "submodule"), ("120000", "symlink")])
def test_modes_tell_submodules_and_links(mode: str, kind: str) -> None:
    entry = f"diff --git a/m b/m\nindex 1111111..2222222 {mode}\n--- a/m\n+++ b/m\n@@ -1 +1 @@\n"

    assert one(f"{entry}-old\n+new\n").content.value == kind


def test_a_pointer_is_told_by_all_of_its_lines() -> None:
    pointer = "+version https://git-lfs.github.com/spec/v1\n+oid sha256:" + "a" * 64

    assert one(HEAD + f"@@ -0,0 +1,3 @@\n{pointer}\n+size 12\n").content is Content.LFS
    assert one(HEAD + f"@@ -0,0 +1,3 @@\n{pointer}\n+evil()\n").content is Content.TEXT


@pytest.mark.parametrize(
    ("header", "path"),
    [
        ('"a/caf\\303\\251.txt" "b/caf\\303\\251.txt"', "café.txt"),
        ('"a/q\\"\\t\\\\.txt" "b/q\\"\\t\\\\.txt"', 'q"\t\\.txt'),
        ("a/b/c b/b/c", "b/c"),
        ("src/x.py src/x.py", "src/x.py"),
        ("i/x.py w/x.py", "x.py"),
    ],
)
def test_names_are_unquoted_and_bared(header: str, path: str) -> None:
    entry = f"diff --git {header}\nindex 1..2\nBinary files differ\n"

    assert one(entry).path == path


def test_a_plain_unified_diff_is_read() -> None:
    text = "--- old/x.c\t2026-01-01 00:00:00\n+++ new/x.c\t2026-01-02\n@@ -1 +1,2 @@\n a\n+b\n"
    more = (
        "Only in new: y.c\nBinary files old/z and new/z differ\n--- p\n+++ p\n@@ -1 +0,0 @@\n-a\n"
    )

    diff = parse_diff((text + more).encode())

    assert [(f.path, f.change) for f in diff.files] == [
        ("new/x.c", Change.MODIFIED),
        ("new/z", Change.MODIFIED),
        ("p", Change.DELETED),
    ]
    assert [entry.path for entry in diff.unreadable] == ["new/y.c"]


@pytest.mark.parametrize(
    "broken",
    [
        HEAD + "@@ -1,9 +1,9 @@\n a\n",
        HEAD + "@@ -1 +1 @@\n-a\n+b\n+c\n",
        HEAD + "@@ -1 +1 @@\n-a\n*b\n",
        HEAD + "@@ nonsense @@\n a\n",
        HEAD + "@@ -9 +9 @@\n-a\n+b\n@@ -1 +1 @@\n-a\n+b\n",
        "diff --git a/a.py b/a.py\n",
        "diff --cc a.py\nindex 1,2..3\n@@@ -1,1 -1,1 +1,1 @@@\n++a\n",
    ],
)
def test_a_broken_entry_is_a_named_gap_and_the_next_is_read(broken: str) -> None:
    assert gap(broken).path == "a.py"

    diff = parse_diff((broken + HEAD.replace("a.py", "z.py") + "@@ -1 +1 @@\n-a\n+b\n").encode())

    assert [entry.path for entry in diff.unreadable] == ["a.py"]
    assert [file.path for file in diff.files] == ["z.py"]


def test_a_plain_entry_swallowed_by_a_wrong_count_is_found_again() -> None:
    first = "--- a\n+++ a\n@@ -7,2 +7,2 @@\n x\n"
    second = "--- b\n+++ b\n@@ -1 +1 @@\n-a\n+b\n"

    diff = parse_diff((first + second).encode())

    assert [file.path for file in diff.files] == ["b"]
    assert [entry.path for entry in diff.unreadable] == ["a"]


def test_a_hunk_without_a_file_is_a_gap() -> None:
    assert gap("@@ -1 +1 @@\n-a\n+b\n").why == "a hunk without a file's name"


BUILDING_BLOCKS = [
    "diff --git a/x b/x",
    "diff --git a/y b/y",
    "diff --cc x",
    "--- a/x",
    "+++ b/x",
    "--- /dev/null",
    "+++ /dev/null",
    "@@",
    "@@ -1 +1 @@",
    "@@ -1,2 +3,4 @@",
    "+a",
    "-a",
    " a",
    "",
    "\\ No newline",
    "rename from y",
    'rename to "',
    "index 1111..2222 160000",
    "new file mode 120000",
    "Binary files a and b differ",
    "Binary files /dev/null and /dev/null differ",
    "GIT binary patch",
    "Only in a: b",
    '* Unmerged path "x\\3"',
    "Submodule m 1111111..2222222:",
]


def join(lines: list[str]) -> bytes:
    return "\n".join(lines).encode()


def test_ten_thousand_lines_take_little_memory() -> None:
    body = "".join(f"+    line number {number} of a file\n" for number in range(10_000))
    raw = (HEAD + f"@@ -0,0 +1,10000 @@\n{body}").encode()
    tracemalloc.start()
    diff = parse_diff(raw)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert diff.files[0].added == 10_000
    assert peak < 20_000_000


@given(st.binary(max_size=300) | st.lists(st.sampled_from(BUILDING_BLOCKS), max_size=25).map(join))
@settings(max_examples=300, deadline=None)
def test_no_bytes_break_the_reader_and_no_entry_is_lost(raw: bytes) -> None:
    try:
        diff = parse_diff(raw)
    except DiffError:
        return
    begun = sum(line.startswith(b"diff --git ") for line in raw.split(b"\n"))
    assert len(diff.files) + len(diff.unreadable) >= begun
    assert all(file.path for file in diff.files)


# --- git as the judge (see test_patch_git.py for its laws) ------------------------------------


def test_every_kind_of_entry_that_git_writes_is_read(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    names = ["plain", "with space", 'quo"te', "tab\tname", "é", "gone", "exec", "type"]
    for name in names:
        (tmp_path / name).write_text(f"{name}\n" * 5)
    (tmp_path / "blob").write_bytes(b"\0\1")
    git(tmp_path, "add", "-A")
    base = git(tmp_path, "write-tree").decode().strip()
    for name in names[:5]:
        (tmp_path / name).write_text(f"{name}\n" * 5 + "more\n")
    (tmp_path / "gone").unlink()
    (tmp_path / "exec").chmod(0o755)
    (tmp_path / "type").unlink()
    (tmp_path / "type").symlink_to("plain")
    (tmp_path / "blob").write_bytes(b"\0\2")
    (tmp_path / "moved to").write_bytes((tmp_path / "with space").read_bytes())
    (tmp_path / "with space").unlink()
    git(tmp_path, "add", "-A")

    diff = parse_diff(git(tmp_path, "diff", "--cached", base))

    assert not diff.unreadable
    assert {(f.path, f.old_path, f.change.value, f.content.value, f.added) for f in diff.files} == {
        ("plain", None, "modified", "text", 1),
        ("moved to", "with space", "renamed", "text", 1),
        ('quo"te', None, "modified", "text", 1),
        ("tab\tname", None, "modified", "text", 1),
        ("é", None, "modified", "text", 1),
        ("gone", None, "deleted", "text", 0),
        ("exec", None, "modified", "text", 0),
        ("type", None, "deleted", "text", 0),
        ("type", None, "added", "symlink", 1),
        ("blob", None, "modified", "binary", 0),
    }


# --- GitHub's list of files ------------------------------------------------------------------


def test_an_entry_of_the_list_of_files_is_read() -> None:
    file = file_from_patch("b.py", "a.py", "renamed", "@@ -1 +1,2 @@ x\n a\n+b", 1)

    assert isinstance(file, FileDiff)
    assert (file.path, file.old_path, file.change) == ("b.py", "a.py", Change.RENAMED)
    assert texts(file) == [" a", "+b"]


@pytest.mark.parametrize(
    ("status", "changes", "change", "content"),
    [
        ("modified", 9, Change.MODIFIED, Content.MISSING),
        ("renamed", 0, Change.RENAMED, Content.TEXT),
        ("removed", 3, Change.DELETED, Content.MISSING),
        ("changed", 0, Change.MODIFIED, Content.TEXT),
        ("unheard of", 0, Change.MODIFIED, Content.TEXT),
    ],
)
def test_an_entry_without_a_patch(
    status: str, changes: int, change: Change, content: Content
) -> None:
    assert file_from_patch("a", None, status, None, changes) == FileDiff(
        "a", None, change, content, ()
    )


def test_a_submodule_is_told_by_its_only_lines() -> None:
    patch = f"@@ -1 +1 @@\n-Subproject commit {'a' * 40}\n+Subproject commit {'b' * 40}"
    file = file_from_patch("m", None, "modified", patch, 2)

    assert isinstance(file, FileDiff)
    assert file.content is Content.SUBMODULE


@pytest.mark.parametrize("patch", ["@@ -1,5 +1,5 @@\n a", "nonsense", "@@ -1 +1 @@\n-a\n+b\nxyz"])
def test_a_cut_patch_is_a_gap(patch: str) -> None:
    assert isinstance(file_from_patch("a", None, "modified", patch, 2), Unreadable)


def test_a_patch_with_too_few_changes_is_a_gap() -> None:
    assert isinstance(file_from_patch("a", None, "modified", "@@ -1 +1 @@\n-a\n+b", 40), Unreadable)


def test_plain_entries_follow_each_other_and_a_mail_may_end_them() -> None:
    text = "--- {0}\n+++ {0}\n@@ -1 +1 @@\n-x\n+y\n"
    two = "--- c.py\n+++ c.py\n@@ -1 +1 @@\n-x\n+y\n@@ -9 +9 @@\n-x\n+y\n"

    diff = parse_diff((text.format("a.py") + two + text.format("b.py") + "-- \n2.40\n").encode())

    assert [(file.path, len(file.hunks)) for file in diff.files] == [
        ("a.py", 1),
        ("c.py", 2),
        ("b.py", 1),
    ]
    assert not diff.unreadable


def test_a_file_that_is_not_there_any_more_is_told_by_its_empty_side() -> None:
    file = one("--- a.py\t2026-01-02\n+++ a.py\t1970-01-01\n@@ -1,2 +0,0 @@\n-a\n-b\n")

    assert (file.path, file.change) == ("a.py", Change.DELETED)
    assert one("--- a.py\t1970-01-01\n+++ a.py\t2026-01-02\n@@ -0,0 +1 @@\n+a\n").change is (
        Change.ADDED
    )


@pytest.mark.parametrize(
    ("text", "path", "why"),
    [
        (
            HEAD + "@@ -1,1 +1,2 @@\n a\n b\n",
            "a.py",
            "a hunk's lines do not agree with its header",
        ),
        (
            "--- /dev/null\n+++ /dev/null\n@@ -1 +1 @@\n-x\n+y\n",
            "(no name)",
            "its name cannot be read",
        ),
    ],
)
def test_an_entry_that_contradicts_itself_is_a_gap(text: str, path: str, why: str) -> None:
    assert gap(text) == Unreadable(path, why)


def test_a_very_long_line_between_entries_is_no_note() -> None:
    assert one("Only in " + "x" * 20_000 + ": y\n" + HEAD + "@@ -1 +1 @@\n-x\n+y\n").path == "a.py"


def test_a_plain_name_may_stand_beside_a_quoted_one() -> None:
    file = one(
        'diff --git a/e.py "b/\\303\\251.py"\nsimilarity index 100%\n'
        'rename from e.py\nrename to "\\303\\251.py"\n'
    )

    assert (file.old_path, file.path) == ("e.py", "é.py")
