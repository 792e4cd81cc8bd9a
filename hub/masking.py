"""Hides the middle of phone numbers from users who may not see them whole (permission ``address.reveal``)."""

from typing import Final, TypeVar

import msgspec

from core.events import ContactView, ConversationView
from hub.accounts.identity import Identity

SCHEMES: Final = ("tel:", "sip:", "fax:")
SHOWN_FIRST: Final = 4  # of a mainland mobile number: country code and the operator's first digit
SHOWN_LAST: Final = 4
MASK: Final = "****"

ViewT = TypeVar("ViewT", ContactView, ConversationView)


def masked(view: ViewT, identity: Identity) -> ViewT:
    """Return ``view`` as ``identity`` may see it."""
    if identity.may("address.reveal"):
        return view
    if isinstance(view, ConversationView):
        shown = {"address": mask_address(view.address), "reply_address": mask_address(view.reply_address)}
        return msgspec.structs.replace(view, **shown)
    addresses = tuple(msgspec.structs.replace(one, uri=mask_address(one.uri)) for one in view.addresses)
    return msgspec.structs.replace(view, addresses=addresses)


def mask_address(uri: str) -> str:
    """Return ``uri`` without the middle of its number; addresses that are no numbers stay whole."""
    scheme, colon, number = uri.partition(":")
    if scheme + colon not in SCHEMES:
        return uri
    if len(number) <= SHOWN_FIRST + SHOWN_LAST:
        return f"{scheme}:{MASK}{number[-2:]}"
    return f"{scheme}:{number[:SHOWN_FIRST]}{MASK}{number[-SHOWN_LAST:]}"
