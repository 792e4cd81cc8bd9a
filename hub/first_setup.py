"""What an empty hub needs before anybody can be served: a queue, wrap-up codes, reasons to be away."""

from typing import TYPE_CHECKING, Final

from hub.accounts.users import FIRST_START
from hub.dispatch.queues import QueueSettings
from hub.flows.library import CHANNELS_KEY
from hub.store.models import AwayReason, Queue, Setting, WrapUpCode

if TYPE_CHECKING:
    from hub.services import Services

QUEUE: Final = ("general", {"zh": "综合服务", "en": "General"})
WRAP_UP_CODES: Final = (
    ("answered", "当场答复", "Answered at once"),
    ("forwarded", "已转办", "Passed on"),
    ("call_back", "约定回电", "Call-back promised"),
    ("out_of_scope", "非受理范围", "Out of scope"),
    ("no_reply", "市民未回应", "No reply"),
)
AWAY_REASONS: Final = (
    ("rest", "小休", "Short break"),
    ("meal", "用餐", "Meal"),
    ("meeting", "会议", "Meeting"),
    ("training", "培训", "Training"),
    ("other", "其他工作", "Other work"),
)


async def make_first_setup(services: "Services") -> None:
    """Store it unless there is a queue already; every piece can be changed later."""
    if await Queue.exists():
        return
    queue_id, title = QUEUE
    async with services.store.work():
        for position, (code, zh, en) in enumerate(WRAP_UP_CODES):
            values = {"title": {"zh": zh, "en": en}, "position": position}
            await WrapUpCode.get_or_create(values, code=code)
        for position, (reason, zh, en) in enumerate(AWAY_REASONS):
            values = {"title": {"zh": zh, "en": en}, "position": position}
            await AwayReason.get_or_create(values, reason=reason)
        await Setting.get_or_create({"value": {"*": {"flow": "", "queue": queue_id}}}, key=CHANNELS_KEY)
    await services.queue_editor.save(FIRST_START, queue_id, title, QueueSettings())
