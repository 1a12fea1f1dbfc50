from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reviewbot.runtime.sealed import derived, seal, unseal

KEY, SCOPE = "a key", "1001/42"


@given(st.binary(max_size=2000))
def test_what_is_sealed_opens_for_the_same_key_and_scope_only(state: bytes) -> None:
    sealed = seal(state, KEY, SCOPE)
    assert unseal(sealed, KEY, SCOPE) == state
    assert unseal(sealed, "another key", SCOPE) is None
    assert unseal(sealed, KEY, "1001/43") is None


@given(st.binary(max_size=200))
def test_what_nobody_sealed_opens_never(text: bytes) -> None:
    assert unseal(text, KEY, SCOPE) is None


@given(st.data())
def test_a_changed_byte_breaks_the_seal(data: st.DataObject) -> None:
    sealed = bytearray(seal(b"the ledger", KEY, SCOPE))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= data.draw(st.integers(1, 255))
    assert unseal(bytes(sealed), KEY, SCOPE) is None


def test_every_purpose_has_a_key_of_its_own() -> None:
    assert len({derived(KEY, "one"), derived(KEY, "two"), derived("another", "one")}) == 3
