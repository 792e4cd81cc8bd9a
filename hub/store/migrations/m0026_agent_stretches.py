"""Agent stretches."""

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("store", "m0025_recording_copies")]

    initial = False

    operations = [
        ops.CreateModel(
            name="AgentStretch",
            fields=[
                ("stretch_id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=36)),
                ("agent_id", fields.CharField(max_length=36)),
                ("activity", fields.CharField(max_length=16)),
                ("reason", fields.CharField(default="", max_length=64)),
                ("work_mode", fields.CharField(default="normal", max_length=16)),
                ("begun_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("seen_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("ended_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "agent_stretch",
                "indexes": [Index(fields=["agent_id", "ended_at"]), Index(fields=["ended_at", "begun_at"])],
                "pk_attr": "stretch_id",
            },
            bases=["Model"],
        ),
    ]
