"""What operators set up: queues, codes, calendars, flows, plugins, media, settings."""

from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.models import Model

from hub.store.fields import NAME_LENGTH, URI_LENGTH, id_field, json_field, slug_field


class Queue(Model):
    """Where work waits; ``title`` by language, ``rules`` as routing reads them."""

    queue_id: str = slug_field(is_key=True)
    title: dict[str, str] = json_field(dict)
    rules: dict[str, Any] = json_field(dict)
    is_active = fields.BooleanField(default=True)

    class Meta:
        app = "store"
        table = "queue"


class WrapUpCode(Model):
    """How a conversation may end; for every queue unless ``queue_ids`` names some; with others below, a heading."""

    code: str = slug_field(is_key=True)
    parent: str | None = slug_field(null=True)
    title: dict[str, str] = json_field(dict)
    queue_ids: list[str] = json_field(list)
    position = fields.IntField(default=0)
    is_active = fields.BooleanField(default=True)

    class Meta:
        app = "store"
        table = "wrap_up_code"


class AwayReason(Model):
    """Why an agent may be away."""

    reason: str = slug_field(is_key=True)
    title: dict[str, str] = json_field(dict)
    position = fields.IntField(default=0)
    is_active = fields.BooleanField(default=True)

    class Meta:
        app = "store"
        table = "away_reason"


class Calendar(Model):
    """Business hours and holidays."""

    calendar_id: str = slug_field(is_key=True)
    title: dict[str, str] = json_field(dict)
    rules: dict[str, Any] = json_field(dict)

    class Meta:
        app = "store"
        table = "calendar"


class BlockedAddress(Model):
    """An address that is not served, for ever or ``until``."""

    uri = fields.CharField(max_length=URI_LENGTH, primary_key=True)
    reason = fields.TextField(default="")
    until: datetime | None = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        app = "store"
        table = "blocked_address"


class Flow(Model):
    """A self-service flow; ``published_version`` is what new conversations run, unless it is archived."""

    flow_id: str = slug_field(is_key=True)
    title: dict[str, str] = json_field(dict)
    published_version = fields.IntField(null=True)
    is_archived = fields.BooleanField(default=False, db_default=False)

    class Meta:
        app = "store"
        table = "flow"


class FlowVersion(Model):
    """One state of a flow's graph; never changed once published."""

    flow_version_id: str = id_field(is_key=True)
    flow: Any = fields.ForeignKeyField("store.Flow", related_name=False, on_delete=fields.OnDelete.RESTRICT)
    flow_id: str
    version = fields.IntField()
    graph: dict[str, Any] = json_field(dict)
    author_id: str | None = id_field(null=True)
    note = fields.TextField(default="")
    created_at = fields.DatetimeField()
    published_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        app = "store"
        table = "flow_version"
        unique_together = (("flow_id", "version"),)


class PluginInstance(Model):
    """A configured plugin; ``settings`` is JSON sealed by ``hub.store.secrets``."""

    instance: str = slug_field(is_key=True)
    plugin: str = slug_field()
    title: dict[str, str] = json_field(dict)
    is_enabled = fields.BooleanField(default=False)
    settings = fields.TextField(default="")
    revision = fields.IntField(default=0)

    class Meta:
        app = "store"
        table = "plugin_instance"


class Media(Model):
    """A file that was exchanged; its bytes lie in the media store under ``sha256``."""

    media_id: str = id_field(is_key=True)
    mime = fields.CharField(max_length=NAME_LENGTH)
    name = fields.CharField(max_length=NAME_LENGTH, default="")
    size_bytes = fields.BigIntField()
    width = fields.IntField(null=True)
    height = fields.IntField(null=True)
    sha256 = fields.CharField(max_length=64)
    instance: str = slug_field(default="")
    uploader_id: str | None = id_field(null=True)  # the user who sent it in
    created_at = fields.DatetimeField()

    class Meta:
        app = "store"
        table = "media"
        indexes = (("sha256",), ("created_at",))


class MediaUse(Model):
    """A file stands in a conversation, in an entry that went over ``instance``: who sees the one sees the other."""

    use_id: str = id_field(is_key=True)
    media_id: str = id_field()
    conversation_id: str = id_field()
    instance: str = slug_field(default="")

    class Meta:
        app = "store"
        table = "media_use"
        indexes = (("media_id",), ("conversation_id",))


class Setting(Model):
    """One value of the hub's own, an object or an array."""

    key = fields.CharField(max_length=NAME_LENGTH, primary_key=True)
    value: Any = json_field(dict)

    class Meta:
        app = "store"
        table = "setting"
