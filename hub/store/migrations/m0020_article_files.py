"""Article files."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("store", "m0019_desk_forms_and_groups")]

    initial = False

    operations = [
        ops.CreateModel(
            name="FileText",
            fields=[
                ("file_id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=36)),
                (
                    "article",
                    fields.ForeignKeyField(
                        "store.Article",
                        source_field="article_id",
                        db_constraint=True,
                        to_field="article_id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("media_id", fields.CharField(max_length=36)),
                ("name", fields.CharField(default="", max_length=255)),
                ("state", fields.CharField(max_length=16)),
                ("problem", fields.CharField(default="", max_length=32)),
                ("text", fields.TextField(default="", unique=False)),
            ],
            options={
                "table": "file_text",
                "unique_together": (("article_id", "media_id"),),
                "indexes": [Index(fields=["state"])],
                "pk_attr": "file_id",
            },
            bases=["Model"],
        ),
    ]
