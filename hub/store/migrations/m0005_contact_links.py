"""Contact links."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("store", "m0004_calls")]

    initial = False

    operations = [
        ops.CreateModel(
            name="LinkSuggestion",
            fields=[
                ("suggestion_id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=36)),
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
                ("other_id", fields.CharField(max_length=36)),
                ("uri", fields.CharField(max_length=512)),
                ("source", fields.CharField(max_length=16)),
                ("is_dismissed", fields.BooleanField(default=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "link_suggestion",
                "unique_together": (("contact_id", "other_id"),),
                "indexes": [Index(fields=["other_id"])],
                "pk_attr": "suggestion_id",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Contact",
            name="customer_id",
            field=fields.CharField(default="", db_default="", max_length=255),
        ),
        ops.AddIndex(
            model_name="Contact",
            index=Index(fields=["customer_id"]),
        ),
    ]
