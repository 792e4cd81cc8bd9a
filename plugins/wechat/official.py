"""An official account: callbacks carry the messages themselves, answers go out as customer-service messages."""

import asyncio
import contextlib
import logging
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

from core.backoff import Backoff
from core.errors import TryLater
from core.events import ContactArrived, MessageReceived
from plugins.wechat.api import OFFICIAL_URL, Api
from plugins.wechat.config import MenuButton, MenuColumn, OfficialAccount, WeChatConfig
from plugins.wechat.errors import WINDOW_CLOSED, Refusal
from plugins.wechat.intake import Intake
from plugins.wechat.outgoing import Part, Platform, template
from plugins.wechat.told import Told, Unreadable
from plugins.wechat.wire import interpret, parse_xml

log = logging.getLogger(__name__)

INSIST_S: Final = 14.0  # the platform waits 5 s three times
MAX_KNOWN: Final = 5000

_Key = tuple[str, str]


class Official:
    """The account's side of the channel."""

    platform: Platform = "official_account"
    base_url = OFFICIAL_URL

    def __init__(self, account: OfficialAccount, config: WeChatConfig, intake: Intake) -> None:
        self._account = account
        self._config = config
        self._intake = intake
        self._titles = dict(_titles(account.menu))
        self._telling: dict[_Key, asyncio.Task[None]] = {}
        self._known: OrderedDict[_Key, None] = OrderedDict()

    async def probe(self, api: Api) -> None:
        """Ask something that the account may always ask."""
        await api.call("/cgi-bin/getcallbackip")

    async def open(self, api: Api) -> None:
        """Put the account's menu up: who uses the interface cannot edit it on the platform's pages."""
        if self._account.menu:
            await api.call("/cgi-bin/menu/create", {"button": [_menu(column) for column in self._account.menu]})

    async def keep(self, api: Api) -> None:
        """Look now and then whether the platform is there, until it is not."""
        while True:
            await asyncio.sleep(self._config.check_s)
            await self.probe(api)

    async def take(self, body: bytes, api: Api | None) -> None:
        """Return when the hub has what a callback tells; a repetition waits for the first.

        A message that needs longer than the platform waits goes on meanwhile, and is found done by its repetition.
        """
        try:
            told = interpret(parse_xml(body), self._config.language, self._titles)
        except Unreadable as error:
            log.warning("skipped an unreadable callback: %s", error)
            return
        if told is None or (key := _key(told)) in self._known:
            return
        if key not in self._telling:
            task = self._telling[key] = asyncio.create_task(self._insist(told, key, api))
            task.add_done_callback(lambda _: self._telling.pop(key))
        await asyncio.shield(self._telling[key])

    async def send(self, api: Api, user_id: str, message_id: str, part: Part, said: dict[str, Any]) -> str:
        """Send ``part``, which is ``said``, and return a number for it: the platform itself gives none."""
        try:
            await api.call("/cgi-bin/message/custom/send", {"touser": user_id, **said})
        except Refusal as refusal:
            form = self._account.reply_template
            if refusal.number not in WINDOW_CLOSED or form is None or (short := template(user_id, part, form)) is None:
                raise
            answer = await api.call("/cgi-bin/message/template/send", short)
            return f"template-{answer.get('msgid', '')}"
        return f"{message_id}-{part.number}"

    async def show_typing(self, api: Api, user_id: str, *, is_typing: bool) -> None:
        """Show or hide that somebody types; Refusal when the person did not write lately."""
        command = "Typing" if is_typing else "CancelTyping"
        await api.call("/cgi-bin/message/custom/typing", {"touser": user_id, "command": command})

    async def close(self) -> None:
        """End what still insists."""
        for task in (tasks := list(self._telling.values())):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _insist(self, told: Told, key: _Key, api: Api | None) -> None:
        """Tell the hub, as often as it takes within the platform's patience."""
        pause = Backoff(first_s=0.1, limit_s=0.5)
        failure = TryLater("the hub did not take it in time")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(INSIST_S):
                while True:
                    try:
                        await self._intake.tell(told, api)
                    except TryLater as error:
                        failure = error
                        await asyncio.sleep(pause.next_s())
                        continue
                    self._known[key] = None
                    if len(self._known) > MAX_KNOWN:
                        self._known.popitem(last=False)
                    return
        raise failure


def _key(told: Told) -> _Key:
    event = told.event
    assert isinstance(event, MessageReceived | ContactArrived)
    return event.sender, event.external_id if isinstance(event, MessageReceived) else event.arrival_id


def _titles(menu: tuple[MenuColumn, ...]) -> Mapping[str, str]:
    columns = {column.key: column.name for column in menu if column.key}
    return columns | {button.key: button.name for column in menu for button in column.buttons if button.key}


def _menu(column: MenuColumn | MenuButton) -> dict[str, Any]:
    if isinstance(column, MenuColumn) and column.buttons:
        return {"name": column.name, "sub_button": [_menu(button) for button in column.buttons]}
    if column.key:
        return {"type": "click", "name": column.name, "key": column.key}
    return {"type": "view", "name": column.name, "url": column.url}
