"""Phone choice."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("store", "m0014_quality")]

    initial = False

    operations = [
        ops.AddField(
            model_name="User",
            name="phone_kind",
            field=fields.CharField(default="", db_default="", max_length=8),
        ),
    ]
