"""What an order becomes: the words with their signature, cut as the backend wants them, and who they come from."""

from zlib import crc32

from core.errors import SendRejected
from core.events import SendMessage
from plugins.sms.backends import Backend, Part
from plugins.sms.config import SmsConfig
from plugins.sms.numbers import SCHEME
from plugins.sms.wire.segments import Segments, segments
from plugins.sms.wire.udh import Concatenation


def parts_of(message: SendMessage, recipient: str, config: SmsConfig, backend: Backend) -> list[Part]:
    """Return the parts of ``message`` in order; SendRejected when it can never be sent.

    One part is all of a text that the gateway itself cuts.
    """
    cut = _cut(message, config, backend)
    total = len(cut.parts)
    reference = message.seq or crc32(message.message_id.encode())
    number = recipient.removeprefix(SCHEME)
    sender = _sender(number, config)
    is_16_bit = backend.is_16_bit
    return [
        Part(
            message_id=message.message_id,
            recipient=number,
            sender=sender,
            text=text,
            alphabet=cut.alphabet,
            place=Concatenation(reference & (0xFFFF if is_16_bit else 0xFF), total, place, is_16_bit)
            if total > 1
            else None,
            wants_receipt=config.receipts,
        )
        for place, text in enumerate(cut.parts, 1)
    ]


def _cut(message: SendMessage, config: SmsConfig, backend: Backend) -> Segments:
    if message.attachments:
        raise SendRejected("file_not_carried", "a short message carries no files")
    lines = [message.text, *(f"{choice.key} {choice.label}" for choice in message.choices)]
    text = "\n".join(line for line in lines if line)
    if not text.strip():
        raise SendRejected("empty", "a message without text")
    cut = segments(config.sms_signature + text, backend.alphabets, is_16_bit=backend.is_16_bit)
    if len(cut.parts) > config.max_parts:
        raise SendRejected("too_long", f"{len(cut.parts)} parts, at most {config.max_parts}")
    first, *others = cut.parts if backend.cuts else ("".join(cut.parts),)
    if config.carrier_signs:  # there is room for it
        first = first.removeprefix(config.sms_signature)
    return Segments(cut.alphabet, (first, *others), cut.left)


def _sender(number: str, config: SmsConfig) -> str:
    matching = [rule for rule in config.sender_rules if number.startswith(rule.prefix)]
    return max(matching, key=lambda rule: len(rule.prefix)).sender if matching else config.sender
