"""Calls between colleagues."""

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from hub.store.fields import read_json, write_json


class Migration(migrations.Migration):
    dependencies = [("store", "m0016_call_visits_and_recording")]

    initial = False

    operations = [
        ops.CreateModel(
            name="InternalCall",
            fields=[
                ("call_id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ("instance", fields.CharField(max_length=64)),
                ("caller_id", fields.CharField(max_length=36)),
                ("callee_id", fields.CharField(null=True, max_length=36)),
                ("revision", fields.IntField(default=0)),
                ("legs", fields.JSONField(default=list, encoder=write_json, decoder=read_json)),
                ("arrived_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("talked_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("ended_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("cause", fields.CharField(default="", max_length=16)),
            ],
            options={
                "table": "internal_call",
                "indexes": [Index(fields=["instance", "ended_at"]), Index(fields=["caller_id", "arrived_at"])],
                "pk_attr": "call_id",
            },
            bases=["Model"],
        ),
    ]
