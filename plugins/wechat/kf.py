"""WeCom's customer service: a callback only says that there is something; the messages are pulled by a cursor."""

import asyncio
import contextlib
import logging
from collections import OrderedDict, defaultdict
from pathlib import Path
from typing import Any, Final

import msgspec

from core.backoff import Backoff
from core.clock import Clock
from core.errors import ChannelNotReady, ConfigInvalid, TryLater
from core.events import ContactArrived, MessageReceived, MessageStatus, Profile
from plugins.wechat.api import WECOM_URL, Api, Unanswered
from plugins.wechat.config import CustomerService, WeChatConfig
from plugins.wechat.errors import Refusal
from plugins.wechat.intake import Intake
from plugins.wechat.kf_wire import interpret, message_of, number_of, read_message, read_page
from plugins.wechat.outgoing import Part
from plugins.wechat.told import Platform, Told, Unreadable
from plugins.wechat.wire import parse_xml

log = logging.getLogger(__name__)

PAGE: Final = 1000
TOKEN_S: Final = 540.0  # a callback's token is good for ten minutes
WELCOME_S: Final = 18.0  # a welcome code is good for twenty seconds
MAX_KNOWN: Final = 5000
CURSOR_FILE: Final = "cursor"


class Kf:
    """The account's side of the channel; the cursor moves on only when the hub has what lies before it."""

    platform: Platform = "customer_service"
    base_url = WECOM_URL

    def __init__(
        self, account: CustomerService, config: WeChatConfig, intake: Intake, data_dir: Path, clock: Clock
    ) -> None:
        self._account = account
        self._config = config
        self._intake = intake
        self._cursor_file = data_dir / CURSOR_FILE
        self._clock = clock
        self._news = asyncio.Event()
        self._token = ("", 0.0)
        self._welcomes: dict[str, tuple[str, float]] = {}
        self._welcomed: OrderedDict[str, None] = OrderedDict()  # codes that were used: a page may be pulled twice
        self._names: OrderedDict[str, Profile] = OrderedDict()

    async def probe(self, api: Api) -> None:
        """Ask whether the account is ours; ConfigInvalid when it is not."""
        answer = await api.call("/cgi-bin/kf/account/list", {"offset": 0, "limit": 100})
        accounts = answer.get("account_list") or []
        if not any(isinstance(one, dict) and one.get("open_kfid") == self._account.open_kfid for one in accounts):
            raise ConfigInvalid({"account.open_kfid": "this application may not serve such an account"})

    async def open(self, api: Api) -> None:
        """Begin with everything that came meanwhile."""
        self._news.set()

    async def keep(self, api: Api) -> None:
        """Pull what there is, at each callback and now and then without."""
        pause = Backoff(first_s=0.5, limit_s=10.0)
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._config.check_s):
                    await self._news.wait()
            self._news.clear()
            try:
                while await self._pull(api):
                    pass
            except TryLater as error:
                log.info("messages have to be pulled again: %s", error.code)
                await asyncio.sleep(pause.next_s())
                self._news.set()
            else:
                pause.reset()

    async def take(self, body: bytes, api: Api | None) -> None:
        """Note that there is something to pull; what the callback says else is no content."""
        try:
            fields = parse_xml(body)
        except Unreadable as error:
            log.warning("skipped an unreadable callback: %s", error)
            return
        if fields.get("Event") == "kf_msg_or_event" and fields.get("OpenKfId") == self._account.open_kfid:
            self._token = (fields.get("Token", ""), self._clock.monotonic() + TOKEN_S)
            self._news.set()

    async def send(self, api: Api, user_id: str, message_id: str, part: Part, said: dict[str, Any]) -> str:
        """Send ``part``, which is ``said``, as the welcome where only that is allowed, and return its number."""
        number = number_of(message_id, part.number)
        code, until = self._welcomes.pop(user_id, ("", 0.0))
        if code and part.attachment is None and self._clock.monotonic() < until:
            self._welcomed[code] = None
            _bound(self._welcomed)
            try:
                await api.call("/cgi-bin/kf/send_msg_on_event", {"code": code, "msgid": number, **said})
            except Refusal as refusal:
                log.info("a welcome was refused: %s", refusal)
            else:
                return number
        body = {"touser": user_id, "open_kfid": self._account.open_kfid, "msgid": number, **said}
        await api.call("/cgi-bin/kf/send_msg", body)
        return number

    async def show_typing(self, api: Api, user_id: str, *, is_typing: bool) -> None:
        """Do nothing: WeCom has no sign of typing."""

    async def _pull(self, api: Api) -> bool:
        """Take one page and return whether there is another; TryLater when it has to be pulled again."""
        cursor = await asyncio.to_thread(_read, self._cursor_file)
        question: dict[str, Any] = {"open_kfid": self._account.open_kfid, "cursor": cursor, "limit": PAGE}
        token, until = self._token
        if token and self._clock.monotonic() < until:
            question["token"] = token
        answer = await api.call("/cgi-bin/kf/sync_msg", question)
        try:
            page = read_page(answer)
        except Unreadable as error:
            raise ChannelNotReady(f"a list of messages that is none: {error}") from error
        lanes: dict[str, list[Told]] = defaultdict(list)
        for raw in page.msg_list:
            try:
                told = interpret(read_message(raw), self._account.open_kfid, self._config.language)
            except Unreadable as error:
                log.warning("skipped an unreadable message: %s", error)
                continue
            if told is not None:
                lanes[_whose(told)].append(told)
        await self._tell_all(lanes, api)
        if page.next_cursor and page.next_cursor != cursor:
            await asyncio.to_thread(_write, self._cursor_file, page.next_cursor)
            return bool(page.has_more)
        return False

    async def _tell_all(self, lanes: dict[str, list[Told]], api: Api) -> None:
        """Tell each person's messages in order, several persons' at once; the first failure counts for all."""
        names = await self._profiles(api, [user_id for user_id in lanes if user_id])
        results = await asyncio.gather(
            *(self._tell_lane(lane, names.get(user_id), api) for user_id, lane in lanes.items()),
            return_exceptions=True,
        )
        for failure in results:
            if failure is not None:
                raise failure

    async def _tell_lane(self, lane: list[Told], profile: Profile | None, api: Api) -> None:
        for told in lane:
            match told.event:
                case MessageStatus(message_id=number) as status:
                    if message_id := message_of(number):  # others, sent by WeCom's own pages, fail as well
                        event = msgspec.structs.replace(status, message_id=message_id, external_id=number)
                        await self._intake.tell(Told(event), api)
                case ContactArrived(sender=sender) as arrival:
                    if told.welcome:
                        self._note_welcome(sender.removeprefix("wechat:"), told.welcome)
                    await self._intake.tell(Told(msgspec.structs.replace(arrival, profile=profile)), api)
                case MessageReceived() as message:
                    await self._intake.tell(Told(msgspec.structs.replace(message, profile=profile), told.files), api)

    def _note_welcome(self, user_id: str, code: str) -> None:
        if code in self._welcomed:
            return
        now = self._clock.monotonic()
        self._welcomes = {other: one for other, one in self._welcomes.items() if one[1] > now}
        self._welcomes[user_id] = (code, now + WELCOME_S)

    async def _profiles(self, api: Api, user_ids: list[str]) -> dict[str, Profile]:
        """Return what is known of ``user_ids``; names are good to have and no condition."""
        unknown = [user_id for user_id in user_ids if user_id not in self._names]
        for at in range(0, len(unknown), 100):
            try:
                some = unknown[at : at + 100]
                answer = await api.call("/cgi-bin/kf/customer/batchget", {"external_userid_list": some})
            except (Refusal, Unanswered) as error:
                log.debug("no names today: %s", error)
                break
            for one in answer.get("customer_list") or []:
                if isinstance(one, dict) and isinstance(one.get("nickname"), str):
                    self._names[str(one.get("external_userid"))] = Profile(name=one["nickname"])
        _bound(self._names)
        return {user_id: self._names[user_id] for user_id in user_ids if user_id in self._names}


def _bound(known: OrderedDict[str, Any]) -> None:
    while len(known) > MAX_KNOWN:
        known.popitem(last=False)


def _whose(told: Told) -> str:
    event = told.event
    return "" if isinstance(event, MessageStatus) else event.sender.removeprefix("wechat:")


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        return ""


def _write(path: Path, cursor: str) -> None:
    """Replace the cursor at once; one that is lost brings three days again, which the hub knows already."""
    new = path.with_suffix(".new")
    new.write_text(cursor, "utf-8")
    new.replace(path)
