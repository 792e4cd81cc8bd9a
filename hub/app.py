"""Runs a hub until told to stop: opens what it needs, serves, and takes it apart in the right order."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import lru_cache, partial
from importlib import resources
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from core.bus import Bus
from core.clock import Clock, SystemClock
from core.connections import SilentConnections
from core.streams import BUCKETS, HUB_CONSUMER, IN, STREAMS, hub_consumer
from hub.assembly import Assembly, Task
from hub.backup.downloads import Downloads
from hub.bulk.exports import Exports
from hub.calls.phones import Phones
from hub.calls.prompts import Prompts
from hub.conversing.router import Router
from hub.demo import make_demo
from hub.desktop.calls import ENDPOINTS
from hub.desktop.calls.article_files import ArticleFiles
from hub.desktop.calls.call_tables import CallTables
from hub.desktop.calls.files import Files
from hub.desktop.calls.mail_pages import MailPages
from hub.desktop.calls.recording_files import RecordingFiles
from hub.desktop.socket import DesktopSocket
from hub.dispatch.stretches import resume
from hub.figures.downloads import FormFiles, ReportFiles
from hub.first_setup import make_first_setup
from hub.http.answers import json_answer
from hub.http.listening import listen
from hub.http.openapi import document
from hub.http.server import guard, mount
from hub.http.static import BrowserCode
from hub.knowledge.public_page import PublicArticles
from hub.model_store import ModelStore
from hub.quality.downloads import QualityFiles
from hub.services import Services
from hub.settings import HubSettings, store_url
from hub.store.engine import Store
from hub.work_orders.downloads import OrderFiles

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
        self.prompts: Prompts
        self.phones: Phones
        self.router: Router

    async def run(self, ready: Callable[["Hub"], None]) -> None:
        """Serve until cancelled; ``ready`` is called once browsers and channels can come."""
        async with AsyncExitStack() as stack:
            await asyncio.to_thread(ModelStore(self._settings.data_dir / "models").tidy)
            store = await self._open_store(stack)
            bus = await stack.enter_async_context(await Bus.connect(self._settings.nats.access(), source="hub"))
            await bus.ensure(STREAMS, BUCKETS, [hub_consumer()])
            parts = Assembly(self._settings, self._clock, store, bus)
            services = self.services = parts.services
            self.prompts, self.phones, self.router = parts.prompts, parts.phones, parts.router
            store.on_commit(lambda recorded: services.desk.on_commit([event for _, _, event in recorded]))
            await parts.setup.load()
            await self.prompts.load()
            await self.phones.load()
            await resume(store, self._clock.now())
            await services.dispatcher.load()
            self.first_admin = await services.users.make_first_admin()
            await make_first_setup(services)
            await services.flow_library.load()
            await parts.schemes.load()
            await services.knowledge.load()
            await services.recordings.rules.load()
            await services.outreach_setup.load()
            await services.consent.load()
            await services.quality.load()
            await services.work_orders.setup.load()
            await services.coach.load(store)
            if self._settings.demo:
                await make_demo(services)
            await services.wallboard.load(store)
            stack.push_async_callback(services.presence.close)
            await self._serve_http(stack, parts)
            consumption = bus.consume(IN.name, HUB_CONSUMER, parts.router.take)
            stack.push_async_callback(consumption.close)
            await services.plugin_instances.publish_all()
            async with asyncio.TaskGroup() as group:
                for task in parts.tasks:
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

    async def _serve_http(self, stack: AsyncExitStack, parts: Assembly) -> None:
        services, http = self.services, self._settings.http
        silent = SilentConnections()

        @web.middleware
        async def hear(request: web.Request, handler: Any) -> web.StreamResponse:
            silent.heard(request.protocol)
            response: web.StreamResponse = await handler(request)
            return response

        app = self.web = web.Application(middlewares=[hear, guard], client_max_size=self._settings.limits.body_bytes)
        endpoints = [*ENDPOINTS, *(one for some in parts.hooks.hook.register_routes() for one in some)]
        mount(app, endpoints, services)
        describing = lru_cache(maxsize=1)(partial(document, endpoints, services.version))  # few ask, and it takes long

        async def describe(_: web.Request) -> web.Response:
            return json_answer(await asyncio.to_thread(describing))

        app.router.add_get("/api/v1/openapi.json", describe)
        desktop = DesktopSocket(services, services.desk)
        app.router.add_get("/api/v1/desktop", desktop.handle)
        Files(services).mount(app)
        ArticleFiles(services).mount(app)
        PublicArticles(services).mount(app)
        MailPages(services).mount(app)
        Exports(services).mount(app)
        RecordingFiles(services).mount(app)
        CallTables(services).mount(app)
        FormFiles(services).mount(app)
        ReportFiles(services).mount(app)
        QualityFiles(services).mount(app)
        OrderFiles(services).mount(app)
        Downloads(services).mount(app)
        parts.proxy.mount(app)
        BrowserCode(_browser_code()).mount(app)

        async def send_away(_: web.Application) -> None:
            await desktop.close()

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


async def _forever(task: Task) -> None:
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
