"""Hides the middle of phone numbers from users who may not see them whole (permission ``address.reveal``)."""

import re
from typing import Final, TypeVar

import msgspec

from core.events import CallView, ContactView, ConversationView
from hub.accounts.identity import Identity

SCHEMES: Final = ("tel:", "sip:", "fax:")
SHOWN_FIRST: Final = 4  # of a mainland mobile number: country code and the operator's first digit
SHOWN_LAST: Final = 4
MASK: Final = "****"
# seven digits or more with what people write between them, dashes and brackets of full width, too
_BETWEEN: Final = r"[ .()/\-\u2010-\u2015\uff08\uff09\uff0d\uff0e\uff0f]{0,2}"
# a day, an amount
_NO_NUMBER: Final = (
    r"(?<!\d)(?:19|20)\d\d(?P<mark>[-./])\d{1,2}(?P=mark)\d{1,2}(?![-./]?\d)|(?<!\d)\d+\.\d\d(?= ?\u5143)"
)
_TELEPHONE: Final = re.compile(rf"(?P<kept>{_NO_NUMBER})|\+?\d(?:{_BETWEEN}\d){{6,}}")

ViewT = TypeVar("ViewT", ContactView, ConversationView)


def masked(view: ViewT, identity: Identity) -> ViewT:
    """Return ``view`` as ``identity`` may see it."""
    if identity.may("address.reveal"):
        return view
    if isinstance(view, ConversationView):
        return msgspec.structs.replace(
            view,
            address=mask_address(view.address),
            reply_address=mask_address(view.reply_address),
            call=None if view.call is None else _masked_call(view.call),
        )
    addresses = tuple(msgspec.structs.replace(one, uri=mask_address(one.uri)) for one in view.addresses)
    return msgspec.structs.replace(view, addresses=addresses)


def _masked_call(call: CallView) -> CallView:
    """Return ``call`` without the middle of the numbers of those who were called outside."""
    legs = tuple(
        msgspec.structs.replace(leg, name=_mask_number(leg.name)) if leg.role == "outside" else leg for leg in call.legs
    )
    return msgspec.structs.replace(call, legs=legs)


def mask_numbers(text: str) -> str:
    """Return ``text`` without the middle of each number in it that may be a telephone's; days and amounts stay."""
    return _TELEPHONE.sub(lambda found: found[0] if found["kept"] else _mask_number(found[0]), text)


def mask_address(uri: str) -> str:
    """Return ``uri`` without the middle of its number; addresses that are no numbers stay whole."""
    scheme, colon, number = uri.partition(":")
    if scheme + colon not in SCHEMES:
        return uri
    return f"{scheme}:{_mask_number(number)}"


def _mask_number(number: str) -> str:
    if len(number) <= SHOWN_FIRST + SHOWN_LAST:
        return f"{MASK}{number[-2:]}"
    return f"{number[:SHOWN_FIRST]}{MASK}{number[-SHOWN_LAST:]}"
