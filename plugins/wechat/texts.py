"""What this channel itself says to agents, Chinese first."""

from typing import Final

_TEXTS: Final = {
    "zh": {
        "location": "[位置] {label}\n{url}",
        "link": "[链接] {title}\n{url}",
        "card": "[名片] {name}",
        "file_left_out": "[{kind} 未能取回：{reason}]",
        "image": "图片",
        "voice": "语音",
        "video": "视频",
        "file": "文件",
        "too_large": "超过 20 MB",
        "gone": "微信没有给出",
        "refused": "系统没有接收",
        "unreadable": "[收到一条此处无法显示的消息，请让对方换一种方式发送]",
    },
    "en": {
        "location": "[Location] {label}\n{url}",
        "link": "[Link] {title}\n{url}",
        "card": "[Card] {name}",
        "file_left_out": "[{kind} could not be fetched: {reason}]",
        "image": "Picture",
        "voice": "Voice note",
        "video": "Video",
        "file": "File",
        "too_large": "more than 20 MB",
        "gone": "WeChat did not hand it over",
        "refused": "it was not accepted here",
        "unreadable": "[A message came that cannot be shown here; please ask for it in another form]",
    },
}


def text(key: str, language: str, **values: str) -> str:
    """Return the text ``key`` in ``language``, filled with ``values``."""
    return _TEXTS[language][key].format(**values)
