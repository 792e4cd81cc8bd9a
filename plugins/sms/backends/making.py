"""From settings to the backend they mean."""

from plugins.sms.backends import Backend
from plugins.sms.backends.smpp.backend import SmppBackend
from plugins.sms.config import CmppSettings, HttpSettings, KannelSettings, SmppSettings


def make_backend(settings: SmppSettings | CmppSettings | KannelSettings | HttpSettings) -> Backend:
    """Return the backend for ``settings``."""
    match settings:
        case SmppSettings():
            return SmppBackend(settings)
        case _:
            raise NotImplementedError
