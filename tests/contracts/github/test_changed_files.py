"""Every file's lines are read, whatever GitHub gives of them."""

from __future__ import annotations

import pytest

from reviewbot.domain.diff import Change, Content, Diff
from reviewbot.domain.errors import RateLimited
from reviewbot.domain.policy import Policy
from reviewbot.domain.pull_request import Author, PullKey, PullRequest
from reviewbot.github.auth import StaticToken
from reviewbot.github.changed_files import read_diff
from reviewbot.github.client import GitHubClient
from reviewbot.review.plan import plan_survey
from reviewbot.sandbox.github import Fault, SandboxGitHub, SandboxPull

LONG = 10_500  # lines; replaced, they are more than GitHub shows of a file
SMALL = "diff --git a/s.py b/s.py\n--- a/s.py\n+++ b/s.py\n@@ -1 +1 @@\n-x\n+y\n"


def text(word: str) -> str:
    return "".join(f"{word} {number}\n" for number in range(LONG))


def entry(path: str, old: str, new: str, header: str = "") -> str:
    names = (
        f"--- {f'a/{path}' if old else '/dev/null'}\n+++ {f'b/{path}' if new else '/dev/null'}\n"
    )
    minus = "".join(f"-{line}\n" for line in old.splitlines())
    plus = "".join(f"+{line}\n" for line in new.splitlines())
    spans = [f"{bool(side) + 0},{len(side.splitlines())}" for side in (old, new)]
    hunk = f"@@ -{spans[0]} +{spans[1]} @@\n"
    return f"diff --git a/{path} b/{path}\n{header}{names}{hunk}{minus}{plus}"


def large(**changes: tuple[str, str]) -> SandboxPull:
    """A pull request with a small file and some whose lines GitHub leaves out."""
    diff = SMALL + "".join(entry(path, *sides) for path, sides in changes.items())
    return SandboxPull(
        diff.encode(),
        base_files={path: old for path, (old, _) in changes.items() if old},
        head_files={path: new for path, (_, new) in changes.items() if new},
    )


PULL = PullRequest(
    PullKey(1001, 1), "acme/shop", "t", Author(7, "alice"), "a" * 40, "b" * 40, "main", "main"
)


def read(hub: SandboxGitHub) -> Diff:
    client = GitHubClient(hub.url, StaticToken(hub.token), sleep=lambda _: None)
    return read_diff(client, PULL)


def paths(hub: SandboxGitHub, part: str) -> list[str]:
    return [path for _, path, _ in hub.requests if part in path]


def test_a_file_whose_lines_are_left_out_is_compared_from_its_contents() -> None:
    with SandboxGitHub() as hub:
        new = text("new").replace("new 7\n", "old 7\n")
        hub.add_pull(large(big=(text("old"), new)))
        small, big = read(hub).files

    assert (small.path, small.shown, small.added) == ("s.py", True, 1)
    assert (big.path, big.shown, big.added) == ("big", False, LONG - 1)
    assert big.content is Content.TEXT
    assert len(plan_survey(Diff((small, big)), Policy()).chunks) > 10


BINARY = "index 1111111..2222222 100644\nBinary files {old} and b/{path} differ\n"


def called_binary(path: str, old: str, new: str, *, many: int = 0) -> SandboxPull:
    """A file that is shown as binary, beside so many that are too many for a raw diff."""
    header = "" if old else "new file mode 100644\n"
    shown = BINARY.format(old=f"a/{path}" if old else "/dev/null", path=path)
    others = "".join(entry(f"src/{number}.py", "", "x") for number in range(many))
    return SandboxPull(
        f"diff --git a/{path} b/{path}\n{header}{shown}{others}".encode(),
        base_files={path: old} if old else {},
        head_files={path: new},
    )


@pytest.mark.parametrize("many", [0, 301])
@pytest.mark.parametrize("old", ["", "x\n"])
def test_code_that_attributes_call_binary_is_read(old: str, many: int) -> None:
    with SandboxGitHub() as hub:
        hub.add_pull(called_binary("evil.py", old, "x\neval(input())\n", many=many))
        found = next(file for file in read(hub).files if file.path == "evil.py")

    assert found.content is Content.TEXT
    assert found.added == (1 if old else 2)
    assert not found.shown


@pytest.mark.parametrize("many", [0, 301])
def test_a_binary_is_proven_by_one_request_and_a_picture_by_its_name(many: int) -> None:
    with SandboxGitHub() as hub:
        hub.add_pull(called_binary("data", "x\n", "\0\n", many=many))
        found = next(file for file in read(hub).files if file.path == "data")
        assert (found.content, found.shown) == (Content.BINARY, False)
        assert len(paths(hub, "/contents/") + paths(hub, "/blobs/")) == 1
    with SandboxGitHub() as hub:
        hub.add_pull(called_binary("logo.png", "x\n", "y\n", many=many))
        assert read(hub).files[0].content is Content.BINARY
        assert not paths(hub, "/contents/") + paths(hub, "/blobs/")


