"""What this channel itself says, to people and to agents, Chinese first."""

from typing import Final

_TEXTS: Final = {
    "zh": {
        "group": "您好，这里是热线服务账号，只在私聊中为您服务：{link}",
        "location": "[位置] {label}\n{url}",
        "contact": "[名片] {name} {phone}",
        "file_left_out": "[文件 {name} 未能取回：{reason}]",
        "too_large": "超过 20 MB",
        "gone": "Telegram 上已经没有",
        "refused": "系统没有接收",
        "unreadable": "[收到一条此处无法显示的消息，请让对方换一种方式发送]",
    },
    "en": {
        "group": "Hello, this is the hotline's service account. It answers in private chats only: {link}",
        "location": "[Location] {label}\n{url}",
        "contact": "[Contact] {name} {phone}",
        "file_left_out": "[The file {name} could not be fetched: {reason}]",
        "too_large": "more than 20 MB",
        "gone": "Telegram no longer has it",
        "refused": "it was not accepted here",
        "unreadable": "[A message came that cannot be shown here; please ask for it in another form]",
    },
}


def text(key: str, language: str, **values: str) -> str:
    """Return the text ``key`` in ``language``, filled with ``values``."""
    return _TEXTS[language][key].format(**values)
