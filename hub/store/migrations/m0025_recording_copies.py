"""Recording copies."""

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("store", "m0024_expert_questions")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Recording",
            name="copied_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddIndex(
            model_name="Recording",
            index=Index(fields=["copied_at"]),
        ),
    ]
