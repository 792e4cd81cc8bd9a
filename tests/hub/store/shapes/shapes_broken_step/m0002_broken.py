"""Widens the parent's name, then adds a column that filled tables cannot take: NOT NULL without a default."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("store", "m0001_initial")]
    initial = False

    operations = [
        ops.AlterField(model_name="Parent", name="name", field=fields.CharField(max_length=200)),
        ops.AddField(model_name="Parent", name="rank", field=fields.IntField(default=0)),
    ]
