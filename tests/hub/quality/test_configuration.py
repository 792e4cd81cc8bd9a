"""Rules, sheets and plans go out with the configuration file and come in again."""

import pytest

from core.errors import ConfigInvalid
from hub.accounts.identity import Identity
from tests.hub.support.house import House

OPERATOR = Identity(username="operator")


async def test_rules_sheets_and_plans_are_carried_in_the_configuration_file(house: House) -> None:
    configurations, quality = house.services.configurations, house.services.quality
    raw = {
        "service_rules": {
            "whats-the-hurry": {"title": {"zh": "急"}, "measure": "forbidden_phrase", "phrases": ["慌什么"]}
        },
        "score_sheets": {
            "short": {"title": {"zh": "简表"}, "sections": [{"title": {"zh": "一"}, "items": [
                {"item_id": "all", "title": {"zh": "全部"}, "rule_ids": ["whats-the-hurry"]},
            ]}]}
        },
        "sampling_plans": {"daily": {"title": {"zh": "每日"}, "sheet_id": "short", "rule_ids": ["whats-the-hurry"]}},
    }  # fmt: skip
    changes = await configurations.apply(raw, OPERATOR, remote="")
    assert {(one.section, one.id) for one in changes} == {
        ("service_rules", "whats-the-hurry"), ("score_sheets", "short"), ("sampling_plans", "daily"),
    }  # fmt: skip
    assert await configurations.apply(raw, OPERATOR, remote="") == []
    [rule] = [one for one in quality.book.in_force() if one.rule_id == "whats-the-hurry"]
    assert rule.rule.says("你慌什么")
    assert (rule.version, quality.setup.plans.current["daily"][1].sheet_id) == (1, "short")
    wrong = {"sampling_plans": {"daily": {"title": {"zh": "每日"}, "sheet_id": "zz", "rule_ids": ["zz"]}}}
    with pytest.raises(ConfigInvalid) as refused:
        await configurations.apply(wrong, OPERATOR, remote="")
    assert refused.value.faults == {
        "sampling_plans.daily.sheet_id": "unknown", "sampling_plans.daily.rule_ids[0]": "unknown",
    }  # fmt: skip
