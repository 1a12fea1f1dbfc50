from __future__ import annotations

import json

import pytest

from reviewbot.domain.errors import SettingsError
from reviewbot.domain.finding import Tier
from reviewbot.models.config import Billing, Routing
from reviewbot.runtime.settings import load_settings
from reviewbot.runtime.tiers import router_config


def environ(**second: object) -> dict[str, str]:
    routes = [{"endpoint": "here", "model": "gpt-4o-mini"}]
    models = [
        {"name": "old", "routes": routes, "routing": "latency", "weight": 60},
        {"name": "new", "routes": routes, **second},
    ]
    return {
        "KEY": "secret",
        "REVIEWBOT_ENDPOINTS": json.dumps(
            [{"name": "here", "base_url": "http://localhost/v1", "api_key_env": "KEY"}]
        ),
        "REVIEWBOT_MODELS": json.dumps(models),
        "REVIEWBOT_TIERS": json.dumps({"cheap": ["old", "new"]}),
        "REVIEWBOT_LIMITS__SLA": "99.5",
    }


def test_routing_weight_shadow_and_sla_are_read() -> None:
    settings = load_settings(environ(shadow=0.05))
    config = router_config(settings)
    (old,) = config.tier(Tier.CHEAP)
    (new,) = config.shadows(Tier.CHEAP)
    assert (old.routing, old.weight) == (Routing.LATENCY, 60.0)
    assert (new.name, new.routing, new.weight, new.shadow) == ("new", Routing.ORDER, None, 0.05)
    assert settings.limits.sla == 99.5


def test_a_tier_of_shadows_alone_is_a_wrong_setting() -> None:
    settings = load_settings(environ() | {"REVIEWBOT_TIERS": '{"cheap": ["new"]}'})
    assert router_config(settings).cheap == ("new",)
    wrong = load_settings(environ(shadow=0.5) | {"REVIEWBOT_TIERS": '{"cheap": ["new"]}'})
    with pytest.raises(SettingsError, match="shadows only"):
        router_config(wrong)


def test_streams_billing_and_hedges_are_off_until_they_are_set() -> None:
    plain = router_config(load_settings(environ()))
    assert (plain.endpoints[0].stream, plain.endpoints[0].billing) == (False, Billing.PRICE)
    assert (plain.patience.hedge, plain.patience.first_token) == (None, 30.0)
    given = {"name": "here", "base_url": "http://localhost/v1", "api_key_env": "KEY"}
    endpoints = json.dumps([given | {"stream": True, "billing": "reported"}])
    limits = {"REVIEWBOT_LIMITS__HEDGE_AFTER": "2.5", "REVIEWBOT_LIMITS__FIRST_TOKEN_SECONDS": "9"}
    wished = router_config(load_settings(environ() | limits | {"REVIEWBOT_ENDPOINTS": endpoints}))
    assert (wished.endpoints[0].stream, wished.endpoints[0].billing) == (True, Billing.REPORTED)
    assert (wished.patience.hedge, wished.patience.first_token) == (2.5, 9.0)


@pytest.mark.parametrize(("text", "hedge"), [("p95", "p95"), ("0.5", 0.5)])
def test_a_hedge_is_seconds_or_p95(text: str, hedge: object) -> None:
    settings = load_settings(environ() | {"REVIEWBOT_LIMITS__HEDGE_AFTER": text})
    assert settings.limits.hedge_after == hedge


@pytest.mark.parametrize("text", ["0", "-1", "p90", "nan", "1e9"])
def test_what_is_no_hedge_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match='write seconds, or "p95"'):
        load_settings(environ() | {"REVIEWBOT_LIMITS__HEDGE_AFTER": text})
