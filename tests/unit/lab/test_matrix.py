from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

import pytest

from reviewbot.domain.errors import UsageError
from reviewbot.lab.matrix import (
    Line,
    Matrix,
    Ratios,
    article_notes,
    articles_matrix,
    as_times,
    check_baseline,
    fixed,
    todays_matrix,
)
from reviewbot.lab.quantities import parse_split
from reviewbot.models.catalogue import Catalogue

CATALOGUE = Catalogue.packaged()
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SPLIT = parse_split("70/30")
FLASH = "deepseek-v4-flash"


def found(matrix: Matrix, model: str, condition: str = "") -> tuple[Line, Ratios]:
    return next(
        each for each in matrix.lines if (each[0].model, each[0].condition) == (model, condition)
    )


@pytest.mark.parametrize(
    ("model", "claim"),
    [
        ("gpt-4o", "40"),
        ("claude-3.5-sonnet", "60"),
        ("gemini-1.5-pro", "20"),
        ("gpt-4o-mini", "2.4"),
        ("qwen3-32b", "1.1"),
        ("glm-5", "7.7"),
        ("kimi-k2.5", "12"),
    ],
)
def test_the_articles_claims_follow_from_its_output_prices(model: str, claim: str) -> None:
    line, ratios = found(articles_matrix(CATALOGUE, FLASH, SPLIT), model)
    assert line.claim == claim
    assert ratios.output is not None
    assert fixed(ratios.output, len(claim.partition(".")[2])) == claim


def test_with_input_in_the_bill_the_claims_shrink() -> None:
    _, ratios = found(articles_matrix(CATALOGUE, FLASH, SPLIT), "gpt-4o")
    assert ratios.mix == Fraction(4_750, 201)  # 0.7 · 2.50 + 0.3 · 10 over 0.7 · 0.18 + 0.3 · 0.25
    notes = "\n".join(article_notes(articles_matrix(CATALOGUE, FLASH, SPLIT), SPLIT))
    assert "40× gpt-4o, 60× claude-3.5-sonnet" in notes
    assert "gpt-4o 23.6×, not 40×" in notes


def test_a_wrong_claim_is_put_right() -> None:
    catalogue = Catalogue.parse(
        '[[article]]\nmodel = "deepseek-v4-flash"\ninput = "1"\noutput = "2"\nclaim = "1"\n'
        '[[article]]\nmodel = "big"\ninput = "10"\noutput = "30"\nclaim = "25"\n'
    )
    notes = article_notes(articles_matrix(catalogue, FLASH, SPLIT), SPLIT)
    assert "The article says 25× for big; its own output prices say 15×." in notes


def test_what_the_article_did_not_print_has_no_ratio() -> None:
    line, ratios = found(articles_matrix(CATALOGUE, FLASH, SPLIT), "qwen3.5-397b")
    assert line.input is None
    assert (ratios.input, ratios.mix) == (None, None)
    assert ratios.output == Fraction(234, 25)


def test_todays_ratios_are_to_the_baselines_usual_price() -> None:
    today = todays_matrix(CATALOGUE, NOW, FLASH, SPLIT)
    assert found(today, FLASH)[1] == Ratios(Fraction(1), Fraction(1), Fraction(1))
    _, peak = found(today, FLASH, "Mon–Fri 01–04, 06–10 UTC")
    assert peak == Ratios(Fraction(2), Fraction(2), Fraction(2))
    assert found(today, "gpt-4o")[1].output == Fraction(50, 3)


def test_size_tiers_have_lines_of_their_own() -> None:
    today = todays_matrix(CATALOGUE, NOW, FLASH, SPLIT)
    conditions = [line.condition for line, _ in today.lines if line.model == "qwen3-coder-plus"]
    assert conditions == ["", "input > 32,000", "input > 128,000", "input > 256,000"]


def test_prices_that_ended_are_not_listed() -> None:
    models = {line.model for line, _ in todays_matrix(CATALOGUE, NOW, FLASH, SPLIT).lines}
    assert "kimi-k2.5" not in models
    assert "kimi-k2.5@azure" in models


def test_a_baseline_that_one_edition_lacks_has_no_ratios_there() -> None:
    article = articles_matrix(CATALOGUE, "gpt-6-luna", SPLIT)
    assert {ratios for _, ratios in article.lines} == {Ratios()}
    check_baseline([todays_matrix(CATALOGUE, NOW, "gpt-6-luna", SPLIT), article], "gpt-6-luna")


def test_an_unknown_baseline_is_told_with_its_neighbours() -> None:
    with pytest.raises(UsageError) as caught:
        check_baseline([articles_matrix(CATALOGUE, "gpt-4", SPLIT)], "gpt-4")
    assert "gpt-4o" in caught.value.advice


def test_a_free_baseline_is_no_measure() -> None:
    catalogue = Catalogue.parse(
        '[[today]]\nmodel = "own"\ninput = "0"\noutput = "0"\n'
        '[[today]]\nmodel = "big"\ninput = "1"\noutput = "3"\n'
    )
    assert found(todays_matrix(catalogue, NOW, "own", SPLIT), "big")[1] == Ratios()


@pytest.mark.parametrize(
    ("ratio", "shown"),
    [
        (None, "–"),
        (Fraction(40), "40×"),
        (Fraction(112, 100), "1.12×"),
        (Fraction(4_750, 201), "23.6×"),
        (Fraction(24, 10), "2.4×"),
        (Fraction(1234, 10), "123×"),
        (Fraction(1, 3), "0.33×"),
    ],
)
def test_ratios_are_short(ratio: Fraction | None, shown: str) -> None:
    assert as_times(ratio) == shown


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (Fraction(1, 3), 2, "0.33"),
        (Fraction(-1, 8), 1, "-0.1"),
        (Fraction(-1, 1000), 1, "0.0"),
        (Fraction(19, 2), 0, "10"),
    ],
)
def test_decimals_are_exact(value: Fraction, decimals: int, text: str) -> None:
    assert fixed(value, decimals) == text
