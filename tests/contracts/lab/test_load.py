from __future__ import annotations

from fractions import Fraction

import pytest

from reviewbot.lab.load import Run, load
from reviewbot.lab.profile import Profile, Target, bound
from reviewbot.lab.summary import Verdict, summarise
from reviewbot.models.catalogue import flat_price
from reviewbot.models.config import EndpointConfig
from reviewbot.models.streaming import StreamingEndpoint
from reviewbot.sandbox.model_manners import Fault, Manners, Pace, Trouble
from tests.contracts.lab.paced import PRICE, Watched, paced
from tests.contracts.models.scripted import Reply, Scripted, refuses

SLA = Fraction(999, 1000)
QUICK = Pace(first=0.02, speed=1_000, tokens=10)
PROFILE = Profile(requests=6, concurrency=3, input_tokens=100, output_tokens=50, seconds=60.0)


def run_of(manners: Manners, profile: Profile = PROFILE) -> tuple[Run, Watched]:
    watched = Watched()
    with paced({"model": manners}) as (targets, _):
        return load(targets, profile, watched), watched


def test_every_request_is_measured_and_every_token_counted() -> None:
    with paced({"one": Manners(pace=QUICK), "two": Manners(pace=QUICK)}) as (targets, server):
        watched = Watched()
        run = load(targets, PROFILE, watched)
    assert [[sample.number for sample in each.samples] for each in run.series] == [[*range(6)]] * 2
    assert sorted(watched.advanced) == ["one"] * 6 + ["two"] * 6
    assert watched.stopped == {}
    for series in run.series:
        counted = server.totals(series.target)
        assert counted.calls == 7  # one to warm up
        spent = sum(sample.cost for sample in series.samples) + series.warm_up_cost
        assert (
            spent == counted.prompt_tokens * PRICE.input + counted.completion_tokens * PRICE.output
        )
    assert sum(each.cost for each in summarise(run, SLA)) <= bound(targets, PROFILE)


def test_the_pace_is_found_again() -> None:
    pace = Pace(first=0.2, speed=50, tokens=26)
    profile = Profile(requests=4, concurrency=2, input_tokens=100, output_tokens=50, seconds=60.0)
    run, _ = run_of(Manners(pace=pace), profile)
    (figures,) = summarise(run, SLA)
    assert figures.first_token is not None
    assert figures.latency is not None
    assert figures.speed is not None
    # Never too early; how late depends on the machine (tests/benchmarks has the figures).
    assert 0.2 <= figures.first_token.least < 20
    assert 0.7 <= figures.latency.least < 70
    answers = [sample.answer for sample in run.series[0].samples if sample.answer]
    speeds = sorted(25 / (each.last - each.first) for each in answers)
    assert figures.speed.p50 == pytest.approx(speeds[1])
    assert figures.output_tokens is not None
    assert figures.output_tokens.p50 == 26


def test_answers_are_capped_as_the_profile_says() -> None:
    run, _ = run_of(Manners(pace=Pace(0.0, 10_000, 500)))
    (figures,) = summarise(run, SLA)
    assert figures.output_tokens is not None
    assert figures.output_tokens.most == 50


def test_failures_are_told_by_kind() -> None:
    faults = (
        Fault(Trouble.NO_USAGE),  # at warm-up
        Fault(status=503),
        Fault(status=429, code="rate_limit_exceeded"),
        Fault(Trouble.DROP),
    )
    run, _ = run_of(Manners(pace=QUICK, faults=faults))
    (figures,) = summarise(run, SLA)
    assert figures.errors == {"http-503": 1, "http-429": 1, "broken": 1}
    assert (figures.availability.answered, figures.availability.sent) == (3, 6)
    assert figures.availability.verdict is Verdict.MISSED
    assert figures.presumed > 0  # the dropped one


def test_an_endpoint_that_stalls_costs_its_time_out() -> None:
    profile = Profile(requests=2, concurrency=2, input_tokens=100, seconds=3.0, warm_up=0)
    run, _ = run_of(Manners(pace=QUICK, faults=(Fault(Trouble.STALL),)), profile)
    (figures,) = summarise(run, SLA)
    assert figures.errors == {"timeout": 1}
    late = next(sample for sample in run.series[0].samples if sample.error)
    assert late.total >= 3.0


def test_parameters_are_learned_before_anything_is_measured() -> None:
    run, _ = run_of(Manners(pace=QUICK, refuses=frozenset({"temperature", "max_tokens"})))
    (figures,) = summarise(run, SLA)
    assert (figures.availability.answered, figures.errors) == (6, {})


def test_a_model_that_refuses_to_warm_up_is_not_loaded() -> None:
    with paced({"model": Manners(pace=QUICK)}) as (targets, server):
        known = targets[0]
        unknown = Target("unknown", "unknown", known.streamer, PRICE, PRICE)
        watched = Watched()
        run = load([known, unknown], PROFILE, watched)
    assert [len(each.samples) for each in run.series] == [6, 0]
    assert watched.stopped == {"unknown": "not loaded: http-404 at warm-up"}
    assert len([call for call in server.calls if call.model != "model"]) == 1


def one_target(reply: Reply) -> tuple[Run, Watched, int]:
    with Scripted(reply).running() as server:
        streamer = StreamingEndpoint(EndpointConfig("house", server.url, "0123456789"))
        watched = Watched()
        price = flat_price("1", "2")
        run = load([Target("a", "a", streamer, price, price)], PROFILE, watched)
        streamer.close()
    return run, watched, len(server.heard)


def test_an_empty_account_ends_the_load() -> None:
    _, watched, heard = one_target(refuses(402))
    assert watched.stopped == {"a": "not loaded: out-of-money at warm-up"}
    assert heard == 1


def test_a_bill_above_its_bound_ends_the_load() -> None:
    said = (
        b'data: {"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}],'
        b'"usage":{"prompt_tokens":900000,"completion_tokens":1}}\n\ndata: [DONE]\n\n'
    )
    run, watched, heard = one_target(Reply(body=said))
    assert watched.stopped == {"a": "a request was billed above its bound"}
    assert heard == 1
    assert run.series[0].warm_up_cost == 900_000 * 10**6 + 2 * 10**6  # in full


def test_the_machines_own_part_is_measured() -> None:
    run, _ = run_of(Manners(pace=QUICK))
    assert run.lags
    assert min(run.lags) >= 0
