"""What flows say, known ahead, and made ahead."""

import msgspec

from core.flow import decode_flow
from hub.calls.flow_words import spoken_texts

FLOW = {
    "name": "f",
    "version": 1,
    "start": "hello",
    "human": "people",
    "variables": ["name", "sum"],
    "nodes": {
        "hello": {"step": "say", "text": {"zh": "您好。", "en": "Hello."}, "prompt": "welcome", "goto": "named"},
        "named": {"step": "say", "text": {"zh": "{name}您好", "en": "Hello {name}"}, "goto": "told"},
        "told": {"step": "say", "text": {"zh": "余额{sum:amount}，谢谢", "en": "It is {sum:amount}."}, "goto": "menu"},
        "menu": {
            "step": "menu",
            "text": {"zh": "请选择", "en": "Choose"},
            "retry_text": {"zh": "没有听清", "en": "Sorry"},
            "timeout_s": 9,
            "choices": [{"key": "1", "label": {"zh": "社保", "en": "Insurance"}, "goto": "people"}],
        },
        "people": {"step": "queue", "queue_id": "general"},
    },
}


def test_every_text_is_listed_with_the_sounds_that_are_the_same_for_all() -> None:
    flow = decode_flow(msgspec.json.encode(FLOW))
    found = {
        (text.node_id, text.field): (text.prompt, text.is_fixed, [piece.text for piece in text.pieces])
        for text in spoken_texts(flow)
        if text.language == "zh"
    }
    assert found == {
        ("hello", "text"): ("welcome", True, ["您好。"]),
        ("named", "text"): ("", False, []),
        ("told", "text"): ("", False, ["余额", "谢谢"]),
        ("menu", "text"): ("", True, ["请选择", "社保，请按 1。"]),
        ("menu", "retry_text"): ("", True, ["没有听清"]),
    }
