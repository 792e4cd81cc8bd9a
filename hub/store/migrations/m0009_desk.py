"""Desks of agents: to-dos, notifications, preferences, chat, bulletins; snoozed, merged and held conversations."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from hub.store.fields import read_json, write_json


class Migration(migrations.Migration):
    dependencies = [("store", "m0008_wrap_up_code_tree")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Bulletin",
            fields=[
                ("bulletin_id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=36)),
                ("title", fields.CharField(max_length=255)),
                ("text", fields.TextField(unique=False)),
                ("author_id", fields.CharField(max_length=36)),
                ("author_name", fields.CharField(default="", max_length=255)),
                ("queue_ids", fields.JSONField(default=list, encoder=write_json, decoder=read_json)),
                ("published_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("withdrawn_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={"table": "bulletin", "indexes": [Index(fields=["withdrawn_at"])], "pk_attr": "bulletin_id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="BulletinReading",
            fields=[
                ("reading_id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=36)),
                (
                    "bulletin",
                    fields.ForeignKeyField(
                        "store.Bulletin",
                        source_field="bulletin_id",
                        db_constraint=True,
                        to_field="bulletin_id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("user_id", fields.CharField(max_length=36)),
                ("confirmed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "bulletin_reading",
                "unique_together": (("bulletin_id", "user_id"),),
                "indexes": [Index(fields=["user_id"])],
                "pk_attr": "reading_id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Notification",
            fields=[
                ("notification_id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=36)),
                ("user_id", fields.CharField(max_length=36)),
                ("kind", fields.CharField(max_length=16)),
                ("conversation_id", fields.CharField(null=True, max_length=36)),
                ("params", fields.JSONField(default=dict, encoder=write_json, decoder=read_json)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("seen_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "notification",
                "indexes": [Index(fields=["user_id", "seen_at"])],
                "pk_attr": "notification_id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Preferences",
            fields=[
                (
                    "user",
                    fields.OneToOneField(
                        "store.User",
                        source_field="user_id",
                        primary_key=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="user_id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("settings", fields.JSONField(default=dict, encoder=write_json, decoder=read_json)),
            ],
            options={"table": "preferences", "pk_attr": "user_id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Room",
            fields=[
                ("room_id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=36)),
                ("title", fields.CharField(default="", max_length=255)),
                ("unread", fields.JSONField(default=dict, encoder=write_json, decoder=read_json)),
                ("last_text", fields.TextField(default="", unique=False)),
                ("last_author_id", fields.CharField(default="", max_length=36)),
                ("last_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={"table": "room", "pk_attr": "room_id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RoomMember",
            fields=[
                ("member_id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=36)),
                (
                    "room",
                    fields.ForeignKeyField(
                        "store.Room",
                        source_field="room_id",
                        db_constraint=True,
                        to_field="room_id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("user_id", fields.CharField(max_length=36)),
            ],
            options={
                "table": "room_member",
                "unique_together": (("room_id", "user_id"),),
                "indexes": [Index(fields=["user_id"])],
                "pk_attr": "member_id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RoomMessage",
            fields=[
                ("room_message_id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=36)),
                (
                    "room",
                    fields.ForeignKeyField(
                        "store.Room",
                        source_field="room_id",
                        db_constraint=True,
                        to_field="room_id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("author_id", fields.CharField(max_length=36)),
                ("text", fields.TextField(unique=False)),
                ("client_id", fields.CharField(default="", max_length=64)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "room_message",
                "indexes": [Index(fields=["room_id", "room_message_id"]), Index(fields=["room_id", "client_id"])],
                "pk_attr": "room_message_id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Todo",
            fields=[
                ("todo_id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=36)),
                ("user_id", fields.CharField(max_length=36)),
                ("text", fields.TextField(unique=False)),
                ("conversation_id", fields.CharField(null=True, max_length=36)),
                ("due_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("remind_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("done_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "todo",
                "indexes": [Index(fields=["user_id", "done_at"]), Index(fields=["remind_at"])],
                "pk_attr": "todo_id",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Conversation",
            name="held",
            field=fields.JSONField(null=True, encoder=write_json, decoder=read_json),
        ),
        ops.AddField(
            model_name="Conversation",
            name="held_until",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="Conversation",
            name="merged_into",
            field=fields.CharField(null=True, max_length=36),
        ),
        ops.AddField(
            model_name="Conversation",
            name="snoozed_until",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddIndex(
            model_name="Conversation",
            index=Index(fields=["snoozed_until"]),
        ),
        ops.AddIndex(
            model_name="Conversation",
            index=Index(fields=["held_until"]),
        ),
    ]
