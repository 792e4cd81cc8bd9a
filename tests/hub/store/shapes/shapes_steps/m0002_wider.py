"""Widens the parent's name, adds its rank."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("store", "m0001_initial")]
    initial = False

    operations = [
        ops.AlterField(model_name="Parent", name="name", field=fields.CharField(max_length=200)),
        ops.AddField(model_name="Parent", name="rank", field=fields.IntField(db_default=0, db_index=True)),
    ]
