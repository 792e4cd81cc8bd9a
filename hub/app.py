"""Puts the hub together, runs it until told to stop, and takes it apart in the right order."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from importlib import metadata, resources
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from core.bus import Bus
from core.clock import Clock, SystemClock
from core.connections import SilentConnections
from core.events import TrunkChanged
from core.streams import BUCKETS, HUB_CONSUMER, IN, STREAMS, hub_consumer
from hub.accounts.password_resets import PasswordResets
from hub.accounts.sessions import Sessions
from hub.accounts.users import Users
from hub.address_schemes import AddressSchemes
from hub.agent_control import AgentControl
from hub.announcements import Announcements
from hub.audit import Audit
from hub.away_reasons import AwayReasons
from hub.backup.backups import Backups
from hub.backup.downloads import Downloads
from hub.backup.writing import Source
from hub.bulk.campaigns import Campaigns
from hub.bulk.exports import Exports
from hub.bulk.runner import BulkRunner
from hub.calendar_editor import CalendarEditor
from hub.calendars import Calendars
from hub.calls.controls import CallControls
from hub.calls.phones import Phones
from hub.calls.plans import CallPlans
from hub.calls.prompt_editor import PromptEditor
from hub.calls.prompts import Prompts
from hub.calls.rehearsal import Rehearsal
from hub.calls.reports import CallReports
from hub.calls.ringing import Ringing
from hub.calls.steps import CallSteps
from hub.calls.synthesizers import Synthesizers
from hub.channel_requests import ChannelRequests
from hub.configuration.configurations import Configurations
from hub.connectors import Connectors
from hub.contact_links import ContactLinks
from hub.contact_merges import ContactMerges
from hub.contacts import Contacts
from hub.conversation_lists import ConversationLists
from hub.conversations import Conversations
from hub.demo import make_demo
from hub.desktop.calls import ENDPOINTS
from hub.desktop.calls.files import Files
from hub.desktop.calls.mail_pages import MailPages
from hub.desktop.desk import Desk
from hub.desktop.socket import DesktopSocket
from hub.dispatcher import Dispatcher
from hub.endings import Endings
from hub.extensions import load_extensions
from hub.figures.wallboard import Wallboard
from hub.first_setup import make_first_setup
from hub.flow_library import FlowLibrary
from hub.flows import Flows
from hub.housekeeping import keep_house, keep_room
from hub.http.answers import json_answer
from hub.http.listening import listen
from hub.http.openapi import document
from hub.http.proxy import ChannelProxy
from hub.http.server import guard, mount
from hub.http.static import BrowserCode
from hub.knowledge.knowledge import Knowledge
from hub.media import MediaStore
from hub.outreach.consent import Consent
from hub.outreach.keywords import Keywords
from hub.outreach.outbound import Outbound
from hub.outreach.settings import OutreachSetup
from hub.outreach.templates import Templates
from hub.plugin_instances import PluginInstances
from hub.presence import Presence
from hub.queue_editor import QueueEditor
from hub.queues import Queues
from hub.rate_limits import RateLimiter
from hub.reach import Reach
from hub.reception import Reception
from hub.reply_options import ReplyOptions
from hub.router import Router
from hub.services import Services
from hub.settings import HubSettings, backup_folder, store_url
from hub.setup import Setup
from hub.signals import Signals
from hub.store.address import locate
from hub.store.engine import Store
from hub.store.outbox import Relay
from hub.store.secrets import Sealer
from hub.units import Units
from hub.wrap_up_codes import WrapUpCodes

log = logging.getLogger(__name__)

STOP_S: Final = 5.0  # open requests get that long when the hub stops


class Hub:
    """One hub process: everything that lives as long as it does."""

    def __init__(self, settings: HubSettings, clock: Clock | None = None) -> None:
        self._settings = settings
        self._clock = clock or SystemClock()
        self.services: Services
        self.is_demo = settings.demo
        self.url = ""
        self.web: web.Application
        self.first_admin: tuple[str, str] | None = None
        self._tasks: list[Callable[[], Awaitable[None]]] = []

    async def run(self, ready: Callable[["Hub"], None]) -> None:
        """Serve until cancelled; ``ready`` is called once browsers and channels can come."""
        async with AsyncExitStack() as stack:
            store = await self._open_store(stack)
            bus = await stack.enter_async_context(await Bus.connect(self._settings.nats.access(), source="hub"))
            await bus.ensure(STREAMS, BUCKETS, [hub_consumer()])
            self._make_services(store, bus)
            services = self.services
            store.on_commit(lambda recorded: services.desk.on_commit([event for _, _, event in recorded]))
            await self.prompts.load()
            await self.phones.load()
            await services.dispatcher.load()
            self.first_admin = await services.users.make_first_admin()
            await make_first_setup(services)
            await services.flow_library.load()
            await self._schemes.load()
            await services.knowledge.load()
            await services.outreach_setup.load()
            await services.consent.load()
            if self._settings.demo:
                await make_demo(services)
            await services.wallboard.load(store)
            stack.push_async_callback(services.presence.close)
            await self._serve_http(stack)
            consumption = bus.consume(IN.name, HUB_CONSUMER, self._router.take)
            stack.push_async_callback(consumption.close)
            await services.plugin_instances.publish_all()
            async with asyncio.TaskGroup() as group:
                for task in self._tasks:
                    group.create_task(_forever(task))
                group.create_task(services.presence.watch_absent())
                group.create_task(consumption.wait())  # a hub that hears no channel must not look healthy
                ready(self)
                group.create_task(_until_closed(bus))

    async def _open_store(self, stack: AsyncExitStack) -> Store:
        url = store_url(self._settings.database_url, self._settings.data_dir)
        store = await Store.open(url, clock=self._clock, progress=lambda step: log.info("database: %s", step))
        stack.push_async_callback(store.close)
        return store

    def _make_services(self, store: Store, bus: Bus) -> None:
        settings, limits, clock = self._settings, self._settings.limits, self._clock
        units = Units(store, clock)
        audit = Audit(units, clock)
        queues = Queues()
        desk = Desk(store, backlog=limits.desk_backlog, setup=Setup(limits).table)
        sealer = Sealer.load(settings.data_dir / "keys" / "data.key")
        self.prompts, self.phones = Prompts(units), Phones(units, bus, sealer)
        plans = CallPlans(units, bus, desk, self.prompts, self.phones)
        steps = CallSteps(plans)
        announcements = Announcements(steps)
        ringing = Ringing(plans, self.phones)
        dispatcher = Dispatcher(units, clock, queues, desk, announcements=announcements, ringing=ringing)
        self.phones.lost = dispatcher.know_phones
        sessions = Sessions(store, clock, audit, limits)
        resets = PasswordResets(units, audit, sessions)
        media = MediaStore(settings.data_dir / "media", units, clock, max_bytes=limits.attachment_bytes)
        contacts = Contacts(units, audit)
        reach = Reach(sealer)
        library = FlowLibrary(units, audit, reach)
        contact_merges = ContactMerges(units, audit, contacts)
        contact_links = ContactLinks(units, audit, contacts, contact_merges)
        knowledge = Knowledge(units, audit, bus, media, settings)
        outreach_setup = OutreachSetup(units, audit)
        consent = Consent(units, audit)
        templates = Templates(units, audit)
        outbound = Outbound(
            units, audit, reach=reach, contacts=contacts, consent=consent, templates=templates, queues=queues
        )
        bulk_runner = BulkRunner(units, consent, outreach_setup)
        flows = Flows(
            units,
            dispatcher=dispatcher,
            library=library,
            calendars=Calendars(),
            connectors=Connectors(),
            answering=knowledge.answering,
            links=contact_links,
            calls=steps,
            outbound=outbound,
        )
        source = Source(
            settings.data_dir,
            locate(store_url(settings.database_url, settings.data_dir)),
            metadata.version("lianxin"),
        )
        backups = Backups(units, audit, source, backup_folder(settings.backup_dir, settings.data_dir))
        endings = Endings(dispatcher, flows, queues, announcements)
        hooks = load_extensions()
        self._schemes = AddressSchemes(units, bus)
        self._proxy = ChannelProxy(settings.http.trusted_proxies)
        plugin_instances = PluginInstances(units, bus, audit, box=sealer, proxy=self._proxy, schemes=self._schemes)
        self.prompts.synthesizer = synthesizers = Synthesizers(bus, plugin_instances)
        presence = Presence(units, dispatcher, desk, grace_s=limits.desk_grace_s)
        trunks: dict[str, TrunkChanged] = {}
        wallboard = Wallboard(units, clock, audit, queues=queues, desk=desk, plugins=plugin_instances, trunks=trunks)
        rehearsal = Rehearsal(self.prompts, synthesizers, library)
        self.services = Services(
            version=metadata.version("lianxin"),
            settings=settings,
            clock=clock,
            store=store,
            bus=bus,
            audit=audit,
            sessions=sessions,
            users=Users(units, clock, audit, dispatcher=dispatcher, sessions=sessions, resets=resets),
            contacts=contacts,
            contact_links=contact_links,
            contact_merges=contact_merges,
            conversations=Conversations(
                units,
                bus=bus,
                dispatcher=dispatcher,
                endings=endings,
                announcements=announcements,
                queues=queues,
                media=media,
                text_chars=limits.text_chars,
            ),
            conversation_lists=ConversationLists(knowledge.finder),
            dispatcher=dispatcher,
            calls=CallControls(
                units, plans=plans, phones=self.phones, dispatcher=dispatcher, endings=endings, audit=audit
            ),
            phones=self.phones,
            presence=presence,
            prompt_editor=PromptEditor(self.prompts, rehearsal, library, media, audit),
            queues=queues,
            queue_editor=QueueEditor(units, audit, dispatcher),
            calendar_editor=CalendarEditor(units, audit),
            wrap_up_codes=WrapUpCodes(units, audit, queues),
            away_reasons=AwayReasons(units, audit),
            flows=flows,
            flow_library=library,
            knowledge=knowledge,
            media=media,
            plugin_instances=plugin_instances,
            reach=reach,
            templates=templates,
            consent=consent,
            outbound=outbound,
            outreach_setup=outreach_setup,
            campaigns=Campaigns(
                units,
                audit,
                reach=reach,
                templates=templates,
                consent=consent,
                media=media,
                setup=outreach_setup,
            ),
            bulk_runner=bulk_runner,
            reply_options=ReplyOptions(units, reach, plugin_instances.channel_states),
            backups=backups,
            configurations=Configurations(
                units,
                audit,
                dispatcher=dispatcher,
                sessions=sessions,
                library=library,
                instances=plugin_instances,
            ),
            desk=desk,
            wallboard=wallboard,
            agent_control=AgentControl(units, audit, dispatcher, presence),
            call_limiter=RateLimiter(clock, rate=limits.calls_per_second, burst=limits.calls_per_second * 4),
            login_limiter=RateLimiter(clock, rate=limits.logins_per_minute / 60, burst=limits.logins_per_minute),
        )
        reception = Reception(flows, hooks)
        reports = CallReports(
            plans=plans,
            phones=self.phones,
            contacts=contacts,
            links=contact_links,
            reception=reception,
            flows=flows,
            dispatcher=dispatcher,
            endings=endings,
            trunks=trunks,
        )
        self._router = Router(
            units,
            contacts=contacts,
            links=contact_links,
            reception=reception,
            flows=flows,
            dispatcher=dispatcher,
            calls=reports,
            hooks=hooks,
            media=media,
            schemes=self._schemes,
            keywords=Keywords(outreach_setup, consent),
            bulk=bulk_runner,
        )
        self._hooks = hooks
        relay = Relay(
            store,
            lambda subject, payload, msg_id: bus.publish_raw(subject, payload, msg_id=msg_id),
            bus.publish_together,
        )
        requests = ChannelRequests(bus, media, dispatcher)
        signals = Signals(bus, desk)
        self._tasks = [
            relay.run,
            dispatcher.run,
            flows.run,
            lambda: keep_house(store, clock),
            lambda: keep_room(bus),
            requests.run,
            self._schemes.run,
            plans.run,
            lambda: resets.serve(bus),
            self.services.plugin_instances.run,
            signals.run,
            synthesizers.run,
            rehearsal.run,
            *knowledge.tasks,
            bulk_runner.run,
            backups.run,
            wallboard.run,
        ]

    async def _serve_http(self, stack: AsyncExitStack) -> None:
        services, http = self.services, self._settings.http
        silent = SilentConnections()

        @web.middleware
        async def hear(request: web.Request, handler: Any) -> web.StreamResponse:
            silent.heard(request.protocol)
            response: web.StreamResponse = await handler(request)
            return response

        app = self.web = web.Application(middlewares=[hear, guard], client_max_size=self._settings.limits.body_bytes)
        endpoints = [*ENDPOINTS, *(one for some in self._hooks.hook.register_routes() for one in some)]
        mount(app, endpoints, services)
        description = document(endpoints, services.version)

        async def describe(_: web.Request) -> web.Response:
            return json_answer(description)

        app.router.add_get("/api/v1/openapi.json", describe)
        app.router.add_get("/api/v1/desktop", DesktopSocket(services, services.desk).handle)
        Files(services).mount(app)
        MailPages(services).mount(app)
        Exports(services).mount(app)
        Downloads(services).mount(app)
        self._proxy.mount(app)
        BrowserCode(_browser_code()).mount(app)

        async def send_away(_: web.Application) -> None:
            services.desk.close()

        app.on_shutdown.append(send_away)
        runner = web.AppRunner(app, shutdown_timeout=STOP_S, access_log=None)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        make = runner.server
        assert make is not None
        server = await listen(http, lambda: silent.watch(make()))
        stack.callback(server.close)
        port = server.sockets[0].getsockname()[1]
        scheme = "https" if http.tls_certificate else "http"
        self.url = http.public_url or f"{scheme}://{http.host}:{port}"


async def _forever(task: Callable[[], Awaitable[None]]) -> None:
    """Run a service's task; when it fails, say why and begin again a little later."""
    while True:
        try:
            await task()
        except Exception:
            log.exception("a task of the hub failed and begins again")
        await asyncio.sleep(1.0)


async def _until_closed(bus: Bus) -> None:
    await bus.wait_closed()
    raise ConnectionError("the bus sent the hub away")


def _browser_code() -> Path:
    return Path(str(resources.files("lianxin"))) / "_web"
