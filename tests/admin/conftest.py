"""The hub's own fixtures serve here too."""

from tests.hub.conftest import _quick_hashes, data, demo_data, house, nats_server

__all__ = ["_quick_hashes", "data", "demo_data", "house", "nats_server"]
