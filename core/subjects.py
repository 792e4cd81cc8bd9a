"""Every subject on the bus, by one grammar.

``hub.<domain>.<id>.<noun>.<past participle>`` for what happened, ``hub.<domain>.<id>.cmd.<verb>`` for
what is asked, ``hub.<domain>.<id>.ask.<noun>`` for questions that want an answer. Ids are subject
tokens (``core.ids.TOKEN``), never an address or a name.
"""

from typing import Final

from core.events import (
    ActivityEnded,
    AgentChanged,
    ArticleChanged,
    ArticleFileChanged,
    BulletinChanged,
    BulletinConfirmed,
    CallArrived,
    CallPlan,
    ChannelState,
    ContactArrived,
    ContactChanged,
    ConversationChanged,
    DraftChanged,
    EngineChanged,
    EntryAdded,
    EntryChanged,
    Event,
    InstanceStatus,
    KeysPressed,
    LegChanged,
    MediaFlowed,
    MessageReceived,
    MessagesRead,
    MessageStatus,
    MessageStatuses,
    ModelsChanged,
    NotificationChanged,
    OfferEnded,
    OfferMade,
    PhoneChanged,
    PhonesPlan,
    QueueChanged,
    RecordingEnded,
    RoomChanged,
    RoomMessageAdded,
    SendMessage,
    SpeechRecognized,
    TapRecognized,
    TapsPlan,
    TodoChanged,
    TranscriptChanged,
    TranscriptionEnded,
    TrunkChanged,
    TypingReported,
    TypingShown,
    UtterancesRecognized,
    VoicesChanged,
    WorkMoved,
    WorkOrderChanged,
)
from core.ids import check_token

# pattern by event: {id} is an instance, conversation, call, agent, queue or contact id by the pattern's domain
PATTERNS: Final[dict[type[Event], str]] = {
    MessageReceived: "hub.channel.{id}.message.received",
    MessageStatus: "hub.channel.{id}.message.status_changed",
    MessageStatuses: "hub.channel.{id}.message.statuses_changed",
    MessagesRead: "hub.channel.{id}.message.read",
    ContactArrived: "hub.channel.{id}.contact.arrived",
    ChannelState: "hub.channel.{id}.state.changed",
    TypingReported: "hub.channel.{id}.typing.reported",
    CallArrived: "hub.channel.{id}.call.arrived",
    LegChanged: "hub.channel.{id}.call.leg_changed",
    MediaFlowed: "hub.channel.{id}.call.media_flowed",
    KeysPressed: "hub.channel.{id}.call.keys_pressed",
    ActivityEnded: "hub.channel.{id}.call.activity_ended",
    RecordingEnded: "hub.channel.{id}.call.recording_ended",
    PhoneChanged: "hub.channel.{id}.phone.changed",
    TrunkChanged: "hub.channel.{id}.trunk.changed",
    EngineChanged: "hub.channel.{id}.engine.changed",
    SendMessage: "hub.channel.{id}.cmd.send",
    CallPlan: "hub.channel.{id}.cmd.arrange_call",
    PhonesPlan: "hub.channel.{id}.cmd.provision_phones",
    TapsPlan: "hub.channel.{id}.cmd.tap_calls",
    TypingShown: "hub.channel.{id}.cmd.show_typing",
    VoicesChanged: "hub.speech.{id}.voices.changed",
    ModelsChanged: "hub.speech.{id}.models.changed",
    UtterancesRecognized: "hub.speech.{id}.transcript.recognized",
    TranscriptionEnded: "hub.speech.{id}.transcript.ended",
    TapRecognized: "hub.speech.{id}.tap.recognized",
    SpeechRecognized: "hub.call.{id}.speech.recognized",
    InstanceStatus: "hub.plugin.{id}.status.changed",
    ContactChanged: "hub.contact.{id}.profile.changed",
    ConversationChanged: "hub.conversation.{id}.state.changed",
    EntryAdded: "hub.conversation.{id}.entry.added",
    EntryChanged: "hub.conversation.{id}.entry.changed",
    TranscriptChanged: "hub.conversation.{id}.transcript.changed",
    DraftChanged: "hub.conversation.{id}.draft.changed",
    WorkMoved: "hub.conversation.{id}.work.moved",
    OfferMade: "hub.agent.{id}.offer.made",
    OfferEnded: "hub.agent.{id}.offer.ended",
    AgentChanged: "hub.agent.{id}.state.changed",
    QueueChanged: "hub.queue.{id}.figures.changed",
    ArticleChanged: "hub.knowledge.{id}.article.changed",
    ArticleFileChanged: "hub.knowledge.{id}.file.changed",
    NotificationChanged: "hub.agent.{id}.notification.changed",
    TodoChanged: "hub.agent.{id}.todo.changed",
    RoomChanged: "hub.team.{id}.room.changed",
    RoomMessageAdded: "hub.team.{id}.message.added",
    BulletinChanged: "hub.team.{id}.bulletin.changed",
    BulletinConfirmed: "hub.team.{id}.bulletin.confirmed",
    WorkOrderChanged: "hub.workorder.{id}.state.changed",
}

