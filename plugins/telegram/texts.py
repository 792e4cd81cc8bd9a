"""What this channel itself says, to people and to agents, Chinese first."""

from typing import Final

from core.catalogue import Catalogue

text: Final = Catalogue(
    {
        "zh": {
            "group": "您好，这里是热线服务账号，只在私聊中为您服务：{link}",
            "file": "文件 {name}",
            "contact": "[名片] {name} {phone}",
        },
        "en": {
            "group": "Hello, this is the hotline's service account. It answers in private chats only: {link}",
            "file": "The file {name}",
            "contact": "[Contact] {name} {phone}",
        },
    }
)
