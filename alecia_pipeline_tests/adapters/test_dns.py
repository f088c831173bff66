import pytest

from alecia_pipeline.adapters.dns import addresses


@pytest.mark.usefixtures("socket_enabled")
def test_names_addresses_and_what_is_neither() -> None:
    found = addresses(["127.0.0.1", "localhost", "absent.invalid", "a" * 70, "localhost"])
    assert found["127.0.0.1"] == {"127.0.0.1"}
    assert found["localhost"] & {"127.0.0.1", "::1"}
    assert found["absent.invalid"] == found["a" * 70] == frozenset()
