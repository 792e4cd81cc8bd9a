"""Puts a hub's services together: each is made once and given what it needs."""

from collections.abc import Awaitable, Callable
from importlib import metadata

from core.bus import Bus
from core.clock import Clock
from hub.accounts.password_resets import PasswordResets
from hub.accounts.sessions import Sessions
from hub.accounts.users import Users
from hub.audit import Audit
from hub.backup.backups import Backups
from hub.bulk.campaigns import Campaigns
from hub.bulk.runner import BulkRunner
from hub.calls.call_records import CallRecords
from hub.calls.flow_visits import FlowVisits
from hub.calls.phone_accounts import PhoneAccounts
from hub.calls.prompt_editor import PromptEditor
from hub.calls.reading_out import ReadingOut
from hub.calls.recording_copies import RecordingCopies
from hub.calls.recording_exports import RecordingExports
from hub.calls.recordings import Recordings
from hub.calls.rehearsal import Rehearsal
from hub.calls.spoken_articles import SpokenArticles
from hub.calls.spoken_menus import SpokenMenus
from hub.calls.synthesizers import Synthesizers
from hub.calls.telephony import Telephony
from hub.configuration.configurations import Configurations
from hub.configuration.console import Console
from hub.connectors.connectors import Connectors
from hub.contacts.address_schemes import AddressSchemes
from hub.contacts.contacts import Contacts
from hub.contacts.links import ContactLinks
from hub.contacts.merges import ContactMerges
from hub.contacts.reach import Reach
from hub.conversing.channel_requests import ChannelRequests
from hub.conversing.conversations import Conversations
from hub.conversing.deletions import Deletions
from hub.conversing.endings import Endings
from hub.conversing.held_steps import HeldSteps
from hub.conversing.lists import ConversationLists
from hub.conversing.merges import ConversationMerges
from hub.conversing.reception import Reception
from hub.conversing.reply_options import ReplyOptions
from hub.conversing.router import Router
from hub.conversing.snoozes import Snoozes
from hub.desk_search import DeskSearch
from hub.desktop.desk import Desk
from hub.desktop.screens import Screens
from hub.dispatch.agent_control import AgentControl
from hub.dispatch.dispatcher import Dispatcher
from hub.dispatch.presence import Presence
from hub.dispatch.queue_editor import QueueEditor
from hub.dispatch.queues import Queues
from hub.dispatch.stretches import keep_marks
from hub.extensions import load_extensions
from hub.figures.form_figures import FormReports
from hub.figures.reports import Reports
from hub.figures.trunk_reports import TrunkReports
from hub.figures.wallboard import Wallboard
from hub.flows.flows import Flows
from hub.flows.library import FlowLibrary
from hub.housekeeping import keep_house, keep_room
from hub.http.proxy import ChannelProxy
from hub.knowledge.knowledge import Knowledge
from hub.media import MediaStore
from hub.outreach.consent import Consent
from hub.outreach.contact_terms import ContactOutreach
from hub.outreach.keywords import Keywords
from hub.outreach.outbound import Outbound
from hub.outreach.settings import OutreachSetup
from hub.outreach.templates import Templates
from hub.plugin_instances import PluginInstances
from hub.preferences import PreferenceStore
from hub.quality.quality import Quality
from hub.rate_limits import RateLimiter
from hub.service_rules.checks import Checks
from hub.service_rules.coach import Coach
from hub.services import Services
from hub.settings import HubSettings
from hub.setup.away_reasons import AwayReasons
from hub.setup.calendar_editor import CalendarEditor
from hub.setup.calendars import Calendars
from hub.setup.organization_editor import OrganizationEditor
from hub.setup.overview import Setup
from hub.setup.wrap_up_codes import WrapUpCodes
from hub.signals import Signals
from hub.staffing.simulator import Simulator
from hub.store.engine import Store
from hub.store.outbox import Relay
from hub.store.secrets import Sealer
from hub.system.monitor import SystemMonitor
from hub.teamwork.bulletins import Bulletins
from hub.teamwork.notifications import Notifications
from hub.teamwork.rooms import Rooms
from hub.teamwork.todos import Todos
from hub.timed import keep_time
from hub.transcripts.live import LiveTranscripts
from hub.transcripts.taps import Taps
from hub.transcripts.transcribers import Transcribers
from hub.transcripts.transcripts import Transcripts
from hub.units import Units
from hub.work_orders.work_orders import WorkOrders

