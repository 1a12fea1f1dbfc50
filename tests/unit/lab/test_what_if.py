from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.domain.errors import SettingsError, UsageError
from reviewbot.domain.money import parse_usd
from reviewbot.lab.quantities import parse_split
from reviewbot.lab.what_if import (
    Outcome,
    Rate,
    Shift,
    Volume,
    articles_rate,
    parse_mix,
    parse_shift,
    simulate,
    todays_rate,
)
from reviewbot.models.catalogue import Catalogue

CATALOGUE = Catalogue.packaged()
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
VOLUME = Volume(800_000_000, parse_split("70/30"))
SHIFT = "gpt-4o:deepseek-v4-flash=60%"


def by_article(*shifts: str, volume: Volume = VOLUME) -> Outcome:
    moves = [parse_shift(text) for text in shifts]
    return simulate(
        volume, parse_mix([], moves), moves, lambda model: articles_rate(CATALOGUE, model, volume)
    )


def by_today(*shifts: str, volume: Volume = VOLUME, size: int = 6_000) -> Outcome:
    moves = [parse_shift(text) for text in shifts]
    return simulate(
        volume,
        parse_mix([], moves),
        moves,
        lambda model: todays_rate(CATALOGUE, model, volume, NOW, size),
    )


def test_the_articles_question_has_an_exact_answer() -> None:
    outcome = by_article(SHIFT)
    assert outcome.cost_before == parse_usd("3800")
    assert outcome.cost_after == parse_usd("1616.48")
    assert outcome.saved == parse_usd("2183.52")
    assert outcome.saved_share == Fraction(218_352, 380_000)
    assert outcome.timed == ()


def test_today_the_answer_depends_on_the_hours() -> None:
    outcome = by_today(SHIFT)
    assert outcome.cost_after == parse_usd("1685.3")  # 35 of 168 hours at twice the price
    assert (outcome.lowest, outcome.highest) == (parse_usd("1656.8"), parse_usd("1793.6"))
    assert outcome.timed == (("deepseek-v4-flash", Fraction(35)),)


def test_several_shifts_leave_what_remains() -> None:
    outcome = by_article(SHIFT, "gpt-4o:glm-5=30%")
    shares = {portion.model: portion.share for portion in outcome.after}
    assert shares == {
        "gpt-4o": Fraction(1, 10),
        "deepseek-v4-flash": Fraction(6, 10),
        "glm-5": Fraction(3, 10),
    }


def test_a_chain_moves_what_each_had_before() -> None:
    moves = [parse_shift("a:b=50%"), parse_shift("b:c=100%")]
    mix = parse_mix(["a=60%", "b=40%"], moves)
    outcome = simulate(VOLUME, mix, moves, lambda _: Rate(*[Fraction(1)] * 3))
    shares = {portion.model: portion.share for portion in outcome.after}
    assert shares == {"a": Fraction(3, 10), "b": Fraction(3, 10), "c": Fraction(4, 10)}


def test_cached_input_costs_less_where_the_vendor_says_so() -> None:
    half = Volume(1_000_000, parse_split("100/0"), cached=Fraction(1, 2))
    assert by_today("gpt-4o:glm-5=100%", volume=half).cost_before == parse_usd("1.875")
    assert by_article("gpt-4o:glm-5=100%", volume=half).cost_before == parse_usd("2.5")


def test_the_size_of_requests_decides_the_tier() -> None:
    small, large = (
        by_today("gpt-6-luna:gpt-4o-mini=0%", size=size).cost_before for size in (6_000, 300_000)
    )
    assert (small, large) == (parse_usd("176"), parse_usd("292"))


@pytest.mark.parametrize("text", ["", "a:b", "a=60%", "a:=60%", ":b=60%", "a:b=", "a:b=60"])
def test_what_is_no_shift_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_shift(text)


def test_names_may_hold_colons_after_the_first() -> None:
    assert parse_shift("gpt-4o:qwen3:32b=5%") == Shift("gpt-4o", "qwen3:32b", Fraction(1, 20))


def test_moving_a_model_onto_itself_is_refused() -> None:
    with pytest.raises(UsageError, match="both models are the same"):
        parse_shift("a:a=5%")


def test_more_than_everything_cannot_be_moved() -> None:
    with pytest.raises(UsageError, match="110% of gpt-4o"):
        by_article(SHIFT, "gpt-4o:glm-5=50%")


def test_several_sources_need_a_mix_that_makes_a_hundred() -> None:
    moves = [parse_shift("a:b=10%"), parse_shift("c:b=10%")]
    with pytest.raises(UsageError, match="several models"):
        parse_mix([], moves)
    with pytest.raises(UsageError, match="make 90%"):
        parse_mix(["a=60%", "c=30%"], moves)
    with pytest.raises(UsageError, match="named twice"):
        parse_mix(["a=60%", "a=40%"], moves)


def test_a_model_without_tokens_gives_none_away() -> None:
    moves = [parse_shift("c:b=10%")]
    mix = parse_mix(["a=100%"], moves)
    with pytest.raises(UsageError, match="'c' has no tokens"):
        simulate(VOLUME, mix, moves, lambda _: Rate(*[Fraction(1)] * 3))


def test_an_unknown_model_is_told_with_its_neighbours() -> None:
    with pytest.raises(SettingsError) as today:
        by_today("gpt-4o:deepseek-v4-flsh=60%")
    assert "deepseek-v4-flash" in today.value.advice
    with pytest.raises(SettingsError) as article:
        by_article("gpt-4o:glm5=60%")
    assert article.value.advice == "Did you mean glm-5?"
    with pytest.raises(SettingsError, match="no input price"):
        by_article("gpt-4o:qwen3.5-397b=60%")


shares = st.integers(0, 1000).map(lambda tenths: Fraction(tenths, 1000))


@given(st.integers(1, 10**15), shares, shares, shares)
def test_no_token_is_lost_and_no_cent_made_up(
    tokens: int, fresh: Fraction, moved: Fraction, cached: Fraction
) -> None:
    percent = fresh * 100
    split = parse_split(f"{float(percent):.1f}/{float(100 - percent):.1f}")
    volume = Volume(tokens, split, cached)
    moves = [Shift("gpt-4o", "deepseek-v4-flash", moved)]
    outcome = simulate(
        volume,
        parse_mix([], moves),
        moves,
        lambda model: todays_rate(CATALOGUE, model, volume, NOW, 6_000),
    )
    assert sum(portion.tokens for portion in outcome.after) == tokens
    assert outcome.saved == outcome.cost_before - outcome.cost_after
    assert outcome.lowest <= outcome.cost_after <= outcome.highest
