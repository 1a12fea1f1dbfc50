from __future__ import annotations

from reviewbot.models.breaker import Breaker, State, Temper


class Seconds:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def opened() -> tuple[Breaker, Seconds]:
    seconds = Seconds()
    breaker = Breaker(seconds, Temper(failures=2, rest=10.0, longest_rest=25.0))
    breaker.failed()
    breaker.failed()
    return breaker, seconds


def test_it_opens_after_failures_in_a_row() -> None:
    breaker, _ = opened()
    assert breaker.state is State.OPEN
    assert breaker.enter() == 10.0


def test_a_success_between_failures_keeps_it_closed() -> None:
    breaker = Breaker(Seconds(), Temper(failures=2))
    for _ in range(5):
        breaker.failed()
        breaker.succeeded()
    assert breaker.state is State.CLOSED


def test_after_the_rest_one_request_passes() -> None:
    breaker, seconds = opened()
    seconds.now = 10.0
    assert breaker.state is State.HALF_OPEN
    assert breaker.enter() == 0.0
    assert breaker.enter() > 0.0


def test_a_probe_that_succeeds_closes_it() -> None:
    breaker, seconds = opened()
    seconds.now = 10.0
    assert breaker.enter() == 0.0
    breaker.succeeded()
    assert breaker.enter() == 0.0
    assert breaker.state is State.CLOSED


def test_failed_probes_double_the_rest_up_to_a_limit() -> None:
    breaker, seconds = opened()
    rests = []
    for _ in range(3):
        seconds.now += breaker.enter()
        assert breaker.enter() == 0.0
        breaker.failed()
        rests.append(breaker.enter())
    assert rests == [20.0, 25.0, 25.0]


def test_a_probe_that_was_not_made_is_left_to_the_next() -> None:
    breaker, seconds = opened()
    seconds.now = 10.0
    assert breaker.enter() == 0.0
    breaker.left()
    assert breaker.enter() == 0.0


def test_one_hang_opens_it() -> None:
    seconds = Seconds()
    breaker = Breaker(seconds, Temper(failures=5, rest=10.0))
    breaker.tripped()
    assert breaker.enter() == 10.0
    seconds.now = 4.0
    breaker.tripped()  # a call that was under way already
    assert breaker.enter() == 6.0


def test_after_the_rest_it_is_doubtful_until_someone_vouches_for_it() -> None:
    breaker, seconds = opened()
    assert not breaker.is_doubtful
    seconds.now = 10.0
    assert breaker.is_doubtful
    breaker.vouched()
    assert not breaker.is_doubtful
    assert breaker.enter() == 0.0
    breaker.failed()
    seconds.now = 30.0
    assert breaker.is_doubtful, "vouched for once, and it failed all the same"
