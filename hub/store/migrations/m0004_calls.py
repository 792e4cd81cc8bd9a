"""Calls."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from hub.store.fields import read_json, write_json


class Migration(migrations.Migration):
    dependencies = [("store", "m0003_mails")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Call",
            fields=[
                ("call_id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                (
                    "conversation",
                    fields.ForeignKeyField(
                        "store.Conversation",
                        source_field="conversation_id",
                        db_constraint=True,
                        to_field="conversation_id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("instance", fields.CharField(max_length=64)),
                ("direction", fields.CharField(default="in", max_length=8)),
                ("number", fields.CharField(max_length=512)),
                ("dialled", fields.CharField(default="", max_length=255)),
                ("trunk", fields.CharField(default="", max_length=255)),
                ("revision", fields.IntField(default=0)),
                ("legs", fields.JSONField(default=list, encoder=write_json, decoder=read_json)),
                ("recordings", fields.JSONField(default=list, encoder=write_json, decoder=read_json)),
                ("utterance", fields.JSONField(null=True, encoder=write_json, decoder=read_json)),
                ("is_held", fields.BooleanField(default=False)),
                ("arrived_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("talked_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("ended_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("cause", fields.CharField(default="", max_length=16)),
                ("hung_up_by", fields.CharField(default="", max_length=16)),
            ],
            options={
                "table": "phone_call",
                "indexes": [
                    Index(fields=["conversation_id"]),
                    Index(fields=["instance", "ended_at"]),
                    Index(fields=["arrived_at"]),
                ],
                "pk_attr": "call_id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="CallLeg",
            fields=[
                ("leg_id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                (
                    "call",
                    fields.ForeignKeyField(
                        "store.Call",
                        source_field="call_id",
                        db_constraint=True,
                        to_field="call_id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("role", fields.CharField(max_length=16)),
                ("user_id", fields.CharField(null=True, max_length=36)),
                ("target", fields.CharField(default="", max_length=512)),
                ("offer_id", fields.CharField(null=True, max_length=64)),
                ("started_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("rung_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("answered_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("heard_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("ended_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("cause", fields.CharField(default="", max_length=16)),
                ("by_far_end", fields.BooleanField(default=False)),
                ("keys", fields.IntField(default=0)),
            ],
            options={
                "table": "call_leg",
                "indexes": [Index(fields=["call_id"]), Index(fields=["user_id", "started_at"])],
                "pk_attr": "leg_id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Phone",
            fields=[
                ("phone_id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ("instance", fields.CharField(max_length=64)),
                (
                    "user",
                    fields.ForeignKeyField(
                        "store.User",
                        source_field="user_id",
                        db_constraint=True,
                        to_field="user_id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("kind", fields.CharField(max_length=8)),
                ("secret", fields.TextField(default="", unique=False)),
                ("number", fields.CharField(default="", max_length=255)),
                ("is_reachable", fields.BooleanField(default=False)),
                ("changed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "phone",
                "indexes": [Index(fields=["user_id"]), Index(fields=["instance"])],
                "pk_attr": "phone_id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="PromptSound",
            fields=[
                ("sound_id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ("name", fields.CharField(default="", max_length=255)),
                ("language", fields.CharField(max_length=35)),
                ("text", fields.TextField(default="", unique=False)),
                ("voice", fields.CharField(default="", max_length=255)),
                ("media_id", fields.CharField(max_length=36)),
                ("length_s", fields.FloatField(default=0.0)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("author_id", fields.CharField(null=True, max_length=36)),
            ],
            options={"table": "prompt_sound", "indexes": [Index(fields=["name", "language"])], "pk_attr": "sound_id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Recording",
            fields=[
                ("recording_id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                (
                    "call",
                    fields.ForeignKeyField(
                        "store.Call",
                        source_field="call_id",
                        db_constraint=True,
                        to_field="call_id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("conversation_id", fields.CharField(max_length=36)),
                ("queue_id", fields.CharField(null=True, max_length=64)),
                ("user_id", fields.CharField(null=True, max_length=36)),
                ("number", fields.CharField(max_length=512)),
                ("media_id", fields.CharField(null=True, max_length=36)),
                ("started_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("length_s", fields.FloatField(default=0.0)),
                ("is_cut", fields.BooleanField(default=False)),
                ("is_held", fields.BooleanField(default=False)),
                ("deleted_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "recording",
                "indexes": [
                    Index(fields=["call_id"]),
                    Index(fields=["started_at"]),
                    Index(fields=["user_id", "started_at"]),
                    Index(fields=["conversation_id"]),
                    Index(fields=["number"]),
                ],
                "pk_attr": "recording_id",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Conversation",
            name="call",
            field=fields.JSONField(null=True, encoder=write_json, decoder=read_json),
        ),
    ]