def test_what_is_called_binary_and_cannot_be_had_is_no_proof() -> None:
    with SandboxGitHub() as hub:
        hub.add_pull(called_binary("evil.py", "", "x\n"))
        hub.faults.append(Fault("GET", ".*/contents/.*", status=404))
        [found] = read(hub).files

    assert (found.content, found.shown) == (Content.BINARY, True)


def test_contents_are_compared_with_the_commit_that_the_head_left() -> None:
    with SandboxGitHub() as hub:
        hub.add_pull(large(one=(text("old"), text("new")), two=(text("old"), text("newer"))))
        read(hub)

        assert len(paths(hub, "/compare/")) == 1
        assert len(paths(hub, "/contents/")) == len(paths(hub, "/git/blobs/")) == 2


def test_added_and_deleted_files_need_one_side_only() -> None:
    with SandboxGitHub() as hub:
        added = entry("a", "", text("new") * 2, "new file mode 100644\n")
        deleted = entry("d", text("old") * 2, "", "deleted file mode 100644\n")
        files = {"a": text("new") * 2}
        pull = SandboxPull(
            (SMALL + added + deleted).encode(), head_files=files, base_files={"d": text("old") * 2}
        )
        hub.add_pull(pull)
        found = {file.path: file for file in read(hub).files}

    assert (found["a"].change, found["a"].added) == (Change.ADDED, 2 * LONG)
    assert found["d"].change is Change.DELETED
    assert sum(len(hunk.lines) for hunk in found["d"].hunks) == 2 * LONG


@pytest.mark.parametrize("status", [403, 404, 422, 500])
def test_a_content_that_cannot_be_had_is_a_gap_and_costs_the_others_nothing(status: int) -> None:
    with SandboxGitHub() as hub:
        hub.add_pull(large(one=(text("old"), text("new")), two=(text("old"), text("newer"))))
        hub.faults.append(*[Fault("GET", ".*/contents/one", status=status)] * 4)
        found = {file.path: file for file in read(hub).files}

    assert found["one"].content is Content.MISSING
    assert found["two"].added == LONG
    assert found["s.py"].added == 1


def test_a_rate_limit_is_no_gap() -> None:
    with SandboxGitHub() as hub:
        hub.add_pull(large(one=(text("old"), text("new"))))
        limit = {"Retry-After": "9"}
        hub.faults.append(Fault("GET", ".*/contents/one", status=403, headers=limit))
        with pytest.raises(RateLimited):
            read(hub)


def test_a_content_too_large_to_compare_is_a_gap() -> None:
    with SandboxGitHub() as hub:
        huge = text("old" + "x" * 500)
        hub.add_pull(large(one=(text("old"), huge)))
        found = {file.path: file for file in read(hub).files}

    assert found["one"].content is Content.MISSING
    assert found["one"].added == LONG, "the receipt counts what was not read"


def test_no_more_than_twenty_files_are_fetched() -> None:
    with SandboxGitHub() as hub:
        sides = ("y\n", "x" * 501_000)
        hub.add_pull(large(**{f"f{number}": sides for number in range(22)}))
        found = read(hub).files

        assert len(paths(hub, "/git/blobs/")) == 20
    assert sum(file.content is Content.MISSING for file in found) == 2


def test_files_of_a_list_are_held_within_a_bound_and_the_largest_goes_first() -> None:
    with SandboxGitHub() as hub:
        entries = [entry(f"f{n}.py", "", "line\n" * 90) for n in range(310)]
        hub.add_pull(
            SandboxPull("".join([*entries, entry("big.py", "", "line\n" * 2_000)]).encode())
        )
        client = GitHubClient(hub.url, StaticToken(hub.token), sleep=lambda _: None)
        files = read_diff(client, PULL, 28_500 * 193).files

    assert len(files) == 311
    assert [file.path for file in files if file.content is Content.OUTSIZED] == ["big.py"]


def test_a_server_without_comparisons_is_asked_for_one_once() -> None:
    with SandboxGitHub() as hub:
        hub.add_pull(large(**{f"f{n}": (text("old"), text("new")) for n in range(3)}))
        hub.faults.append(*[Fault("GET", ".*/compare/.*", status=404)] * 3)
        files = read(hub).files

        assert len(paths(hub, "/compare/")) == 1
    assert sum(file.content is Content.MISSING for file in files) == 3
