"""An official account: callbacks carry the messages themselves, answers go out as customer-service messages."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from weakref import WeakValueDictionary

import msgspec

from core.backoff import Backoff
from core.errors import TryLater
from core.events import ContactArrived, MessageReceived, MessageStatus
from core.ids import derived_id
from plugins.wechat.api import OFFICIAL_URL, Api
from plugins.wechat.config import MenuButton, MenuColumn, OfficialAccount, WeChatConfig
from plugins.wechat.errors import WINDOW_CLOSED, Refusal
from plugins.wechat.intake import Intake
from plugins.wechat.outgoing import Part, template
from plugins.wechat.spool import Spool
from plugins.wechat.told import Platform, Told, Unreadable
from plugins.wechat.wire import interpret, parse_xml

log = logging.getLogger(__name__)

ANSWER_S: Final = 4.0  # the platform waits five seconds and then tells the person that the service is broken
MAX_KNOWN: Final = 5000


class Official:
    """The account's side of the channel."""

    platform: Platform = "official_account"
    base_url = OFFICIAL_URL

    def __init__(self, account: OfficialAccount, config: WeChatConfig, intake: Intake, data_dir: Path) -> None:
        self._account = account
        self._config = config
        self._intake = intake
        self._titles = dict(_titles(account.menu))
        self._spool = Spool(data_dir / "late")
        self._known: OrderedDict[str, None] = OrderedDict()
        self._templates: OrderedDict[str, str] = OrderedDict()  # numbers of template messages, with our own
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def probe(self, api: Api) -> None:
        """Ask something that the account may always ask."""
        await api.call("/cgi-bin/getcallbackip")

    async def open(self, api: Api) -> None:
        """Put the account's menu up: who uses the interface cannot edit it on the platform's pages."""
        if self._account.menu:
            await api.call("/cgi-bin/menu/create", {"button": [_menu(column) for column in self._account.menu]})

    async def keep(self, api: Api) -> None:
        """Look now and then whether the platform is there, until it is not."""
        self._spool.news.set()  # what an earlier run did not come to
        telling = asyncio.create_task(self._tell_kept(api))
        try:
            while True:
                await asyncio.wait({telling}, timeout=self._config.check_s)
                if telling.done():
                    await telling  # it ends by a bug only
                await self.probe(api)
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)

    async def take(self, body: bytes, api: Api | None) -> None:
        """Return when the hub has what a callback tells, or else the disk: the platform waits five seconds."""
        try:
            told = self._read(body)
        except Unreadable as error:
            log.warning("skipped an unreadable callback: %s", error)
            return
        if told is None:
            return
        if isinstance(told.event, MessageStatus):
            await self._report(told.event, api)
            return
        if (key := _key(told)) in self._known:
            return
        deadline = asyncio.get_running_loop().time() + ANSWER_S
        turn = self._turns.setdefault(_sender(told), asyncio.Lock())
        if not await _acquired(turn, deadline):  # the same person's earlier message takes as long
            await self._keep_on_disk(key, body)
        else:
            try:
                if key not in self._known and not await self._is_told(told, api, deadline):
                    await self._keep_on_disk(key, body)
            finally:
                turn.release()
        self._known[key] = None
        if len(self._known) > MAX_KNOWN:
            self._known.popitem(last=False)

    async def send(self, api: Api, user_id: str, message_id: str, part: Part, said: dict[str, Any]) -> str:
        """Send ``part``, which is ``said``, and return a number for it: the platform itself gives none."""
        try:
            await api.call("/cgi-bin/message/custom/send", {"touser": user_id, **said})
        except Refusal as refusal:
            form = self._account.reply_template
            if refusal.number not in WINDOW_CLOSED or form is None or (short := template(user_id, part, form)) is None:
                raise
            answer = await api.call("/cgi-bin/message/template/send", short)
            if number := str(answer.get("msgid", "")):
                self._templates[number] = message_id
                if len(self._templates) > MAX_KNOWN:
                    self._templates.popitem(last=False)
                return f"template-{number}"
        return f"{message_id}-{part.number}"

    async def show_typing(self, api: Api, user_id: str, *, is_typing: bool) -> None:
        """Show or hide that somebody types; Refusal when the person did not write lately."""
        command = "Typing" if is_typing else "CancelTyping"
        await api.call("/cgi-bin/message/custom/typing", {"touser": user_id, "command": command})

    async def _report(self, fate: MessageStatus, api: Api | None) -> None:
        """Tell what became of a template message; of one from before a restart nobody knows whose it was."""
        number = fate.message_id
        if message_id := self._templates.get(number):
            event = msgspec.structs.replace(fate, message_id=message_id, external_id=f"template-{number}")
            await self._intake.tell(Told(event), api)

    async def _is_told(self, told: Told, api: Api | None, deadline: float) -> bool:
        """Tell the hub by ``deadline``; False when it was not possible, or earlier messages still lie on disk."""
        if not await self._spool.is_empty():
            return False
        try:
            async with asyncio.timeout_at(deadline):
                await self._insist(told, api)
        except TimeoutError:
            return False
        return True

    async def _keep_on_disk(self, key: str, body: bytes) -> None:
        log.info("a message is kept on disk until the hub takes it")
        await self._spool.keep(key, body)

    async def _insist(self, told: Told, api: Api | None) -> None:
        """Return when the hub has it."""
        pause = Backoff(first_s=0.1, limit_s=2.0)
        while True:
            try:
                return await self._intake.tell(told, api)
            except TryLater:
                await asyncio.sleep(pause.next_s())

    async def _tell_kept(self, api: Api) -> None:
        """Tell what was kept, as it comes."""
        while True:
            await self._spool.news.wait()
            self._spool.news.clear()
            for path, body in await self._spool.kept():
                try:
                    told = self._read(body)
                except Unreadable as error:  # it was readable when it came: the disk has damaged it
                    log.error("a kept message is lost: %s", error)
                    told = None
                if told is not None:
                    await self._insist(told, api)
                await self._spool.drop(path)

    def _read(self, body: bytes) -> Told | None:
        return interpret(parse_xml(body), self._config.language, self._titles)


async def _acquired(lock: asyncio.Lock, deadline: float) -> bool:
    try:
        async with asyncio.timeout_at(deadline):
            return await lock.acquire()
    except TimeoutError:
        return False


def _sender(told: Told) -> str:
    assert isinstance(told.event, MessageReceived | ContactArrived)
    return told.event.sender


def _key(told: Told) -> str:
    event = told.event
    assert isinstance(event, MessageReceived | ContactArrived)
    number = event.external_id if isinstance(event, MessageReceived) else event.arrival_id
    return derived_id(event.type, event.sender, number)


def _titles(menu: tuple[MenuColumn, ...]) -> Mapping[str, str]:
    columns = {column.key: column.name for column in menu if column.key}
    return columns | {button.key: button.name for column in menu for button in column.buttons if button.key}


def _menu(column: MenuColumn | MenuButton) -> dict[str, Any]:
    if isinstance(column, MenuColumn) and column.buttons:
        return {"name": column.name, "sub_button": [_menu(button) for button in column.buttons]}
    if column.key:
        return {"type": "click", "name": column.name, "key": column.key}
    return {"type": "view", "name": column.name, "url": column.url}
