"""What this channel itself says to people, Chinese first."""

from typing import Final

from core.catalogue import Catalogue

text: Final = Catalogue(
    {
        "zh": {
            "offline.message": "【留言】{text}",
            "offline.phone": "联系电话：{phone}",
            "offline.name": "称呼：{name}",
            "offline.thanks": "已收到您的留言，我们会尽快与您联系。您可以关闭这个页面。",
            "offline.later": "现在没有能够保存您的留言，请过一会儿再试，或者拨打热线电话。",
            "offline.invalid": "请写下您的问题；电话号码只能包含数字。请返回上一页修改。",
            "page.title": "留言",
        },
        "en": {
            "offline.message": "[Message left] {text}",
            "offline.phone": "Phone: {phone}",
            "offline.name": "Name: {name}",
            "offline.thanks": "We have received your message and will contact you soon. You may close this page.",
            "offline.later": "Your message could not be stored just now. Please try again later, or call the hotline.",
            "offline.invalid": "Please write your question; a phone number has digits only. Go back to correct it.",
            "page.title": "Leave a message",
        },
    }
)
