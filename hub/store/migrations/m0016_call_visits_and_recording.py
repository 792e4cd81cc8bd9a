"""Call visits and recording."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from hub.store.fields import read_json, write_json


class Migration(migrations.Migration):
    dependencies = [("store", "m0015_phone_choice")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Call",
            name="is_recorded",
            field=fields.BooleanField(null=True),
        ),
        ops.AddField(
            model_name="Call",
            name="keys",
            field=fields.CharField(default="", db_default="", max_length=255),
        ),
        ops.AddField(
            model_name="Call",
            name="visit",
            field=fields.JSONField(null=True, encoder=write_json, decoder=read_json),
        ),
    ]
