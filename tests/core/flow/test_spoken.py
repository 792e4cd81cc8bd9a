"""At a menu that lets callers say or press, both lead the same way."""

from collections.abc import Callable

from core.flow import Flow, Keyed, Said, Say, advance, phrases, start, understands

MENU = {
    "which": {
        "step": "menu",
        "text": {"zh": "请问办什么"},
        "is_spoken": True,
        "choices": [
            {"key": "1", "label": {"zh": "查进度"}, "goto": "bye", "synonyms": ["进度"]},
            {"key": "2", "label": {"zh": "报修"}, "goto": "bye"},
        ],
    }
}


def test_a_choice_is_said_by_its_label_a_synonym_or_its_number(flow_of: Callable[..., Flow]) -> None:
    flow = flow_of(MENU)
    state, actions = start(flow, {"medium": "voice"})
    assert any(isinstance(action, Say) and action.may_say for action in actions)
    said = phrases(flow, state)
    assert {"查进度", "进度", "一", "报修", "二", "人工"} <= set(said)
    assert "0" not in said
    by_key, _ = advance(flow, state, Keyed(digits="1"))
    for words in ("查进度", "进度", "一"):
        assert understands(flow, state, words)
        by_voice, _ = advance(flow, state, Said(text=words))
        assert (by_voice.node, by_voice.history) == (by_key.node, by_key.history)
    assert understands(flow, state, "人工")
    assert not understands(flow, state, "今天天气不错")


def test_nothing_is_listened_for_in_text_at_other_menus_and_after_the_choice(flow_of: Callable[..., Flow]) -> None:
    flow = flow_of(MENU)
    written, _ = start(flow, {"medium": "text"})
    assert phrases(flow, written) == ()
    spoken, _ = start(flow, {"medium": "voice"})
    chosen, _ = advance(flow, spoken, Said(text="报修"))
    assert (phrases(flow, chosen), understands(flow, chosen, "报修")) == ((), False)
    silent = flow_of({"which": {**MENU["which"], "is_spoken": False}})
    state, actions = start(silent, {"medium": "voice"})
    assert phrases(silent, state) == ()
    assert not any(isinstance(action, Say) and action.may_say for action in actions)
