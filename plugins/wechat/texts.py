"""What this channel itself says to agents, Chinese first."""

from typing import Final

from core.catalogue import Catalogue

text: Final = Catalogue(
    {
        "zh": {
            "link": "[链接] {title}\n{url}",
            "miniprogram": "[小程序] {title}",
            "forwarded": "[聊天记录] {title}",
            "image": "图片",
            "voice": "语音",
            "video": "视频",
            "file": "文件",
        },
        "en": {
            "link": "[Link] {title}\n{url}",
            "miniprogram": "[Mini program] {title}",
            "forwarded": "[A talk passed on] {title}",
            "image": "Picture",
            "voice": "Voice note",
            "video": "Video",
            "file": "File",
        },
    }
)
