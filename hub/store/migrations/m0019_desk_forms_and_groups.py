"""Desk forms and groups."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from hub.store.fields import read_json, write_json


class Migration(migrations.Migration):
    dependencies = [("store", "m0018_routing_history")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Conversation",
            name="form",
            field=fields.JSONField(null=True, encoder=write_json, decoder=read_json),
        ),
        ops.AddField(
            model_name="User",
            name="department_id",
            field=fields.CharField(default="", db_default="", max_length=64),
        ),
        ops.AddField(
            model_name="User",
            name="group_ids",
            field=fields.JSONField(null=True, encoder=write_json, decoder=read_json),
        ),
        ops.AddField(
            model_name="User",
            name="own_queue_ids",
            field=fields.JSONField(null=True, encoder=write_json, decoder=read_json),
        ),
        ops.AddField(
            model_name="User",
            name="own_skills",
            field=fields.JSONField(null=True, encoder=write_json, decoder=read_json),
        ),
        ops.DeleteModel(name="Skill"),
    ]
