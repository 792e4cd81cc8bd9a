"""Editors are reminded of what expires: those of the owning department, once for each day it expires on."""

from datetime import timedelta

from hub.knowledge.knowledge import Knowledge
from hub.knowledge.views import ArticleContent
from hub.setup.organization import Department
from hub.store.models import Notification, User
from tests.hub.knowledge.conftest import EDITOR, published
from tests.hub.support.house import House


async def reminded(username: str) -> list[tuple[str, str]]:
    user = await User.get(username=username)
    rows = await Notification.filter(user_id=user.user_id, kind="expiring").order_by("notification_id")
    return [(row.params["title"], row.params["count"]) for row in rows]


async def test_editors_of_the_owning_department_are_reminded_once_of_what_expires(house: House) -> None:
    knowledge: Knowledge = house.services.knowledge
    await house.services.organization.departments.save(EDITOR, "heating", Department(title={"zh": "供热办"}))
    await User.filter(username="li").update(department_id="heating", granted=["knowledge.edit"])
    soon = house.services.clock.now().date() + timedelta(days=20)
    owned = await published(knowledge, "供热收费标准", owner="供热办", valid_to=soon)
    await published(knowledge, "停车收费标准", owner="不设部门的单位", valid_to=soon)
    await published(knowledge, "夏季时间", valid_to=soon + timedelta(days=300))
    for _ in range(2):
        await knowledge.expiry.tick()
    assert await reminded("li") == [("供热收费标准", "2")]
    assert await reminded("chen") == [("停车收费标准", "1")], "what belongs to no department is every editor's"
    assert await reminded("zhou") == []
    content = ArticleContent(title="供热收费标准", owner="供热办", valid_to=soon + timedelta(days=1))
    await knowledge.articles.save(EDITOR, owned.row.article_id, content, base=1, note="", remote="")
    await knowledge.articles.publish(EDITOR, owned.row.article_id)
    await knowledge.expiry.tick()
    assert await reminded("li") == [("供热收费标准", "2"), ("供热收费标准", "1")], "another day is another reminder"
