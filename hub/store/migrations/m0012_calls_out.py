"""Calls out."""

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from hub.store.fields import read_json, write_json


class Migration(migrations.Migration):
    dependencies = [("store", "m0011_recognized_text")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Conversation",
            name="call_back",
            field=fields.JSONField(null=True, encoder=write_json, decoder=read_json),
        ),
        ops.AddField(
            model_name="Conversation",
            name="call_back_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddIndex(
            model_name="Conversation",
            index=Index(fields=["call_back_at"]),
        ),
        ops.AddField(
            model_name="WorkItem",
            name="is_begun",
            field=fields.BooleanField(default=False, db_default=False),
        ),
    ]
