"""The people outside and where they are reached."""

from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.models import Model

from hub.store.fields import NAME_LENGTH, URI_LENGTH, id_field, json_field, slug_field


class Contact(Model):
    """A person outside; the columns of ``core.events.ContactView``."""

    contact_id: str = id_field(is_key=True)
    name = fields.CharField(max_length=NAME_LENGTH, default="")
    level = fields.IntField(default=0)
    language = fields.CharField(max_length=35, default="")  # RFC 5646 section 4.4.1
    is_verified = fields.BooleanField(default=False)
    is_blocked = fields.BooleanField(default=False)
    birth_year = fields.IntField(null=True)
    tags: list[str] = json_field(list)
    remarks = fields.TextField(default="")
    customer_id = fields.CharField(max_length=NAME_LENGTH, default="", db_default="")  # proven by who knows them
    merged_into: str | None = id_field(null=True)  # the contact that stands for this one
    attributes: dict[str, str] = json_field(dict)
    agent_id: str | None = id_field(null=True)  # who serves them whenever they are here
    caution = fields.CharField(max_length=NAME_LENGTH, default="", db_default="")  # why agents are warned of them
    caution_until: datetime | None = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        app = "store"
        table = "contact"
        indexes = (("name",), ("created_at",), ("customer_id",))


class Address(Model):
    """Where a contact is reached; ``last_seq`` numbers what was exchanged with it, in both directions.

    ``source`` says how it became known: the contact wrote from it, or an agent, a flow or an import named it.
    """

    address_id: str = id_field(is_key=True)
    uri = fields.CharField(max_length=URI_LENGTH, unique=True)
    contact: Any = fields.ForeignKeyField("store.Contact", related_name="addresses", on_delete=fields.OnDelete.RESTRICT)
    contact_id: str
    instance: str = slug_field(default="")
    last_seq = fields.BigIntField(default=0)
    source = fields.CharField(max_length=16, default="contact", db_default="contact")
    is_preferred = fields.BooleanField(default=False, db_default=False)
    created_at = fields.DatetimeField()

    class Meta:
        app = "store"
        table = "address"
        indexes = (("contact_id",),)


class ContactMerge(Model):
    """Two contacts that were found to be one person; ``moved`` names what went from one to the other, by kind."""

    merge_id: str = id_field(is_key=True)
    kept_id: str = id_field()
    merged_id: str = id_field()
    moved: dict[str, Any] = json_field(dict)
    rule = fields.CharField(max_length=32, default="")  # empty: an agent said so
    made_by = fields.CharField(max_length=NAME_LENGTH, default="")
    made_at = fields.DatetimeField()
    undone_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        app = "store"
        table = "contact_merge"
        indexes = (("kept_id",), ("merged_id",))


class LinkSuggestion(Model):
    """A contact gave an address that another contact has: perhaps one person, for an agent to say."""

    suggestion_id: str = id_field(is_key=True)
    contact: Any = fields.ForeignKeyField("store.Contact", related_name=False, on_delete=fields.OnDelete.RESTRICT)
    contact_id: str
    other_id: str = id_field()
    uri = fields.CharField(max_length=URI_LENGTH)
    source = fields.CharField(max_length=16)
    is_dismissed = fields.BooleanField(default=False)
    created_at = fields.DatetimeField()

    class Meta:
        app = "store"
        table = "link_suggestion"
        unique_together = (("contact_id", "other_id"),)
        indexes = (("other_id",),)
