"""What was taken from the bus and what is still to be handed to it."""

from tortoise import fields
from tortoise.models import Model

from hub.store.fields import NAME_LENGTH, SLUG_LENGTH


class Inbox(Model):
    """An envelope that was handled; a second one with its id is not."""

    envelope_id = fields.CharField(max_length=SLUG_LENGTH, primary_key=True)
    received_at = fields.DatetimeField()

    class Meta:
        app = "store"
        table = "inbox"
        indexes = (("received_at",),)


class Outbox(Model):
    """An envelope to be published; ``outbox_id`` rises in commit order and is never used twice.

    ``refusal`` says why the bus will never take it; such a row stays for an operator to look at.
    """

    outbox_id = fields.BigIntField(primary_key=True)
    msg_id = fields.CharField(max_length=SLUG_LENGTH)
    subject = fields.CharField(max_length=NAME_LENGTH)
    payload = fields.BinaryField()
    refusal = fields.TextField(null=True)

    class Meta:
        app = "store"
        table = "outbox"
