"""Flow archive."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("store", "m0012_calls_out")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Flow",
            name="is_archived",
            field=fields.BooleanField(default=False, db_default=False),
        ),
    ]
