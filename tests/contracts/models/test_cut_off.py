"""Answers longer than allowed: asked again in smaller parts, every part paid for once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviewbot.domain.outcome import Coverage
from reviewbot.models.config import (
    EndpointConfig,
    ModelConfig,
    Patience,
    RouteConfig,
    RouterConfig,
)
from reviewbot.sandbox.model import API_KEY, CHEAP_MODEL, STRONG_MODEL, SandboxModel
from reviewbot.sandbox.model_manners import Fault, Manners, Trouble
from tests.contracts.models.scripted import Scripted, ends, says
from tests.contracts.models.whole import new_files, whole
from tests.contracts.models.world import PRICE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.contracts.models.whole import Whole


def risky(lines: int) -> str:
    """So many lines that the scripted model objects to."""
    return "\n".join(f"value_{n} = eval(text_{n})" for n in range(lines))


def terse(longest: int) -> SandboxModel:
    """Models whose answers end after so many tokens."""
    names = (CHEAP_MODEL, STRONG_MODEL)
    return SandboxModel(manners={name: Manners(longest=longest) for name in names})


def config(server: SandboxModel, *, strong: bool = False) -> RouterConfig:
    return config_at(server.base_url, strong=strong)


def config_at(base_url: str, *, strong: bool = False) -> RouterConfig:
    models = tuple(
        ModelConfig(name, (RouteConfig("house", name, PRICE),))
        for name in (CHEAP_MODEL, STRONG_MODEL)
    )
    return RouterConfig(
        (EndpointConfig("house", base_url, API_KEY),),
        models,
        (CHEAP_MODEL,),
        (STRONG_MODEL,) if strong else (),
        Patience(cheap=20.0, strong=20.0),
    )


def every_token_is_in_the_ledger(here: Whole, server: SandboxModel) -> bool:
    totals = server.totals()
    assert here.count("state <> 'settled'") == 0
    return (here.count(), here.sums("tokens_in"), here.sums("tokens_out")) == (
        totals.calls,
        totals.prompt_tokens,
        totals.completion_tokens,
    )


def test_a_pack_that_was_cut_off_is_asked_again_in_halves(tmp_path: Path) -> None:
    diff = new_files({f"src/part{n}.py": risky(3) for n in range(4)})
    with terse(1_000) as server, whole(tmp_path, config(server)) as here:
        report = here.review(diff)
        assert report.receipt.count(Coverage.READ) == 4
        assert report.receipt.count(Coverage.FAILED) == 0
        assert here.count("error = 'cut-off'") == 1, "never the same request again"
        assert here.count("ending = 'answered'") == 2
        assert every_token_is_in_the_ledger(here, server)


def test_a_single_chunk_that_is_cut_off_is_a_gap_and_goes_to_the_strong_tier(
    tmp_path: Path,
) -> None:
    diff = new_files({"src/long.py": risky(3), "src/short.py": "value = 1"})
    with terse(200) as server, whole(tmp_path, config(server, strong=True)) as here:
        report = here.review(diff)
        assert report.receipt.reasons(Coverage.READ) == [
            ("strong tier sandbox-strong", 1),
            ("cheap tier sandbox-cheap", 1),
        ]
        assert [each.path for each in report.escalations] == ["src/long.py"]
        long_ones = "label = 'src/long.py'"
        assert here.count(f"{long_ones} AND tier = 'cheap'") == 2, "once more, with more room"
        assert here.count(f"{long_ones} AND tier = 'strong'") == 1
        assert every_token_is_in_the_ledger(here, server)


def test_a_single_chunk_that_was_cut_off_is_read_with_room_for_a_longer_answer(
    tmp_path: Path,
) -> None:
    diff = new_files({"src/long.py": risky(3)})
    replies = (ends("length", '{"findings":['), says('{"findings":[]}'))
    with Scripted(*replies).running() as server, whole(tmp_path, config_at(server.url)) as here:
        report = here.review(diff)
        assert report.receipt.count(Coverage.READ) == 1
        assert here.count("error = 'cut-off'") == 1
        assert here.count("ending = 'answered'") == 1
    first, second = (heard.body["max_tokens"] for heard in server.heard)
    assert second == 2 * first


def test_a_garbled_answer_about_several_chunks_is_asked_for_in_halves(tmp_path: Path) -> None:
    diff = new_files({"a.py": risky(1), "b.py": risky(1)})
    with SandboxModel() as server, whole(tmp_path, config(server)) as here:
        server.misbehave(CHEAP_MODEL, Fault(Trouble.GARBLED))
        report = here.review(diff)
        assert report.receipt.count(Coverage.READ) == 2
        assert here.count("ending = 'garbled'") == 1
        assert here.count("label = 'a.py, b.py'") == 1
        assert every_token_is_in_the_ledger(here, server)


def test_a_review_that_is_started_again_asks_only_for_the_halves_that_are_missing(
    tmp_path: Path,
) -> None:
    diff = new_files({"src/long.py": risky(3), "src/short.py": "value = 1"})
    with terse(200) as server, whole(tmp_path, config(server)) as here:
        here.review(diff)
        before = here.count()
        report = here.review(diff)
        assert report.receipt.count(Coverage.KNOWN) == 1
        assert report.receipt.reasons(Coverage.FAILED) == [
            ("the answer was longer than allowed", 1)
        ]
        assert here.count() == before + 2, "the chunk that nobody could answer for"
