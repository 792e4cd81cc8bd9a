"""Report indexes."""

from tortoise import migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("store", "m0026_agent_stretches")]

    initial = False

    operations = [
        ops.AddIndex(
            model_name="ArticleUse",
            index=Index(fields=["at"]),
        ),
        ops.AddIndex(
            model_name="Conversation",
            index=Index(fields=["opened_at"]),
        ),
        ops.AddIndex(
            model_name="WorkItem",
            index=Index(fields=["enqueued_at"]),
        ),
    ]
