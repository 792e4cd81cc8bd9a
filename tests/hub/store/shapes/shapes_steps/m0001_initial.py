"""A narrow parent without rank, and its child."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="Parent",
            fields=[
                ("parent_id", fields.CharField(primary_key=True, max_length=36)),
                ("name", fields.CharField(max_length=100)),
                ("region", fields.CharField(max_length=20)),
            ],
            options={
                "table": "parent",
                "unique_together": (("name", "region"),),
                "indexes": [Index(fields=["region"])],
                "pk_attr": "parent_id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Child",
            fields=[
                ("child_id", fields.CharField(primary_key=True, max_length=36)),
                (
                    "parent",
                    fields.ForeignKeyField(
                        "store.Parent", source_field="parent_id", related_name=False, on_delete=OnDelete.CASCADE
                    ),
                ),
                ("text", fields.TextField()),
            ],
            options={"table": "child", "indexes": [Index(fields=["parent_id"])], "pk_attr": "child_id"},
            bases=["Model"],
        ),
    ]
