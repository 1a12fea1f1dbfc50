"""A quote plans a review, spends nothing, and orders its figures."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from reviewbot.domain.finding import Tier
from reviewbot.domain.forecast import Past
from reviewbot.domain.money import PicoUsd
from reviewbot.review.quote import Quote, as_json, quote_pull_request
from tests.unit.review.examples import PAY, REQUEST, World, diff, entry, world


def quoted(here: World) -> Quote:
    return quote_pull_request(REQUEST, here.ports, here.house)


def test_a_quote_asks_nothing_and_writes_nothing() -> None:
    here = world()

    quote = quoted(here)

    assert (quote.chunks, quote.known) == (1, 0)
    assert 0 < quote.p50 < quote.p90 < quote.bound
    assert not here.model.asked
    assert not here.forge.checks
    assert here.ledger.spent == 0


def test_a_quote_follows_the_repositorys_past() -> None:
    plain, here = quoted(world()), world()
    here.journal.earlier = [Past(PicoUsd(10), PicoUsd(20))] * 24

    quote = quoted(here)

    assert quote.learned_from == as_json(quote)["learned_from_reviews"] == 24
    assert 1.6 * plain.p50 < quote.p50 <= 2 * plain.p50
    assert quote.p50 <= quote.p90 <= quote.bound == plain.bound


def test_what_is_known_is_free_on_the_first_reading() -> None:
    here = world(diff(PAY, entry("src/auth/b.py", "eval(x)")))
    before = quoted(here)
    here.reviewed()

    after = quoted(here)

    assert (after.chunks, after.known, after.tokens_in) == (2, 2, 0)
    assert after.p50 < before.p50


def test_without_tiers_or_lines_nothing_costs_anything() -> None:
    empty = quoted(world(diff()))
    assert (empty.p50, empty.p90, empty.bound) == (0, 0, 0)
    here = world()
    here.model.tiers = {}
    assert quoted(here).bound == 0
    here.model.tiers = {Tier.CHEAP: ("small",)}
    assert quoted(here).p50 > 0


def test_a_quote_in_plain_values() -> None:
    found = as_json(quoted(world(policy="budget: {per_pr: 0.5}")))

    assert found["pull_request"] == "acme/shop#42"
    assert found["limit_usd"] == "0.5"
    assert set(found) >= {"chunks", "known", "tokens_in", "p50_usd", "p90_usd", "bound_usd"}


@given(st.lists(st.integers(1, 900), max_size=4), st.sampled_from(["src", "src/auth"]))
@settings(max_examples=30, deadline=None)
def test_the_median_is_below_the_ninth_decile_and_both_below_the_bound(
    sizes: list[int], folder: str
) -> None:
    files = [
        entry(f"{folder}/m{n}.py", *(f"value = {m}" for m in range(size)))
        for n, size in enumerate(sizes)
    ]

    quote = quoted(world(diff(*files)))

    assert quote.p50 <= quote.p90 <= quote.bound
