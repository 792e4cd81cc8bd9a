"""What the hub is made of, in one place: handlers and commands reach every service through it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.bus import Bus
    from core.clock import Clock
    from hub.accounts.sessions import Sessions
    from hub.accounts.users import Users
    from hub.audit import Audit
    from hub.backup.backups import Backups
    from hub.bulk.campaigns import Campaigns
    from hub.bulk.runner import BulkRunner
    from hub.calls.call_backs import CallBacks
    from hub.calls.call_records import CallRecords
    from hub.calls.controls import CallControls
    from hub.calls.dialling import Dialling
    from hub.calls.flow_visits import FlowVisits
    from hub.calls.internal_calls import InternalCalls
    from hub.calls.phone_accounts import PhoneAccounts
    from hub.calls.phones import Phones
    from hub.calls.prompt_editor import PromptEditor
    from hub.calls.reading_out import ReadingOut
    from hub.calls.recording_exports import RecordingExports
    from hub.calls.recordings import Recordings
    from hub.calls.spoken_articles import SpokenArticles
    from hub.configuration.configurations import Configurations
    from hub.connectors.connectors import Connectors
    from hub.contacts.contacts import Contacts
    from hub.contacts.links import ContactLinks
    from hub.contacts.merges import ContactMerges
    from hub.contacts.reach import Reach
    from hub.conversing.conversations import Conversations
    from hub.conversing.deletions import Deletions
    from hub.conversing.held_steps import HeldSteps
    from hub.conversing.lists import ConversationLists
    from hub.conversing.merges import ConversationMerges
    from hub.conversing.reply_options import ReplyOptions
    from hub.conversing.snoozes import Snoozes
    from hub.desk_search import DeskSearch
    from hub.desktop.desk import Desk
    from hub.desktop.screens import Screens
    from hub.dispatch.agent_control import AgentControl
    from hub.dispatch.dispatcher import Dispatcher
    from hub.dispatch.presence import Presence
    from hub.dispatch.queue_editor import QueueEditor
    from hub.dispatch.queues import Queues
    from hub.figures.form_figures import FormReports
    from hub.figures.reports import Reports
    from hub.figures.trunk_reports import TrunkReports
    from hub.figures.wallboard import Wallboard
    from hub.flows.flows import Flows
    from hub.flows.library import FlowLibrary
    from hub.knowledge.knowledge import Knowledge
    from hub.media import MediaStore
    from hub.outreach.consent import Consent
    from hub.outreach.contact_terms import ContactOutreach
    from hub.outreach.outbound import Outbound
    from hub.outreach.settings import OutreachSetup
    from hub.outreach.templates import Templates
    from hub.plugin_instances import PluginInstances
    from hub.preferences import PreferenceStore
    from hub.quality.quality import Quality
    from hub.rate_limits import RateLimiter
    from hub.service_rules.book import RuleBook
    from hub.service_rules.checks import Checks
    from hub.service_rules.coach import Coach
    from hub.settings import HubSettings
    from hub.setup.away_reasons import AwayReasons
    from hub.setup.calendar_editor import CalendarEditor
    from hub.setup.forms import Forms
    from hub.setup.named_numbers import NamedNumbers
    from hub.setup.organization import Organization
    from hub.setup.organization_editor import OrganizationEditor
    from hub.setup.tags import Tags
    from hub.setup.wrap_up_codes import WrapUpCodes
    from hub.staffing.simulator import Simulator
    from hub.store.engine import Store
    from hub.system.monitor import SystemMonitor
    from hub.teamwork.bulletins import Bulletins
    from hub.teamwork.notifications import Notifications
    from hub.teamwork.rooms import Rooms
    from hub.teamwork.todos import Todos
    from hub.transcripts.live import LiveTranscripts
    from hub.transcripts.transcribers import Transcribers
    from hub.transcripts.transcripts import Transcripts
    from hub.work_orders.work_orders import WorkOrders


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Every service once; made by hub.app, handed to whoever answers calls."""

    version: str
    settings: "HubSettings"
    clock: "Clock"
    store: "Store"
    bus: "Bus"
    audit: "Audit"
    sessions: "Sessions"
    users: "Users"
    contacts: "Contacts"
    contact_links: "ContactLinks"
    contact_merges: "ContactMerges"
    conversations: "Conversations"
    conversation_lists: "ConversationLists"
    conversation_merges: "ConversationMerges"
    deletions: "Deletions"
    desk_search: "DeskSearch"
    held_steps: "HeldSteps"
    snoozes: "Snoozes"
    dispatcher: "Dispatcher"
    calls: "CallControls"
    call_backs: "CallBacks"
    reading_out: "ReadingOut"
    spoken_articles: "SpokenArticles"
    dialling: "Dialling"
    internal_calls: "InternalCalls"
    recordings: "Recordings"
    recording_exports: "RecordingExports"
    call_records: "CallRecords"
    form_reports: "FormReports"
    trunk_reports: "TrunkReports"
    reports: "Reports"
    flow_visits: "FlowVisits"
    phones: "Phones"
    phone_accounts: "PhoneAccounts"
    prompt_editor: "PromptEditor"
    presence: "Presence"
    queues: "Queues"
    queue_editor: "QueueEditor"
    calendar_editor: "CalendarEditor"
    wrap_up_codes: "WrapUpCodes"
    away_reasons: "AwayReasons"
    organization: "Organization"
    organization_editor: "OrganizationEditor"
    forms: "Forms"
    tags: "Tags"
    named_numbers: "NamedNumbers"
    flows: "Flows"
    connectors: "Connectors"
    flow_library: "FlowLibrary"
    knowledge: "Knowledge"
    media: "MediaStore"
    transcripts: "Transcripts"
    transcribers: "Transcribers"
    rule_book: "RuleBook"
    rule_checks: "Checks"
    coach: "Coach"
    quality: "Quality"
    live_transcripts: "LiveTranscripts"
    plugin_instances: "PluginInstances"
    reach: "Reach"
    templates: "Templates"
    consent: "Consent"
    contact_outreach: "ContactOutreach"
    outbound: "Outbound"
    outreach_setup: "OutreachSetup"
    campaigns: "Campaigns"
    bulk_runner: "BulkRunner"
    reply_options: "ReplyOptions"
    backups: "Backups"
    configurations: "Configurations"
    simulator: "Simulator"
    monitor: "SystemMonitor"
    work_orders: "WorkOrders"
    desk: "Desk"
    wallboard: "Wallboard"
    agent_control: "AgentControl"
    screens: "Screens"
    notifications: "Notifications"
    todos: "Todos"
    preferences: "PreferenceStore"
    rooms: "Rooms"
    bulletins: "Bulletins"
    call_limiter: "RateLimiter"
    login_limiter: "RateLimiter"
