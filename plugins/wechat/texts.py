"""What this channel itself says to agents, Chinese first."""

from typing import Final

from core.catalogue import Catalogue

text: Final = Catalogue(
    {
        "zh": {
            "link": "[链接] {title}\n{url}",
            "card": "[名片] {name}",
            "image": "图片",
            "voice": "语音",
            "video": "视频",
            "file": "文件",
        },
        "en": {
            "link": "[Link] {title}\n{url}",
            "card": "[Card] {name}",
            "image": "Picture",
            "voice": "Voice note",
            "video": "Video",
            "file": "File",
        },
    }
)
