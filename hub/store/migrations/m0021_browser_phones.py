"""Browser phones."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("store", "m0020_article_files")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Phone",
            name="session_id",
            field=fields.CharField(default="", db_default="", max_length=255),
        ),
    ]
