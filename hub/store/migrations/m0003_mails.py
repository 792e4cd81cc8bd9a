"""Mails."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from hub.store.fields import read_json, write_json


class Migration(migrations.Migration):
    dependencies = [("store", "m0002_cross_channel_and_outreach")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Conversation",
            name="mail",
            field=fields.JSONField(null=True, encoder=write_json, decoder=read_json),
        ),
        ops.AddField(
            model_name="Entry",
            name="mail",
            field=fields.JSONField(null=True, encoder=write_json, decoder=read_json),
        ),
    ]
