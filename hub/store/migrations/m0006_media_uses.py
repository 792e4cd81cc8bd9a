"""Media uses: which conversations a file stands in, found for what was exchanged before."""

from typing import Any

import msgspec
from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from core.ids import new_id


async def find_uses(_: Any, editor: Any) -> None:
    """Note the files of every entry there is."""
    rows = await editor.client.execute_query_dict(
        "SELECT conversation_id, instance, attachments FROM entry WHERE CAST(attachments AS TEXT) <> '[]'"
    )
    marks = "?, ?, ?, ?" if editor.client.capabilities.dialect == "sqlite" else "$1, $2, $3, $4"
    for row in rows:
        files = row["attachments"]
        for file in msgspec.json.decode(files) if isinstance(files, str) else files:
            await editor.client.execute_query(
                f"INSERT INTO media_use (use_id, media_id, conversation_id, instance) VALUES ({marks})",  # noqa: S608
                [new_id(), file["media_id"], row["conversation_id"], row["instance"]],
            )


class Migration(migrations.Migration):
    dependencies = [("store", "m0005_contact_links")]

    initial = False

    operations = [
        ops.CreateModel(
            name="MediaUse",
            fields=[
                ("use_id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=36)),
                ("media_id", fields.CharField(max_length=36)),
                ("conversation_id", fields.CharField(max_length=36)),
                ("instance", fields.CharField(default="", max_length=64)),
            ],
            options={
                "table": "media_use",
                "indexes": [Index(fields=["media_id"]), Index(fields=["conversation_id"])],
                "pk_attr": "use_id",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Media",
            name="uploader_id",
            field=fields.CharField(null=True, max_length=36),
        ),
        ops.RunPython(find_uses),
    ]