Task = Callable[[], Awaitable[None]]


class Assembly:
    """What a hub is made of, ready to be loaded and served; ``tasks`` run as long as it does."""

    def __init__(self, settings: HubSettings, clock: Clock, store: Store, bus: Bus) -> None:
        limits = settings.limits
        units = Units(store, clock)
        audit = Audit(units, clock)
        queues, calendars = Queues(), Calendars()
        setup = self.setup = Setup(units, audit, queues, limits)
        desk = Desk(store, backlog=limits.desk_backlog, setup=setup.table)
        sealer = Sealer.load(settings.data_dir / "keys" / "data.key")
        telephony = Telephony(units, bus, desk, sealer, queues)
        self.prompts, self.phones = telephony.prompts, telephony.phones
        announcements = telephony.announcements
        dispatcher = Dispatcher(units, clock, queues, desk, announcements=announcements, ringing=telephony.ringing)
        organization_editor = OrganizationEditor(units, audit, setup.organization, queues=queues, dispatcher=dispatcher)
        sessions = Sessions(store, clock, audit, limits)
        resets = PasswordResets(
            units, audit, sessions, phones=self.phones, ended=lambda user_id: desk.end(user_id, "logged_out")
        )
        media = MediaStore.of(settings, units, clock)
        copies = RecordingCopies(units, media, settings.recordings_dir, settings.recordings_format)
        recordings, contacts = Recordings(units, audit, media, copies), Contacts(units, audit, setup.organization)
        self.schemes, self.proxy = AddressSchemes(units, bus), ChannelProxy(settings.http.trusted_proxies)
        plugin_instances = PluginInstances(
            units, bus, audit, box=sealer, proxy=self.proxy, schemes=self.schemes, told=self.phones.instance_changed
        )
        reach = Reach(sealer, plugin_instances.channel_states)
        library = FlowLibrary(units, audit, reach)
        contact_merges = ContactMerges(units, audit, contacts)
        contact_links = ContactLinks(units, audit, contacts, contact_merges)
        outreach_setup, consent, templates = OutreachSetup(units, audit), Consent(units, audit), Templates(units, audit)
        knowledge = Knowledge(units, audit, bus, media, templates, organization=setup.organization, settings=settings)
        outbound = Outbound(
            units, audit, reach=reach, contacts=contacts, consent=consent, templates=templates, queues=queues
        )
        bulk_runner = BulkRunner(units, consent, outreach_setup)
        connectors = Connectors(units, audit, sealer, library, clock=clock, data_dir=settings.data_dir)
        flows = Flows(
            units,
            dispatcher=dispatcher,
            queues=queues,
            library=library,
            calendars=calendars,
            connectors=connectors,
            answering=knowledge.answering,
            links=contact_links,
            calls=telephony.steps,
            outbound=outbound,
        )
        endings = Endings(dispatcher, flows, queues, announcements)
        hooks = self.hooks = load_extensions()
        self.prompts.synthesizer = synthesizers = Synthesizers(bus, plugin_instances)
        transcripts = Transcripts(units, audit)
        transcribers = Transcribers(units, bus, plugin_instances, Taps(bus, queues, flows.phrases))
        presence = Presence(units, dispatcher, desk, grace_s=limits.desk_grace_s)
        agent_control = AgentControl(
            units, audit, dispatcher, presence=presence, sessions=sessions, phones=self.phones, desk=desk
        )
        wallboard = Wallboard(
            units,
            clock,
            audit,
            queues=queues,
            organization=setup.organization,
            desk=desk,
            control=agent_control,
            reach=reach,
            consent=consent,
            plugins=plugin_instances,
            trunks=telephony.trunks,
            trunks_since=telephony.trunk_log.since,
        )
        quality = Quality(units, audit, queues, setup.organization, wallboard.timezone)
        orders = WorkOrders(units, audit, contacts, setup.organization, knowledge.finder, timezone=wallboard.timezone)
        reception = Reception(flows, hooks)
        telephony.complete(
            audit=audit,
            dispatcher=dispatcher,
            endings=endings,
            flows=flows,
            reception=reception,
            contacts=contacts,
            links=contact_links,
            outbound=outbound,
            consent=consent,
            calendars=calendars,
            is_ready=plugin_instances.is_ready,
        )
        rehearsal = Rehearsal(self.prompts, synthesizers, library)
        conversations = Conversations(
            units,
            bus=bus,
            dispatcher=dispatcher,
            endings=endings,
            announcements=announcements,
            queues=queues,
            media=media,
            channel_states=plugin_instances.channel_states,
            forms=setup.forms,
            text_chars=limits.text_chars,
        )
        conversation_lists, backups = ConversationLists(knowledge.finder), Backups.of(settings, units, audit, sealer)
        services = self.services = Services(
            version=metadata.version("lianxin"),
            settings=settings,
            clock=clock,
            store=store,
            bus=bus,
            audit=audit,
            sessions=sessions,
            users=Users(
                units,
                clock,
                audit,
                dispatcher=dispatcher,
                phones=self.phones,
                sessions=sessions,
                resets=resets,
                organization=setup.organization,
            ),
            contacts=contacts,
            contact_links=contact_links,
            contact_merges=contact_merges,
            conversations=conversations,
            conversation_lists=conversation_lists,
            desk_search=DeskSearch(conversation_lists, orders.lists, knowledge.finder),
            conversation_merges=ConversationMerges(units, audit, dispatcher),
            deletions=Deletions(units, audit, media),
            held_steps=HeldSteps(units, conversations, dispatcher, endings, hold_s=limits.undo_s),
            snoozes=Snoozes(units, dispatcher, timezone=wallboard.timezone),
            dispatcher=dispatcher,
            calls=telephony.controls,
            call_backs=telephony.call_backs,
            reading_out=ReadingOut(units, telephony.plans, knowledge.articles, knowledge.feedback),
            spoken_articles=SpokenArticles(knowledge.articles, self.prompts, media),
            dialling=telephony.dialling,
            internal_calls=telephony.internal,
            recordings=recordings,
            recording_exports=RecordingExports(units, audit, recordings, media, settings.data_dir / "exports"),
            call_records=CallRecords(clock, audit, wallboard.timezone),
            reports=Reports(clock, audit, setup.organization, wallboard),
            trunk_reports=TrunkReports(clock, wallboard, telephony.trunks),
            form_reports=FormReports(setup.forms, audit, wallboard.timezone),
            flow_visits=FlowVisits(
                units, plans=telephony.plans, library=library, flows=flows, dispatcher=dispatcher, endings=endings
            ),
            phones=self.phones,
            phone_accounts=PhoneAccounts(units, audit, self.phones, telephony.engines),
            presence=presence,
            prompt_editor=PromptEditor(self.prompts, rehearsal, library, media, audit),
            queues=queues,
            queue_editor=QueueEditor(units, audit, dispatcher=dispatcher, queues=queues, library=library),
            calendar_editor=CalendarEditor(units, audit),
            wrap_up_codes=WrapUpCodes(units, audit, queues),
            away_reasons=AwayReasons(units, audit),
            organization=setup.organization,
            organization_editor=organization_editor,
            forms=setup.forms,
            tags=setup.tags,
            named_numbers=setup.named_numbers,
            flows=flows,
            connectors=connectors,
            flow_library=library,
            knowledge=knowledge,
            media=media,
            transcripts=transcripts,
            transcribers=transcribers,
            rule_book=quality.book,
            rule_checks=Checks(units, quality.book),
            coach=Coach(clock, desk, quality.book),
            quality=quality,
            live_transcripts=LiveTranscripts(
                units, bus, desk, transcribers.taps, SpokenMenus(units, telephony.plans, flows, dispatcher)
            ),
            plugin_instances=plugin_instances,
            reach=reach,
            templates=templates,
            consent=consent,
            contact_outreach=ContactOutreach(units, audit, reach=reach, contacts=contacts, consent=consent),
            outbound=outbound,
            outreach_setup=outreach_setup,
            campaigns=Campaigns(
                units, audit, reach=reach, templates=templates, consent=consent, media=media, setup=outreach_setup
            ),
            bulk_runner=bulk_runner,
            reply_options=ReplyOptions(units, reach),
            backups=backups,
            configurations=Configurations(
                units,
                audit,
                dispatcher=dispatcher,
                phones=self.phones,
                sessions=sessions,
                library=library,
                instances=plugin_instances,
                connectors=connectors,
                quality=quality.setup,
                setup=setup,
                organization_editor=organization_editor,
                templates=templates,
                consent=consent,
                kept={
                    "wallboard": wallboard.setup,
                    "outreach": outreach_setup,
                    "recordings": recordings.rules,
                    "work_orders": orders.setup,
                },
            ),
            simulator=Simulator(clock),
            monitor=SystemMonitor(
                clock,
                bus,
                settings,
                version=metadata.version("lianxin"),
                plugins=plugin_instances,
                engines=telephony.engines,
                wallboard=wallboard,
                backups=backups,
            ),
            work_orders=orders,
            desk=desk,
            wallboard=wallboard,
            agent_control=agent_control,
            screens=Screens(clock, audit, desk),
            notifications=Notifications(units),
            todos=Todos(units),
            preferences=PreferenceStore(units),
            rooms=Rooms(units),
            bulletins=Bulletins(units, audit, queues),
            call_limiter=RateLimiter(clock, rate=limits.calls_per_second, burst=limits.calls_per_second * 4),
            login_limiter=RateLimiter(clock, rate=limits.logins_per_minute / 60, burst=limits.logins_per_minute),
        )
        knowledge.suggestions.spoken = services.live_transcripts.last_said
        services.live_transcripts.listeners.append(services.coach.hear)
        self.router = Router(
            units,
            contacts=contacts,
            links=contact_links,
            reception=reception,
            flows=flows,
            dispatcher=dispatcher,
            calls=telephony.reports,
            hooks=hooks,
            media=media,
            schemes=self.schemes,
            keywords=Keywords(outreach_setup, consent),
            bulk=bulk_runner,
            notices=wallboard.notices,
            transcripts=transcripts,
        )
        relay = Relay(
            store,
            lambda subject, payload, msg_id: bus.publish_raw(subject, payload, msg_id=msg_id),
            bus.publish_together,
        )
        self.tasks: list[Task] = [
            relay.run,
            dispatcher.run,
            flows.run,
            lambda: keep_time((services.held_steps, services.snoozes, services.todos, orders.warnings)),
            lambda: keep_marks(store, clock),
            lambda: keep_house(store, clock),
            lambda: keep_room(bus),
            ChannelRequests(bus, media, dispatcher).run,
            self.schemes.run,
            telephony.plans.run,
            telephony.call_backs.run,
            recordings.run,
            copies.run,
            services.recording_exports.run,
            lambda: resets.serve(bus),
            Console(self.services.configurations, bus, desk).run,
            plugin_instances.run,
            Signals(bus, desk).run,
            synthesizers.run,
            transcribers.run,
            services.rule_checks.run,
            services.coach.run,
            services.quality.draws.run,
            services.live_transcripts.run,
            rehearsal.run,
            *knowledge.tasks,
            bulk_runner.run,
            backups.run,
            wallboard.run,
            services.simulator.run,
            services.monitor.run,
        ]
