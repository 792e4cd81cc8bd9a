"""What can go wrong with an ARI request, named by what to do next."""

from core.errors import ChannelNotReady, LianxinError


class AriError(LianxinError):
    """Asterisk answered a request with an error; ``status`` is its HTTP status."""

    code = "ari_error"

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{text} ({status})")
        self.status = status


class Gone(AriError):
    """The channel, bridge, playback or recording is not there (any more): an everyday answer."""

    code = "ari_gone"


class Conflict(AriError):
    """It is there, but not in a state for this: it has left Stasis, is hung up, or the id is taken."""

    code = "ari_conflict"


class Refused(AriError):
    """Asterisk cannot do this: a wrong argument, a phone that is not known or not registered, a full disk."""

    code = "ari_refused"


class AriUnavailable(ChannelNotReady):
    """Asterisk did not answer in time or at all; nobody knows whether it did what was asked."""

    code = "ari_unavailable"


class Replaced(LianxinError):
    """Another client has taken our application over: connecting again would only take it back."""

    code = "ari_replaced"
