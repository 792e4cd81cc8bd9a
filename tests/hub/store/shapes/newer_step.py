"""Widens columns of tables that others refer to, and adds columns to filled ones."""

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("store", "the_last_before")]
    initial = False

    operations = [
        ops.AlterField(model_name="Contact", name="name", field=fields.CharField(default="", max_length=400)),
        ops.AlterField(model_name="Conversation", name="channel", field=fields.CharField(max_length=80)),
        ops.AlterField(model_name="User", name="display_name", field=fields.CharField(default="", max_length=400)),
        ops.AlterField(model_name="Draft", name="agent_id", field=fields.CharField(max_length=40)),
        ops.AlterField(model_name="Entry", name="author_name", field=fields.CharField(default="", max_length=400)),
        ops.AddField(model_name="Entry", name="weight", field=fields.IntField(db_default=7)),
        ops.AddField(model_name="Conversation", name="nickname", field=fields.TextField(null=True)),
        ops.AddIndex(model_name="Entry", index=Index(fields=["weight"])),
    ]
