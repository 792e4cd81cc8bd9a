"""Wrap up code tree."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("store", "m0007_knowledge_base")]

    initial = False

    operations = [
        ops.AddField(
            model_name="WrapUpCode",
            name="parent",
            field=fields.CharField(null=True, max_length=64),
        ),
    ]
