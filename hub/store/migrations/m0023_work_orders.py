"""Work orders."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from hub.store.fields import read_json, write_json


class Migration(migrations.Migration):
    dependencies = [("store", "m0022_contact_agent_and_caution")]

    initial = False

    operations = [
        ops.CreateModel(
            name="WorkOrder",
            fields=[
                ("order_id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=36)),
                ("number", fields.CharField(unique=True, max_length=16)),
                ("day", fields.CharField(max_length=8)),
                ("serial", fields.IntField()),
                ("version", fields.IntField(default=1)),
                ("kind", fields.CharField(max_length=16)),
                ("state", fields.CharField(max_length=16)),
                ("name", fields.CharField(max_length=255)),
                ("address", fields.CharField(max_length=255)),
                ("contact_details", fields.CharField(max_length=255)),
                ("content", fields.TextField(unique=False)),
                ("department_id", fields.CharField(default="", max_length=64)),
                (
                    "contact",
                    fields.ForeignKeyField(
                        "store.Contact",
                        source_field="contact_id",
                        db_constraint=True,
                        to_field="contact_id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "conversation",
                    fields.ForeignKeyField(
                        "store.Conversation",
                        source_field="conversation_id",
                        null=True,
                        db_constraint=True,
                        to_field="conversation_id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("created_by", fields.CharField(max_length=36)),
                ("creator_name", fields.CharField(default="", max_length=255)),
                ("client_id", fields.CharField(max_length=64)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("begun_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("due_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("warn_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("answer", fields.TextField(default="", unique=False)),
                ("answered_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("outcome", fields.CharField(null=True, max_length=64)),
                ("closed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("urged", fields.IntField(default=0)),
                ("reopened", fields.IntField(default=0)),
            ],
            options={
                "table": "work_order",
                "unique_together": (("day", "serial"), ("created_by", "client_id")),
                "indexes": [
                    Index(fields=["contact_id"]),
                    Index(fields=["conversation_id"]),
                    Index(fields=["department_id", "state"]),
                    Index(fields=["state", "due_at"]),
                    Index(fields=["warn_at"]),
                ],
                "pk_attr": "order_id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="WorkOrderStep",
            fields=[
                ("step_id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=36)),
                (
                    "order",
                    fields.ForeignKeyField(
                        "store.WorkOrder",
                        source_field="order_id",
                        db_constraint=True,
                        to_field="order_id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("version", fields.IntField()),
                ("kind", fields.CharField(max_length=16)),
                ("by_id", fields.CharField(max_length=36)),
                ("by_name", fields.CharField(default="", max_length=255)),
                ("text", fields.TextField(default="", unique=False)),
                ("edited", fields.JSONField(default=list, encoder=write_json, decoder=read_json)),
                ("department_id", fields.CharField(default="", max_length=64)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={"table": "work_order_step", "indexes": [Index(fields=["order_id"])], "pk_attr": "step_id"},
            bases=["Model"],
        ),
    ]
