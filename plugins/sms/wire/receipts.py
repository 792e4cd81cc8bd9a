"""Delivery receipts: the text SMSCs write (SMPP 3.4, appendix B), states of every protocol, and ids written oddly."""

import re
from dataclasses import dataclass
from typing import Final, Literal

ReceiptState = Literal["delivered", "failed", "pending", "unknown"]
IdForm = Literal["same", "decimal", "hexadecimal"]

_FIELD: Final = re.compile(r"\b(id|stat|err):\s*([^\s]*)", re.IGNORECASE)
_STATES: Final[dict[str, ReceiptState]] = {
    "DELIVRD": "delivered", "EXPIRED": "failed", "DELETED": "failed", "UNDELIV": "failed", "REJECTD": "failed",
    "UNKNOWN": "unknown", "ACCEPTD": "pending", "ENROUTE": "pending", "SCHEDULED": "pending", "SKIPPED": "failed",
    # not in the standard, and written all the same
    "DELIVERED": "delivered", "DLVRD": "delivered", "REJECTED": "failed", "FAILED": "failed", "UNDELIVERED": "failed",
    "BUFFRED": "pending", "BUFFERED": "pending", "QUEUED": "pending", "SENT": "pending", "SUBMITD": "pending",
}  # fmt: skip
_MESSAGE_STATES: Final = {
    1: "ENROUTE", 2: "DELIVRD", 3: "EXPIRED", 4: "DELETED", 5: "UNDELIV", 6: "ACCEPTD", 7: "UNKNOWN", 8: "REJECTD",
}  # fmt: skip  # SMPP 3.4, 5.2.28


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of the part the far end calls ``part_id``; ``code`` is the far end's own word for it."""

    part_id: str
    state: ReceiptState
    code: str = ""


def parse_receipt(text: str, *, id_tlv: str = "", state_tlv: int | None = None) -> Receipt:
    """Return the receipt in ``text``; what the TLVs say goes first. ValueError when it names no message.

    Fields may be missing and come in any order; the code is the error number when there is one beside 0.
    """
    fields: dict[str, str] = {}
    for name, value in _FIELD.findall(text):
        fields.setdefault(name.lower(), value)
    part_id = id_tlv or fields.get("id", "")
    if not part_id:
        raise ValueError("a receipt without message id")
    word = _MESSAGE_STATES.get(state_tlv or 0) or fields.get("stat", "").upper()
    error = fields.get("err", "").lstrip("0")
    return Receipt(part_id, state_of(word), f"{word} {error}".strip() if error else word)


def state_of(word: str) -> ReceiptState:
    """Return what ``word`` means; Chinese carriers' ``XX:nnnn`` forms are failures, what nobody knows is unknown."""
    if word in _STATES:
        return _STATES[word]
    return "failed" if re.fullmatch(r"[A-Z]{1,3}:[0-9A-Z]{1,6}", word) else "unknown"


def cmpp_state_of(word: str) -> ReceiptState:
    """Return what CMPP's seven-letter ``word`` means: carriers invent them freely, and only for failures."""
    return _STATES.get(word, "failed" if word else "unknown")


def submitted_key(part_id: str) -> str:
    """Return the id of a submitted part as it is compared: without case and leading zeros."""
    return part_id.strip().lower().lstrip("0") or "0"


def receipt_key(part_id: str, form: IdForm) -> str:
    """Return a receipt's id as it is compared; ``form`` says how receipts write it.

    ``decimal``: answers are hexadecimal and receipts decimal; ``hexadecimal``: the other way round.
    """
    part_id = part_id.strip()
    try:
        if form == "decimal":
            part_id = f"{int(part_id):x}"
        elif form == "hexadecimal":
            part_id = str(int(part_id, 16))
    except ValueError:
        pass  # not a number in that form: compared as it stands
    return submitted_key(part_id)
