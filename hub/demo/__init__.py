"""Something to see: agents, queues, codes, a flow and a web chat for an empty hub (``lianxin run --demo``)."""

import logging
from importlib import resources
from typing import TYPE_CHECKING, Final

import msgspec

from hub.accounts.identity import Identity
from hub.accounts.users import NewUser
from hub.demo.articles import make_articles
from hub.dispatch.queues import CallBackSetting, OverflowSetting, QueueSettings
from hub.flows.library import CHANNELS_KEY
from hub.i18n import terminal_text
from hub.quality.sampling import SamplingPlan
from hub.setup.forms import Form, FormField
from hub.setup.tags import Tag
from hub.store.models import Calendar, PluginInstance, Setting, User

if TYPE_CHECKING:
    from hub.services import Services

log = logging.getLogger(__name__)

PASSWORD: Final = "lianxin-demo"  # noqa: S105 - written on the demo's own page; the demo is no place for real data
DEMO: Final = Identity(username="demo", permissions=frozenset({"knowledge.edit", "knowledge.publish"}))

QUEUES: Final = {
    "general": (
        {"zh": "综合服务", "en": "General"},
        QueueSettings(rating_flow="rating", on_missed="stay", call_back=CallBackSetting(is_offered=True)),
    ),
    "housing": (
        {"zh": "公积金专席", "en": "Housing fund"},
        QueueSettings(
            rating_flow="rating",
            strategy=("highest_skill", "longest_idle"),
            on_missed="stay",
            overflows=(OverflowSetting(after_s=60, queue_id="general"),),
        ),
    ),
    "elder": (
        {"zh": "为老服务", "en": "Elder care"},
        QueueSettings(rating_flow="rating", priority=2, on_missed="stay"),
    ),
}
AGENTS: Final = (
    NewUser(
        username="zhou", display_name="周敏", work_number="3021", queue_ids=("general", "elder"), skills={"elder": 4}
    ),
    NewUser(
        username="li", display_name="李强", work_number="3022", queue_ids=("general", "housing"), skills={"housing": 5}
    ),
    NewUser(
        username="chen",
        display_name="陈静",
        work_number="3001",
        role_ids=("supervisor",),
        queue_ids=("general", "housing", "elder"),
        skills={"housing": 3, "elder": 3},
    ),
)
FLOWS: Final = ("rating", "hotline", "phone")
ENTRIES: Final = {
    "*": {"flow": "hotline", "queue": "general"},
    "voice-main": {"flow": "phone", "queue": "general"},  # what is heard is worded otherwise than what is read
}
PLAN: Final = SamplingPlan(
    title={"zh": "每日抽检", "en": "Every day"},
    sheet_id="general",
    share=0.1,
    severity="major",
    rating_at_most=2,
    least_per_agent=1,
)
TAGS: Final = {
    "complaint": Tag(title={"zh": "投诉", "en": "Complaint"}, color="red", position=10),
    "question": Tag(title={"zh": "咨询", "en": "Question"}, position=20),
    "praise": Tag(title={"zh": "表扬", "en": "Praise"}, color="green", position=30),
}
MESSAGE: Final = Form(
    title={"zh": "留言登记", "en": "Message"},
    fields=(
        FormField(name="for", title={"zh": "留言给", "en": "For"}, is_required=True),
        FormField(name="content", title={"zh": "内容", "en": "Content"}, kind="long_text", is_required=True),
        FormField(name="reply", title={"zh": "需要回复", "en": "Wants an answer"}, kind="yes_no"),
        FormField(name="until", title={"zh": "最迟何时", "en": "Until when"}, kind="date"),
    ),
)
CALENDAR: Final = {"weekly": {day: [["00:00", "24:00"]] for day in "0123456"}, "follows_holidays": False}


def demo_notes(url: str) -> list[str]:
    """Return what somebody who looks at the demo has to know."""
    names = ", ".join(new.username for new in AGENTS)
    return [
        terminal_text("demo_citizens", url=url),
        terminal_text("demo_agents", url=url, usernames=names, password=PASSWORD),
    ]


async def make_demo(services: "Services") -> None:
    """Fill an empty hub; one that has agents already is left as it is."""
    if await User.exclude(username="admin").exists():
        return
    log.info("making the demo's data")
    for queue_id, (title, rules) in QUEUES.items():
        await services.queue_editor.save(DEMO, queue_id, title, rules)
    for tag_id, tag in TAGS.items():
        await services.tags.save(DEMO, tag_id, tag)
    await services.forms.save(DEMO, "message", MESSAGE)
    for new in AGENTS:
        await services.users.make(DEMO, new, password=PASSWORD)
    async with services.store.work():
        title = {"zh": "人工服务时间", "en": "Staffed hours"}
        await Calendar.create(calendar_id="office-hours", title=title, rules=CALENDAR)
        await Setting.update_or_create({"value": ENTRIES}, key=CHANNELS_KEY)
        await PluginInstance.create(instance="web_chat-main", plugin="web_chat", is_enabled=True, revision=1)
    for name in FLOWS:
        graph = msgspec.json.decode(resources.files(__name__).joinpath("flows", f"{name}.json").read_bytes())
        version, _ = await services.flow_library.add_version(DEMO, name, graph)
        await services.flow_library.publish(DEMO, name, version)
    await services.flow_library.load()
    await make_articles(services.knowledge, DEMO)
    await services.quality.setup.save_plan(DEMO, "daily", PLAN, remote="")
