"""A parent that was widened and its child: what migrations must not harm."""

from typing import Any

from tortoise import fields
from tortoise.models import Model


class Parent(Model):
    parent_id = fields.CharField(max_length=36, primary_key=True)
    name = fields.CharField(max_length=200)
    region = fields.CharField(max_length=20)
    rank = fields.IntField(db_default=0, db_index=True)

    class Meta:
        app = "store"
        table = "parent"
        unique_together = (("name", "region"),)
        indexes = (("region",),)


class Child(Model):
    child_id = fields.CharField(max_length=36, primary_key=True)
    parent: Any = fields.ForeignKeyField("store.Parent", related_name=False, on_delete=fields.OnDelete.CASCADE)
    text = fields.TextField()

    class Meta:
        app = "store"
        table = "child"
        indexes = (("parent_id",),)
