"""Makes the contract suite's fixtures known to pytest wherever Lianxin is installed."""

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def contract_nats_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """Yield the one nats-server on which all channels of a test run are tried."""
    from core.testing.nats import NatsServer  # noqa: PLC0415 - pytest loads this file in every run

    server = NatsServer(tmp_path_factory.mktemp("nats"))
    server.start()
    yield server
    server.kill()
