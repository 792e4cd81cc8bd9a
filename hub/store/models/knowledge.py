"""The knowledge base: a tree of categories, articles with their versions, and what readers say and do."""

from datetime import date, datetime
from typing import Any

from tortoise import fields
from tortoise.models import Model

from hub.store.fields import NAME_LENGTH, SLUG_LENGTH, id_field, json_field, slug_field


class Category(Model):
    """A place in the tree; ``title`` by language."""

    category_id: str = slug_field(is_key=True)
    parent_id: str | None = slug_field(null=True)
    title: dict[str, str] = json_field(dict)
    position = fields.IntField(default=0)

    class Meta:
        app = "store"
        table = "category"
        indexes = (("parent_id",),)


class Article(Model):
    """One entry: what lists show and filter by, taken from the published version, or the newest where there is none.

    ``variant_of`` names the article that holds for everybody, of which this is a region's or level's own.
    """

    article_id: str = id_field(is_key=True)
    state = fields.CharField(max_length=16)  # draft, in_review, published, retired
    newest_version = fields.IntField()
    published_version = fields.IntField(null=True)
    title = fields.CharField(max_length=NAME_LENGTH)
    kind = fields.CharField(max_length=16)
    category_id: str = slug_field(default="")
    code = fields.CharField(max_length=SLUG_LENGTH, default="")
    region = fields.CharField(max_length=SLUG_LENGTH, default="")
    level = fields.CharField(max_length=16)
    owner = fields.CharField(max_length=NAME_LENGTH, default="")
    valid_from: date | None = fields.DateField(null=True)
    valid_to: date | None = fields.DateField(null=True)
    variant_of: str | None = id_field(null=True)
    opened = fields.IntField(default=0)
    accepted = fields.IntField(default=0)
    ignored = fields.IntField(default=0)
    helpful = fields.IntField(default=0)
    unhelpful = fields.IntField(default=0)
    expiry_told: date | None = fields.DateField(null=True)  # the ``valid_to`` that editors were reminded of
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        app = "store"
        table = "article"
        indexes = (("state", "updated_at"), ("category_id",), ("code",), ("variant_of",), ("valid_to",))


class ArticleVersion(Model):
    """What an article said; ``content`` holds the fields of ``hub.knowledge.views.ArticleContent``."""

    article_version_id: str = id_field(is_key=True)
    article: Any = fields.ForeignKeyField("store.Article", related_name=False, on_delete=fields.OnDelete.RESTRICT)
    article_id: str
    version = fields.IntField()
    content: dict[str, Any] = json_field(dict)
    note = fields.TextField(default="")
    author_name = fields.CharField(max_length=NAME_LENGTH, default="")
    created_at = fields.DatetimeField()
    publisher_name = fields.CharField(max_length=NAME_LENGTH, default="")
    published_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        app = "store"
        table = "article_version"
        unique_together = (("article_id", "version"),)


class FileText(Model):
    """What stands in a file of a published article, as it is searched; ``problem`` says why nothing was read."""

    file_id: str = id_field(is_key=True)
    article: Any = fields.ForeignKeyField("store.Article", related_name=False, on_delete=fields.OnDelete.RESTRICT)
    article_id: str
    media_id: str = id_field()
    name = fields.CharField(max_length=NAME_LENGTH, default="")
    state = fields.CharField(max_length=16)  # waiting, read, failed
    problem = fields.CharField(max_length=32, default="")
    text = fields.TextField(default="")

    class Meta:
        app = "store"
        table = "file_text"
        unique_together = (("article_id", "media_id"),)
        indexes = (("state",),)


class ArticleComment(Model):
    """What a reader says of an article: a remark, or that something in it is wrong."""

    comment_id: str = id_field(is_key=True)
    article: Any = fields.ForeignKeyField("store.Article", related_name=False, on_delete=fields.OnDelete.RESTRICT)
    article_id: str
    version = fields.IntField()
    kind = fields.CharField(max_length=16)  # remark, error, returned
    text = fields.TextField()
    author_name = fields.CharField(max_length=NAME_LENGTH, default="")
    created_at = fields.DatetimeField()
    resolved_by = fields.CharField(max_length=NAME_LENGTH, default="")
    resolved_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        app = "store"
        table = "article_comment"
        indexes = (("article_id",), ("resolved_at",))


class ArticleUse(Model):
    """What an agent, or a flow, did with an article that was found or suggested."""

    use_id: str = id_field(is_key=True)
    article: Any = fields.ForeignKeyField("store.Article", related_name=False, on_delete=fields.OnDelete.RESTRICT)
    article_id: str
    action = fields.CharField(max_length=16)
    conversation_id: str | None = id_field(null=True)
    agent_id: str | None = id_field(null=True)
    at = fields.DatetimeField()

    class Meta:
        app = "store"
        table = "article_use"
        indexes = (("article_id", "at"), ("conversation_id",), ("at",))


class Unanswered(Model):
    """A question that nothing was found for; the same one again is counted."""

    unanswered_id: str = id_field(is_key=True)
    question = fields.CharField(max_length=NAME_LENGTH)
    squeezed = fields.CharField(max_length=NAME_LENGTH, unique=True)
    source = fields.CharField(max_length=16)  # agent, flow
    asked = fields.IntField(default=1)
    first_at = fields.DatetimeField()
    last_at = fields.DatetimeField()
    closed_by = fields.CharField(max_length=NAME_LENGTH, default="")
    closed_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        app = "store"
        table = "unanswered"
        indexes = (("closed_at", "asked"),)


class ExpertQuestion(Model):
    """A question that agents put to experts; once settled, ``answer`` is what everybody says."""

    question_id: str = id_field(is_key=True)
    question = fields.CharField(max_length=NAME_LENGTH)
    squeezed = fields.CharField(max_length=NAME_LENGTH)
    details = fields.TextField(default="")
    department_id: str = slug_field(default="", db_default="")  # whose experts are asked; empty: all
    state = fields.CharField(max_length=16)  # open, settled, declined
    answer = fields.TextField(default="")
    article_id: str | None = id_field(null=True)
    created_at = fields.DatetimeField()
    ended_by = fields.CharField(max_length=NAME_LENGTH, default="")
    ended_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        app = "store"
        table = "expert_question"
        indexes = (("state", "question_id"), ("squeezed",))


class ExpertAsker(Model):
    """An agent who waits for the answer to an expert question, perhaps in a conversation."""

    asker_id: str = id_field(is_key=True)
    question: Any = fields.ForeignKeyField(
        "store.ExpertQuestion", related_name=False, on_delete=fields.OnDelete.RESTRICT
    )
    question_id: str
    user_id: str = id_field()
    user_name = fields.CharField(max_length=NAME_LENGTH, default="")
    conversation_id: str | None = id_field(null=True)
    asked_at = fields.DatetimeField()

    class Meta:
        app = "store"
        table = "expert_asker"
        indexes = (("question_id",), ("conversation_id",))


class ExpertOpinion(Model):
    """What one expert says to a question, for the others to see."""

    opinion_id: str = id_field(is_key=True)
    question: Any = fields.ForeignKeyField(
        "store.ExpertQuestion", related_name=False, on_delete=fields.OnDelete.RESTRICT
    )
    question_id: str
    author_name = fields.CharField(max_length=NAME_LENGTH, default="")
    text = fields.TextField()
    created_at = fields.DatetimeField()

    class Meta:
        app = "store"
        table = "expert_opinion"
        indexes = (("question_id",),)
