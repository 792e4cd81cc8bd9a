"""From settings to the backend they mean."""

from plugins.sms.backends import Backend
from plugins.sms.backends.cmpp.backend import CmppBackend
from plugins.sms.backends.http.generic import GenericBackend
from plugins.sms.backends.http.kannel import KannelBackend
from plugins.sms.backends.smpp.backend import SmppBackend
from plugins.sms.config import CmppSettings, HttpSettings, KannelSettings, SmppSettings


def make_backend(settings: SmppSettings | CmppSettings | KannelSettings | HttpSettings) -> Backend:
    """Return the backend for ``settings``."""
    match settings:
        case SmppSettings():
            return SmppBackend(settings)
        case CmppSettings():
            return CmppBackend(settings)
        case KannelSettings():
            return KannelBackend(settings)
        case HttpSettings():
            return GenericBackend(settings)
