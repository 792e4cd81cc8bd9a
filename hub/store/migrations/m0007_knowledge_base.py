"""Knowledge base."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from hub.store.fields import read_json, write_json


class Migration(migrations.Migration):
    dependencies = [("store", "m0006_media_uses")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Article",
            fields=[
                ("article_id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=36)),
                ("state", fields.CharField(max_length=16)),
                ("newest_version", fields.IntField()),
                ("published_version", fields.IntField(null=True)),
                ("title", fields.CharField(max_length=255)),
                ("kind", fields.CharField(max_length=16)),
                ("category_id", fields.CharField(default="", max_length=64)),
                ("code", fields.CharField(default="", max_length=64)),
                ("region", fields.CharField(default="", max_length=64)),
                ("level", fields.CharField(max_length=16)),
                ("owner", fields.CharField(default="", max_length=255)),
                ("valid_from", fields.DateField(null=True)),
                ("valid_to", fields.DateField(null=True)),
                ("variant_of", fields.CharField(null=True, max_length=36)),
                ("opened", fields.IntField(default=0)),
                ("accepted", fields.IntField(default=0)),
                ("ignored", fields.IntField(default=0)),
                ("helpful", fields.IntField(default=0)),
                ("unhelpful", fields.IntField(default=0)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "article",
                "indexes": [
                    Index(fields=["state", "updated_at"]),
                    Index(fields=["category_id"]),
                    Index(fields=["code"]),
                    Index(fields=["variant_of"]),
                    Index(fields=["valid_to"]),
                ],
                "pk_attr": "article_id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ArticleComment",
            fields=[
                ("comment_id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=36)),
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
                ("version", fields.IntField()),
                ("kind", fields.CharField(max_length=16)),
                ("text", fields.TextField(unique=False)),
                ("author_name", fields.CharField(default="", max_length=255)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("resolved_by", fields.CharField(default="", max_length=255)),
                ("resolved_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "article_comment",
                "indexes": [Index(fields=["article_id"]), Index(fields=["resolved_at"])],
                "pk_attr": "comment_id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ArticleUse",
            fields=[
                ("use_id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=36)),
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
                ("action", fields.CharField(max_length=16)),
                ("conversation_id", fields.CharField(null=True, max_length=36)),
                ("agent_id", fields.CharField(null=True, max_length=36)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "article_use",
                "indexes": [Index(fields=["article_id", "at"]), Index(fields=["conversation_id"])],
                "pk_attr": "use_id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ArticleVersion",
            fields=[
                ("article_version_id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=36)),
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
                ("version", fields.IntField()),
                ("content", fields.JSONField(default=dict, encoder=write_json, decoder=read_json)),
                ("note", fields.TextField(default="", unique=False)),
                ("author_name", fields.CharField(default="", max_length=255)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("publisher_name", fields.CharField(default="", max_length=255)),
                ("published_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "article_version",
                "unique_together": (("article_id", "version"),),
                "pk_attr": "article_version_id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Category",
            fields=[
                ("category_id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ("parent_id", fields.CharField(null=True, max_length=64)),
                ("title", fields.JSONField(default=dict, encoder=write_json, decoder=read_json)),
                ("position", fields.IntField(default=0)),
            ],
            options={"table": "category", "indexes": [Index(fields=["parent_id"])], "pk_attr": "category_id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Unanswered",
            fields=[
                ("unanswered_id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=36)),
                ("question", fields.CharField(max_length=255)),
                ("squeezed", fields.CharField(unique=True, max_length=255)),
                ("source", fields.CharField(max_length=16)),
                ("asked", fields.IntField(default=1)),
                ("first_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("last_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("closed_by", fields.CharField(default="", max_length=255)),
                ("closed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "unanswered",
                "indexes": [Index(fields=["closed_at", "asked"])],
                "pk_attr": "unanswered_id",
            },
            bases=["Model"],
        ),
    ]
