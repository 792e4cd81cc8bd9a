"""How well people are served: what it is measured by, what was found, and how reviewers score it."""

from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.models import Model

from hub.store.fields import NAME_LENGTH, id_field, json_field, slug_field


class Definition(Model):
    """One version of what is defined (``hub.setup.definitions.Kind``); the highest is in force, none is changed."""

    definition_id: str = id_field(is_key=True)
    kind = fields.CharField(max_length=16)
    object_id: str = slug_field()
    version = fields.IntField()
    definition: dict[str, Any] = json_field(dict)
    author = fields.CharField(max_length=NAME_LENGTH, default="")
    changed_at = fields.DatetimeField()

    class Meta:
        app = "store"
        table = "definition"
        unique_together = (("kind", "object_id", "version"),)


class RuleCheck(Model):
    """A conversation that was served: to be checked at ``due_at``, or checked and of which agent it counts."""

    conversation_id: str = id_field(is_key=True)
    agent_id: str = id_field()
    queue_id: str | None = slug_field(null=True)
    channel: str = slug_field()
    ended_at = fields.DatetimeField()
    due_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        app = "store"
        table = "rule_check"
        indexes = (("due_at",), ("ended_at",))


class RuleFinding(Model):
    """A rule that was not kept in a conversation, as ``hub.service_rules.facts.Finding`` has it."""

    finding_id: str = id_field(is_key=True)
    conversation_id: str = id_field()
    rule_id: str = slug_field()
    version = fields.IntField()
    measure = fields.CharField(max_length=32)
    severity = fields.CharField(max_length=8)
    speaker = fields.CharField(max_length=8)
    agent_id: str = id_field()
    at = fields.DatetimeField()
    entry_id: str = id_field()
    utterance_id: str = id_field()
    offset_s: float | None = fields.FloatField(null=True)
    quote = fields.TextField(default="")
    value: float | None = fields.FloatField(null=True)
    limit: float | None = fields.FloatField(null=True)

    class Meta:
        app = "store"
        table = "rule_finding"
        indexes = (("conversation_id",), ("at",), ("agent_id", "at"))


class QualityCase(Model):
    """A conversation drawn for scoring; ``answers`` and ``score`` are the agreed result."""

    case_id: str = id_field(is_key=True)
    conversation_id: str = id_field()
    agent_id: str = id_field()
    queue_id: str | None = slug_field(null=True)
    channel: str = slug_field()
    plan_id: str = slug_field(default="")  # empty: drawn by hand
    day = fields.CharField(max_length=10)  # of the conversation, as the plan counts
    reasons: list[dict[str, Any]] = json_field(list)
    sheet_id: str = slug_field()
    sheet_version = fields.IntField()
    state = fields.CharField(max_length=16)  # open, differing, done, appealed
    answers: dict[str, Any] = json_field(dict)
    score: float | None = fields.FloatField(null=True)
    is_fatal = fields.BooleanField(default=False)
    is_passed = fields.BooleanField(default=False)
    remark = fields.TextField(default="")
    ended_at = fields.DatetimeField()  # the conversation
    created_at = fields.DatetimeField()
    scored_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        app = "store"
        table = "quality_case"
        unique_together = (("plan_id", "conversation_id"),)
        indexes = (("agent_id", "ended_at"), ("ended_at",), ("state",), ("conversation_id",))


class Review(Model):
    """One reviewer's scoring of a case; a case with two is scored twice, unseen by each other."""

    review_id: str = id_field(is_key=True)
    case: Any = fields.ForeignKeyField("store.QualityCase", related_name=False, on_delete=fields.OnDelete.RESTRICT)
    case_id: str
    reviewer_id: str = id_field()
    state = fields.CharField(max_length=16)  # assigned, submitted
    answers: dict[str, Any] = json_field(dict)
    remark = fields.TextField(default="")
    score: float | None = fields.FloatField(null=True)
    is_fatal = fields.BooleanField(default=False)
    saved_at: datetime | None = fields.DatetimeField(null=True)
    submitted_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        app = "store"
        table = "review"
        indexes = (("case_id",), ("reviewer_id", "state"))


class Appeal(Model):
    """An agent disputes a result; somebody who did not score it decides."""

    appeal_id: str = id_field(is_key=True)
    case: Any = fields.ForeignKeyField("store.QualityCase", related_name=False, on_delete=fields.OnDelete.RESTRICT)
    case_id: str
    agent_id: str = id_field()
    reason = fields.TextField()
    state = fields.CharField(max_length=16)  # open, upheld, rejected
    decided_by: str | None = id_field(null=True)
    decision = fields.TextField(default="")
    score_before: float | None = fields.FloatField(null=True)
    created_at = fields.DatetimeField()
    decided_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        app = "store"
        table = "appeal"
        indexes = (("case_id",), ("state",), ("agent_id",))
