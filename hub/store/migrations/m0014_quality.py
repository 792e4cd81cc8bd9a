"""Service rules, what is found by them, and scoring by reviewers."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from hub.store.fields import read_json, write_json


class Migration(migrations.Migration):
    dependencies = [("store", "m0013_flow_archive")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Definition",
            fields=[
                ("definition_id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=36)),
                ("kind", fields.CharField(max_length=16)),
                ("object_id", fields.CharField(max_length=64)),
                ("version", fields.IntField()),
                ("definition", fields.JSONField(default=dict, encoder=write_json, decoder=read_json)),
                ("author", fields.CharField(default="", max_length=255)),
                ("changed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "definition",
                "unique_together": (("kind", "object_id", "version"),),
                "pk_attr": "definition_id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="QualityCase",
            fields=[
                ("case_id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=36)),
                ("conversation_id", fields.CharField(max_length=36)),
                ("agent_id", fields.CharField(max_length=36)),
                ("queue_id", fields.CharField(null=True, max_length=64)),
                ("channel", fields.CharField(max_length=64)),
                ("plan_id", fields.CharField(default="", max_length=64)),
                ("day", fields.CharField(max_length=10)),
                ("reasons", fields.JSONField(default=list, encoder=write_json, decoder=read_json)),
                ("sheet_id", fields.CharField(max_length=64)),
                ("sheet_version", fields.IntField()),
                ("state", fields.CharField(max_length=16)),
                ("answers", fields.JSONField(default=dict, encoder=write_json, decoder=read_json)),
                ("score", fields.FloatField(null=True)),
                ("is_fatal", fields.BooleanField(default=False)),
                ("is_passed", fields.BooleanField(default=False)),
                ("remark", fields.TextField(default="", unique=False)),
                ("ended_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("scored_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "quality_case",
                "unique_together": (("plan_id", "conversation_id"),),
                "indexes": [
                    Index(fields=["agent_id", "ended_at"]),
                    Index(fields=["ended_at"]),
                    Index(fields=["state"]),
                    Index(fields=["conversation_id"]),
                ],
                "pk_attr": "case_id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Appeal",
            fields=[
                ("appeal_id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=36)),
                (
                    "case",
                    fields.ForeignKeyField(
                        "store.QualityCase",
                        source_field="case_id",
                        db_constraint=True,
                        to_field="case_id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("agent_id", fields.CharField(max_length=36)),
                ("reason", fields.TextField(unique=False)),
                ("state", fields.CharField(max_length=16)),
                ("decided_by", fields.CharField(null=True, max_length=36)),
                ("decision", fields.TextField(default="", unique=False)),
                ("score_before", fields.FloatField(null=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("decided_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "appeal",
                "indexes": [Index(fields=["case_id"]), Index(fields=["state"]), Index(fields=["agent_id"])],
                "pk_attr": "appeal_id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Review",
            fields=[
                ("review_id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=36)),
                (
                    "case",
                    fields.ForeignKeyField(
                        "store.QualityCase",
                        source_field="case_id",
                        db_constraint=True,
                        to_field="case_id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("reviewer_id", fields.CharField(max_length=36)),
                ("state", fields.CharField(max_length=16)),
                ("answers", fields.JSONField(default=dict, encoder=write_json, decoder=read_json)),
                ("remark", fields.TextField(default="", unique=False)),
                ("score", fields.FloatField(null=True)),
                ("is_fatal", fields.BooleanField(default=False)),
                ("saved_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("submitted_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "review",
                "indexes": [Index(fields=["case_id"]), Index(fields=["reviewer_id", "state"])],
                "pk_attr": "review_id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RuleCheck",
            fields=[
                ("conversation_id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=36)),
                ("agent_id", fields.CharField(max_length=36)),
                ("queue_id", fields.CharField(null=True, max_length=64)),
                ("channel", fields.CharField(max_length=64)),
                ("ended_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("due_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "rule_check",
                "indexes": [Index(fields=["due_at"]), Index(fields=["ended_at"])],
                "pk_attr": "conversation_id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RuleFinding",
            fields=[
                ("finding_id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=36)),
                ("conversation_id", fields.CharField(max_length=36)),
                ("rule_id", fields.CharField(max_length=64)),
                ("version", fields.IntField()),
                ("measure", fields.CharField(max_length=32)),
                ("severity", fields.CharField(max_length=8)),
                ("speaker", fields.CharField(max_length=8)),
                ("agent_id", fields.CharField(max_length=36)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("entry_id", fields.CharField(max_length=36)),
                ("utterance_id", fields.CharField(max_length=36)),
                ("offset_s", fields.FloatField(null=True)),
                ("quote", fields.TextField(default="", unique=False)),
                ("value", fields.FloatField(null=True)),
                ("limit", fields.FloatField(null=True)),
            ],
            options={
                "table": "rule_finding",
                "indexes": [Index(fields=["conversation_id"]), Index(fields=["at"]), Index(fields=["agent_id", "at"])],
                "pk_attr": "finding_id",
            },
            bases=["Model"],
        ),
    ]
