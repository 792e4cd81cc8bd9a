"""Routing history."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from hub.store.fields import read_json, write_json


class Migration(migrations.Migration):
    dependencies = [("store", "m0017_internal_calls")]

    initial = False

    operations = [
        ops.AddField(
            model_name="WorkItem",
            name="moves",
            field=fields.JSONField(null=True, encoder=write_json, decoder=read_json),
        ),
    ]
