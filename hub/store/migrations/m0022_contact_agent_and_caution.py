"""Contact agent and caution."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("store", "m0021_browser_phones")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Contact",
            name="agent_id",
            field=fields.CharField(null=True, max_length=36),
        ),
        ops.AddField(
            model_name="Contact",
            name="caution",
            field=fields.CharField(default="", db_default="", max_length=255),
        ),
        ops.AddField(
            model_name="Contact",
            name="caution_until",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
    ]
