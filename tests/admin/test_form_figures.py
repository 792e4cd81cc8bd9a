"""What filled forms come to: counted field by field, and taken away."""

import csv
import io
import zipfile
from datetime import timedelta
from typing import Any

from hub.demo import PASSWORD
from tests.hub.support.house import House
from tests.journeys.support.clients import Agent

KIND: dict[str, Any] = {
    "name": "kind", "title": {"zh": "类别", "en": "Kind"}, "kind": "choice",
    "options": [{"value": "leak", "title": {"zh": "漏水", "en": "Leak"}}, {"value": "dry", "title": {"zh": "停水"}}],
}  # fmt: skip
FORM: dict[str, Any] = {
    "title": {"zh": "报修"},
    "fields": [
        KIND,
        {"name": "areas", "title": {"zh": "区域"}, "kind": "choices",
         "options": [{"value": "east", "title": {"zh": "东"}}, {"value": "west", "title": {"zh": "西"}}]},
        {"name": "homes", "title": {"zh": "户数"}, "kind": "number"},
        {"name": "urgent", "title": {"zh": "紧急"}, "kind": "yes_no"},
        {"name": "words", "title": {"zh": "内容"}},
    ],
}  # fmt: skip
FILLED: list[dict[str, Any]] = [
    {"kind": "leak", "areas": ["east", "west"], "homes": "2", "urgent": "yes", "words": "=水管漏了"},
    {"kind": "leak", "areas": ["east"], "homes": "5", "words": "没水"},
]
DAY = "begin=2020-01-01T00:00:00Z&end=2021-01-01T00:00:00Z"


async def fill_in(house: House, zhou: Agent, filled: list[dict[str, Any]]) -> None:
    """Let zhou close a conversation with each of the forms."""
    await zhou.sit_down()
    async with house.channel() as channel:
        for number, values in enumerate(filled):
            await channel.write(f"webchat:c{number}", "人工")
            at = f"/conversations/{await zhou.take_offer()}"
            await zhou.call("POST", f"{at}/end")
            await zhou.call("POST", f"{at}/wrap-up", code="answered", form={"form_id": "repair", "values": values})


def asked(house: House, **more: str) -> str:
    """Return the query of the days before and after now."""
    now = house.services.clock.now()
    begin, end = (f"{now + timedelta(days=days):%Y-%m-%dT00:00:00Z}" for days in (-2, 2))
    return "&".join([f"form_id=repair&begin={begin}&end={end}"] + [f"{name}={value}" for name, value in more.items()])


async def test_answers_are_counted_field_by_field_and_those_of_earlier_versions_stay(
    house: House, admin: Agent
) -> None:
    await admin.call("PUT", "/forms/repair", **FORM)
    async with Agent(house.url, "zhou", PASSWORD) as zhou:
        await fill_in(house, zhou, FILLED)
        status, _ = await zhou.try_call("GET", f"/form-figures?{asked(house)}")
        assert status == 403
    fewer = [{**KIND, "options": KIND["options"][1:]}, *FORM["fields"][2:]]
    await admin.call("PUT", "/forms/repair", **{**FORM, "fields": fewer})
    figures = await admin.call("GET", f"/form-figures?{asked(house)}")
    assert figures["filled"] == 2
    fields = {one["name"]: one for one in figures["fields"]}
    assert list(fields) == ["kind", "homes", "urgent", "words", "areas"]
    counts = {name: {one["value"]: one["count"] for one in field["answers"]} for name, field in fields.items()}
    assert counts["kind"] == {"dry": 0, "leak": 2}
    assert counts["areas"] == {"east": 2, "west": 1}
    assert counts["urgent"] == {"yes": 1, "no": 0}
    assert [fields["homes"][name] for name in ("answered", "least", "most", "mean")] == [2, 2.0, 5.0, 3.5]
    assert (fields["words"]["answered"], fields["words"]["answers"]) == (2, [])
    now_numbers = [{**one, "kind": "number"} if one["name"] == "words" else one for one in fewer]
    await admin.call("PUT", "/forms/repair", **{**FORM, "fields": now_numbers})
    figures = await admin.call("GET", f"/form-figures?{asked(house)}")
    words = next(one for one in figures["fields"] if one["name"] == "words")
    assert (words["answered"], words["mean"]) == (2, None), "words from before are no numbers"
    async with admin.http.get(f"{house.url}/api/v1/form-files?{asked(house)}&format=csv&language=zh") as answer:
        assert "水管漏了" in (await answer.read()).decode()
    elsewhere = await admin.call("GET", f"/form-figures?{asked(house, queue_id='housing')}")
    assert elsewhere["filled"] == 0
    earlier = await admin.call("GET", f"/form-figures?form_id=repair&{DAY}")
    assert earlier["filled"] == 0


async def test_filled_forms_are_taken_away_as_a_table(house: House, admin: Agent) -> None:
    await admin.call("PUT", "/forms/repair", **FORM)
    async with Agent(house.url, "zhou", PASSWORD) as zhou:
        await fill_in(house, zhou, FILLED)
    url = f"{house.url}/api/v1/form-files?{asked(house)}"
    async with admin.http.get(f"{url}&format=csv&language=zh") as answer:
        headings, *lines = csv.reader(io.StringIO((await answer.read()).decode("utf-8-sig")))
    assert headings[1:] == [
        "坐席", "队列", "渠道", "小结代码", "会话编号", "类别", "区域", "户数", "紧急", "内容"
    ]  # fmt: skip
    assert [line[6:] for line in lines] == [
        ["漏水", "东, 西", "2", "是", "'=水管漏了"],
        ["漏水", "东", "5", "", "没水"],
    ]
    assert lines[0][1:5] == ["3021 周敏", "综合服务", "webchat", "answered"]
    async with admin.http.get(f"{url}&format=csv&language=en") as answer:
        assert "Kind,区域" in (await answer.read()).decode()
    async with admin.http.get(f"{url}&format=xlsx&language=zh") as answer:
        book = zipfile.ZipFile(io.BytesIO(await answer.read()))
    assert 'name="统计"' in book.read("xl/workbook.xml").decode()
    assert "停水" in book.read("xl/sharedStrings.xml").decode(), "what nobody chose is counted, too"
    (deed,) = (await admin.call("GET", "/audit?limit=1&action=form.export"))["items"]
    assert deed["object_id"] == "repair"


async def test_a_form_that_is_not_there_and_too_long_a_time_are_refused(admin: Agent) -> None:
    status, answer = await admin.try_call("GET", f"/form-figures?form_id=nothing&{DAY}")
    assert (status, answer["error"]["code"]) == (404, "not_found")
    years = "begin=2020-01-01T00:00:00Z&end=2026-01-01T00:00:00Z"
    status, answer = await admin.try_call("GET", f"/form-figures?form_id=message&{years}")
    assert (status, set(answer["error"]["fields"])) == (422, {"end"})
