"""Recognized text."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("store", "m0010_transcripts")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Utterance",
            name="recognized",
            field=fields.TextField(null=True, unique=False),
        ),
    ]
