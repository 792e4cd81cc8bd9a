"""Recording decisions."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("store", "m0015_phone_choice")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Call",
            name="is_recorded",
            field=fields.BooleanField(null=True),
        ),
    ]
