"""Messages that the house sends first: templates, subscriptions, who is not to be written to, bulk sends."""

from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.models import Model

from hub.store.fields import NAME_LENGTH, SLUG_LENGTH, URI_LENGTH, id_field, json_field, slug_field


class TemplateKind(Model):
    """What templates are for; those of a kind that ``needs_approval`` are sent only once they are approved."""

    kind_id: str = slug_field(is_key=True)
    title: dict[str, str] = json_field(dict)
    is_reply = fields.BooleanField(default=False)  # offered to agents as a canned reply
    needs_approval = fields.BooleanField(default=False)
    position = fields.IntField(default=0)
    is_active = fields.BooleanField(default=True)

    class Meta:
        app = "store"
        table = "template_kind"


class Template(Model):
    """A text with variables; ``channels`` are address schemes, none means all."""

    template_id: str = id_field(is_key=True)
    kind_id: str = slug_field()
    title = fields.CharField(max_length=NAME_LENGTH)
    shortcut = fields.CharField(max_length=SLUG_LENGTH, default="")
    channels: list[str] = json_field(list)
    subject = fields.CharField(max_length=NAME_LENGTH, default="")
    text = fields.TextField()
    external_id = fields.CharField(max_length=NAME_LENGTH, default="")  # what the carrier calls it
    approval = fields.CharField(max_length=16, default="draft")
    approval_note = fields.TextField(default="")
    is_active = fields.BooleanField(default=True)
    author = fields.CharField(max_length=NAME_LENGTH, default="")
    created_at = fields.DatetimeField()
    changed_at = fields.DatetimeField()

    class Meta:
        app = "store"
        table = "template"
        indexes = (("kind_id", "title"),)


class Topic(Model):
    """Something people subscribe to; ``keywords`` are what they write for it."""

    topic_id: str = slug_field(is_key=True)
    title: dict[str, str] = json_field(dict)
    keywords: list[str] = json_field(list)
    is_active = fields.BooleanField(default=True)

    class Meta:
        app = "store"
        table = "topic"


class Subscription(Model):
    """An address that gets what is sent to a topic."""

    subscription_id: str = id_field(is_key=True)
    topic: Any = fields.ForeignKeyField("store.Topic", related_name=False, on_delete=fields.OnDelete.RESTRICT)
    topic_id: str
    contact: Any = fields.ForeignKeyField("store.Contact", related_name=False, on_delete=fields.OnDelete.RESTRICT)
    contact_id: str
    uri = fields.CharField(max_length=URI_LENGTH)
    source = fields.CharField(max_length=16)
    created_at = fields.DatetimeField()

    class Meta:
        app = "store"
        table = "subscription"
        unique_together = (("topic_id", "uri"),)
        indexes = (("contact_id",), ("uri",))


class DoNotContact(Model):
    """An address that only gets answers: nothing that the house would send first."""

    uri = fields.CharField(max_length=URI_LENGTH, primary_key=True)
    reason = fields.CharField(max_length=NAME_LENGTH, default="")
    source = fields.CharField(max_length=16)
    made_by = fields.CharField(max_length=NAME_LENGTH, default="")
    created_at = fields.DatetimeField()

    class Meta:
        app = "store"
        table = "do_not_contact"
        indexes = (("created_at",),)


class Campaign(Model):
    """One bulk send: the text as it goes out, who gets it, and how far it is.

    While ``is_prepared`` is false the recipients are still being written down, ``cursor`` says up to which contact.
    """

    campaign_id: str = id_field(is_key=True)
    title = fields.CharField(max_length=NAME_LENGTH)
    instance: str = slug_field()
    channel: str = slug_field()
    template_id: str | None = id_field(null=True)
    subject = fields.CharField(max_length=NAME_LENGTH, default="")
    text = fields.TextField()
    audience: dict[str, Any] = json_field(dict)
    faults: list[dict[str, Any]] = json_field(list)  # of rows that were uploaded
    state = fields.CharField(max_length=16)
    per_minute = fields.IntField(default=0)  # 0: as fast as the instance may
    is_prepared = fields.BooleanField(default=False)
    cursor = fields.CharField(max_length=SLUG_LENGTH, default="")
    start_at: datetime | None = fields.DatetimeField(null=True)
    started_at: datetime | None = fields.DatetimeField(null=True)
    ended_at: datetime | None = fields.DatetimeField(null=True)
    author = fields.CharField(max_length=NAME_LENGTH, default="")
    created_at = fields.DatetimeField()

    class Meta:
        app = "store"
        table = "campaign"
        indexes = (("state",), ("created_at",))


class CampaignRecipient(Model):
    """One address of a bulk send; the key is made of campaign and address, so nobody is in it twice."""

    recipient_id: str = id_field(is_key=True)
    campaign: Any = fields.ForeignKeyField("store.Campaign", related_name=False, on_delete=fields.OnDelete.RESTRICT)
    campaign_id: str
    position = fields.IntField()
    uri = fields.CharField(max_length=URI_LENGTH)
    contact_id: str | None = id_field(null=True)
    params: dict[str, str] = json_field(dict)
    state = fields.CharField(max_length=16, default="pending")
    code = fields.CharField(max_length=NAME_LENGTH, default="")
    external_id = fields.CharField(max_length=URI_LENGTH, default="")
    ordered_at: datetime | None = fields.DatetimeField(null=True)
    changed_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        app = "store"
        table = "campaign_recipient"
        indexes = (("campaign_id", "state", "position"), ("contact_id",))
