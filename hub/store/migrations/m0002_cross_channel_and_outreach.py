"""Cross channel and outreach."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from hub.store.fields import read_json, write_json


class Migration(migrations.Migration):
    dependencies = [("store", "m0001_initial")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Campaign",
            fields=[
                ("campaign_id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=36)),
                ("title", fields.CharField(max_length=255)),
                ("instance", fields.CharField(max_length=64)),
                ("channel", fields.CharField(max_length=64)),
                ("template_id", fields.CharField(null=True, max_length=36)),
                ("subject", fields.CharField(default="", max_length=255)),
                ("text", fields.TextField(unique=False)),
                ("audience", fields.JSONField(default=dict, encoder=write_json, decoder=read_json)),
                ("faults", fields.JSONField(default=list, encoder=write_json, decoder=read_json)),
                ("state", fields.CharField(max_length=16)),
                ("per_minute", fields.IntField(default=0)),
                ("is_prepared", fields.BooleanField(default=False)),
                ("cursor", fields.CharField(default="", max_length=64)),
                ("start_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("started_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("ended_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("author", fields.CharField(default="", max_length=255)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "campaign",
                "indexes": [Index(fields=["state"]), Index(fields=["created_at"])],
                "pk_attr": "campaign_id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="CampaignRecipient",
            fields=[
                ("recipient_id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=36)),
                (
                    "campaign",
                    fields.ForeignKeyField(
                        "store.Campaign",
                        source_field="campaign_id",
                        db_constraint=True,
                        to_field="campaign_id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("position", fields.IntField()),
                ("uri", fields.CharField(max_length=512)),
                ("contact_id", fields.CharField(null=True, max_length=36)),
                ("params", fields.JSONField(default=dict, encoder=write_json, decoder=read_json)),
                ("state", fields.CharField(default="pending", max_length=16)),
                ("code", fields.CharField(default="", max_length=255)),
                ("external_id", fields.CharField(default="", max_length=512)),
                ("ordered_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("changed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "campaign_recipient",
                "indexes": [Index(fields=["campaign_id", "state", "position"]), Index(fields=["contact_id"])],
                "pk_attr": "recipient_id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ContactMerge",
            fields=[
                ("merge_id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=36)),
                ("kept_id", fields.CharField(max_length=36)),
                ("merged_id", fields.CharField(max_length=36)),
                ("moved", fields.JSONField(default=dict, encoder=write_json, decoder=read_json)),
                ("rule", fields.CharField(default="", max_length=32)),
                ("made_by", fields.CharField(default="", max_length=255)),
                ("made_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("undone_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "contact_merge",
                "indexes": [Index(fields=["kept_id"]), Index(fields=["merged_id"])],
                "pk_attr": "merge_id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="DoNotContact",
            fields=[
                ("uri", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=512)),
                ("reason", fields.CharField(default="", max_length=255)),
                ("source", fields.CharField(max_length=16)),
                ("made_by", fields.CharField(default="", max_length=255)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={"table": "do_not_contact", "indexes": [Index(fields=["created_at"])], "pk_attr": "uri"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Template",
            fields=[
                ("template_id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=36)),
                ("kind_id", fields.CharField(max_length=64)),
                ("title", fields.CharField(max_length=255)),
                ("shortcut", fields.CharField(default="", max_length=64)),
                ("channels", fields.JSONField(default=list, encoder=write_json, decoder=read_json)),
                ("subject", fields.CharField(default="", max_length=255)),
                ("text", fields.TextField(unique=False)),
                ("external_id", fields.CharField(default="", max_length=255)),
                ("approval", fields.CharField(default="draft", max_length=16)),
                ("approval_note", fields.TextField(default="", unique=False)),
                ("is_active", fields.BooleanField(default=True)),
                ("author", fields.CharField(default="", max_length=255)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("changed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={"table": "template", "indexes": [Index(fields=["kind_id", "title"])], "pk_attr": "template_id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="TemplateKind",
            fields=[
                ("kind_id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ("title", fields.JSONField(default=dict, encoder=write_json, decoder=read_json)),
                ("is_reply", fields.BooleanField(default=False)),
                ("needs_approval", fields.BooleanField(default=False)),
                ("position", fields.IntField(default=0)),
                ("is_active", fields.BooleanField(default=True)),
            ],
            options={"table": "template_kind", "pk_attr": "kind_id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Topic",
            fields=[
                ("topic_id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ("title", fields.JSONField(default=dict, encoder=write_json, decoder=read_json)),
                ("keywords", fields.JSONField(default=list, encoder=write_json, decoder=read_json)),
                ("is_active", fields.BooleanField(default=True)),
            ],
            options={"table": "topic", "pk_attr": "topic_id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Subscription",
            fields=[
                ("subscription_id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=36)),
                (
                    "topic",
                    fields.ForeignKeyField(
                        "store.Topic",
                        source_field="topic_id",
                        db_constraint=True,
                        to_field="topic_id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
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
                ("uri", fields.CharField(max_length=512)),
                ("source", fields.CharField(max_length=16)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "subscription",
                "unique_together": (("topic_id", "uri"),),
                "indexes": [Index(fields=["contact_id"]), Index(fields=["uri"])],
                "pk_attr": "subscription_id",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Address",
            name="is_preferred",
            field=fields.BooleanField(default=False, db_default=False),
        ),
        ops.AddField(
            model_name="Address",
            name="source",
            field=fields.CharField(default="contact", db_default="contact", max_length=16),
        ),
        ops.AddField(
            model_name="Contact",
            name="merged_into",
            field=fields.CharField(null=True, max_length=36),
        ),
        ops.AddField(
            model_name="Conversation",
            name="reply_address",
            field=fields.CharField(default="", db_default="", max_length=512),
        ),
        ops.AddField(
            model_name="Conversation",
            name="reply_instance",
            field=fields.CharField(default="", db_default="", max_length=64),
        ),
    ]
