"""Expert questions."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("store", "m0023_work_orders")]

    initial = False

    operations = [
        ops.CreateModel(
            name="ExpertQuestion",
            fields=[
                ("question_id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=36)),
                ("question", fields.CharField(max_length=255)),
                ("squeezed", fields.CharField(max_length=255)),
                ("details", fields.TextField(default="", unique=False)),
                ("department_id", fields.CharField(default="", db_default="", max_length=64)),
                ("state", fields.CharField(max_length=16)),
                ("answer", fields.TextField(default="", unique=False)),
                ("article_id", fields.CharField(null=True, max_length=36)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("ended_by", fields.CharField(default="", max_length=255)),
                ("ended_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "expert_question",
                "indexes": [Index(fields=["state", "question_id"]), Index(fields=["squeezed"])],
                "pk_attr": "question_id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ExpertAsker",
            fields=[
                ("asker_id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=36)),
                (
                    "question",
                    fields.ForeignKeyField(
                        "store.ExpertQuestion",
                        source_field="question_id",
                        db_constraint=True,
                        to_field="question_id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("user_id", fields.CharField(max_length=36)),
                ("user_name", fields.CharField(default="", max_length=255)),
                ("conversation_id", fields.CharField(null=True, max_length=36)),
                ("asked_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "expert_asker",
                "indexes": [Index(fields=["question_id"]), Index(fields=["conversation_id"])],
                "pk_attr": "asker_id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ExpertOpinion",
            fields=[
                ("opinion_id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=36)),
                (
                    "question",
                    fields.ForeignKeyField(
                        "store.ExpertQuestion",
                        source_field="question_id",
                        db_constraint=True,
                        to_field="question_id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("author_name", fields.CharField(default="", max_length=255)),
                ("text", fields.TextField(unique=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={"table": "expert_opinion", "indexes": [Index(fields=["question_id"])], "pk_attr": "opinion_id"},
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Article",
            name="expiry_told",
            field=fields.DateField(null=True),
        ),
    ]
