"""Browser phones."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("store", "m0019_desk_forms_and_groups")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Phone",
            name="session_id",
            field=fields.CharField(default="", db_default="", max_length=255),
        ),
    ]
