"""Every table, one class each, by idea."""

from hub.store.models.audit import AuditRecord
from hub.store.models.calls import Call, CallLeg, InternalCall, Phone, PromptSound, Recording
from hub.store.models.contacts import Address, Contact, ContactMerge, LinkSuggestion
from hub.store.models.conversations import Conversation, Draft, Entry
from hub.store.models.desk import (
    Bulletin,
    BulletinReading,
    Notification,
    Preferences,
    Room,
    RoomMember,
    RoomMessage,
    Todo,
)
from hub.store.models.knowledge import Article, ArticleComment, ArticleUse, ArticleVersion, Category, Unanswered
from hub.store.models.messaging import Inbox, Outbox
from hub.store.models.outreach import (
    Campaign,
    CampaignRecipient,
    DoNotContact,
    Subscription,
    Template,
    TemplateKind,
    Topic,
)
from hub.store.models.people import AgentStatus, Role, Session, User
from hub.store.models.quality import Appeal, Definition, QualityCase, Review, RuleCheck, RuleFinding
from hub.store.models.setup import (
    AwayReason,
    BlockedAddress,
    Calendar,
    Flow,
    FlowVersion,
    Media,
    MediaUse,
    PluginInstance,
    Queue,
    Setting,
    WrapUpCode,
)
from hub.store.models.speech import Transcript, Utterance
from hub.store.models.work import Offer, WorkItem

__all__ = [
    "Address",
    "AgentStatus",
    "Appeal",
    "Article",
    "ArticleComment",
    "ArticleUse",
    "ArticleVersion",
    "AuditRecord",
    "AwayReason",
    "BlockedAddress",
    "Bulletin",
    "BulletinReading",
    "Calendar",
    "Call",
    "CallLeg",
    "Campaign",
    "CampaignRecipient",
    "Category",
    "Contact",
    "ContactMerge",
    "Conversation",
    "Definition",
    "DoNotContact",
    "Draft",
    "Entry",
    "Flow",
    "FlowVersion",
    "Inbox",
    "InternalCall",
    "LinkSuggestion",
    "Media",
    "MediaUse",
    "Notification",
    "Offer",
    "Outbox",
    "Phone",
    "PluginInstance",
    "Preferences",
    "PromptSound",
    "QualityCase",
    "Queue",
    "Recording",
    "Review",
    "Role",
    "Room",
    "RoomMember",
    "RoomMessage",
    "RuleCheck",
    "RuleFinding",
    "Session",
    "Setting",
    "Subscription",
    "Template",
    "TemplateKind",
    "Todo",
    "Topic",
    "Transcript",
    "Unanswered",
    "User",
    "Utterance",
    "WorkItem",
    "WrapUpCode",
]
