"""Transcripts: what was said in recordings and voice messages."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from hub.store.fields import read_json, write_json


class Migration(migrations.Migration):
    dependencies = [("store", "m0009_desk")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Transcript",
            fields=[
                ("transcript_id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=36)),
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
                ("entry_id", fields.CharField(max_length=36)),
                ("media_id", fields.CharField(max_length=36)),
                ("kind", fields.CharField(max_length=16)),
                ("state", fields.CharField(max_length=16)),
                ("attempt", fields.IntField(default=0)),
                ("priority", fields.IntField(default=0)),
                ("instance", fields.CharField(default="", max_length=64)),
                ("language", fields.CharField(default="", max_length=35)),
                ("queue_id", fields.CharField(null=True, max_length=64)),
                ("user_id", fields.CharField(null=True, max_length=36)),
                ("dialled", fields.CharField(default="", max_length=255)),
                ("model", fields.CharField(default="", max_length=255)),
                ("ends", fields.JSONField(default=list, encoder=write_json, decoder=read_json)),
                ("length_s", fields.FloatField(default=0.0)),
                ("spent_s", fields.FloatField(default=0.0)),
                ("code", fields.CharField(default="", max_length=255)),
                ("reason", fields.TextField(default="", unique=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("ended_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "transcript",
                "indexes": [
                    Index(fields=["state", "priority", "transcript_id"]),
                    Index(fields=["media_id"]),
                    Index(fields=["conversation_id"]),
                    Index(fields=["ended_at"]),
                ],
                "pk_attr": "transcript_id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Utterance",
            fields=[
                ("utterance_id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=36)),
                (
                    "transcript",
                    fields.ForeignKeyField(
                        "store.Transcript",
                        source_field="transcript_id",
                        db_constraint=True,
                        to_field="transcript_id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("channel", fields.IntField()),
                ("start_ms", fields.IntField()),
                ("end_ms", fields.IntField()),
                ("text", fields.TextField(default="", unique=False)),
                ("words", fields.JSONField(default=list, encoder=write_json, decoder=read_json)),
                ("confidence", fields.FloatField(default=1.0)),
                ("corrected", fields.TextField(null=True, unique=False)),
                ("corrected_by", fields.CharField(null=True, max_length=36)),
                ("corrected_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "utterance",
                "indexes": [Index(fields=["transcript_id", "start_ms"]), Index(fields=["corrected_at"])],
                "pk_attr": "utterance_id",
            },
            bases=["Model"],
        ),
    ]
