"""One released shop for all files of this folder: bringing it up takes minutes, cold."""

from collections.abc import Iterator

import httpx
import pytest

from alecia_pipeline_tests.shop import Shop, open_shop, open_visitor


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A shop whose first release is confirmed."""
    one = open_shop(tmp_path_factory.mktemp("shop"))
    one.alecia("release", "--env", "staging")
    return one


@pytest.fixture(scope="session")
def visitor(shop: Shop) -> Iterator[httpx.Client]:
    """A visitor of its sites."""
    with open_visitor(shop) as client:
        yield client