# questions: who asks → who answers
ASK_HISTORY: Final = "hub.channel.{id}.ask.history"  # channel → hub: HistoryRequest → History
ASK_CALLS: Final = "hub.channel.{id}.ask.calls"  # channel → hub: CallsRequest → CallsAnswer
ASK_MEDIA_PUT: Final = "hub.channel.{id}.ask.media_put"  # channel → hub: one chunk and its headers
ASK_MEDIA_GET: Final = "hub.channel.{id}.ask.media_get"  # channel → hub: media id and offset → one chunk
ASK_SYNTHESIZE: Final = "hub.speech.{id}.ask.synthesize"  # hub → synthesizer: SpeechRequest → SpeechAnswer
ASK_TRANSCRIBE: Final = "hub.speech.{id}.ask.transcribe"  # hub → transcriber: TranscriptionPlan → TranscriptionAnswer
ASK_PLUGINS: Final = "hub.supervisor.main.ask.plugins"  # hub → supervisor: PluginsRequest → PluginList
ASK_DESCRIBE: Final = "hub.supervisor.main.ask.describe"  # hub → supervisor: DescribeRequest → Description
ASK_PROBE: Final = "hub.supervisor.main.ask.probe"  # hub → supervisor: ProbeRequest → ProbeAnswer
ASK_SWITCH: Final = "hub.plugin.{id}.ask.switch"  # command line → hub: SwitchRequest → SwitchAnswer
ASK_HITS: Final = "hub.search.main.ask.hits"  # hub → search process: SearchQuery → SearchAnswer
ASK_REBUILD: Final = "hub.search.main.ask.rebuild"  # hub → search process: RebuildRequest → RebuildAnswer
ASK_DOCUMENTS: Final = "hub.search.main.ask.documents"  # search process → hub: DocumentsRequest → Documents
ASK_PASSWORD: Final = "hub.accounts.main.ask.password"  # noqa: S105 - command line → hub: PasswordResetRequest → PasswordReset
ASK_CONFIGURATION: Final = (
    "hub.configuration.main.ask.file"  # command line → hub: ConfigurationRequest → ConfigurationAnswer
)
QUESTIONS: Final = (
    ASK_HISTORY,
    ASK_CALLS,
    ASK_MEDIA_PUT,
    ASK_MEDIA_GET,
    ASK_SYNTHESIZE,
    ASK_TRANSCRIBE,
    ASK_PLUGINS,
    ASK_DESCRIBE,
    ASK_PROBE,
    ASK_SWITCH,
    ASK_HITS,
    ASK_REBUILD,
    ASK_DOCUMENTS,
    ASK_PASSWORD,
    ASK_CONFIGURATION,
)

DEAD_LETTER: Final = "hub.dead.{id}.message.parked"  # {id} is the consumer that gave up


def subject(event: type[Event], id: str) -> str:  # noqa: A002 - the grammar's own word
    """Return where ``event`` about ``id`` is published; ValueError when ``id`` may not stand in a subject."""
    return fill(PATTERNS[event], id)


def fill(pattern: str, id: str) -> str:  # noqa: A002 - the grammar's own word
    """Return ``pattern`` with its ``{id}``; ``*`` is allowed for subscribing."""
    return pattern.replace("{id}", id if id == "*" else check_token(id))


def id_of(subject: str) -> str:
    """Return the id in ``subject``; ValueError when it does not follow the grammar."""
    parts = subject.split(".")
    if len(parts) < 5 or parts[0] != "hub":
        raise ValueError(f"not a subject of the hub: {subject!r}")
    return parts[2]
