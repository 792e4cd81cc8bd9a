"""Trunks."""

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("store", "m0027_report_indexes")]

    initial = False

    operations = [
        ops.CreateModel(
            name="TrunkChange",
            fields=[
                ("change_id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("instance", fields.CharField(max_length=64)),
                ("trunk", fields.CharField(max_length=255)),
                ("is_up", fields.BooleanField()),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "trunk_change",
                "indexes": [Index(fields=["instance", "trunk", "at"])],
                "pk_attr": "change_id",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="CallLeg",
            name="trunk",
            field=fields.CharField(default="", db_default="", max_length=255),
        ),
        ops.AddIndex(
            model_name="CallLeg",
            index=Index(fields=["started_at"]),
        ),
    ]
