"""What channels say alike in place of what they cannot show, Chinese first."""

from typing import Final

from core.catalogue import Catalogue

text: Final = Catalogue(
    {
        "zh": {
            "location": "[位置] {label}\n{url}",
            "file_left_out": "[{file} 未能取回：{reason}]",
            "empty": "文件是空的",
            "too_large": "超过 20 MB",
            "gone": "对方平台已不再提供",
            "unreachable": "多次尝试仍未能从对方平台下载",
            "refused": "系统没有接收",
            "unreadable": "[收到一条此处无法显示的消息，请让对方换一种方式发送]",
        },
        "en": {
            "location": "[Location] {label}\n{url}",
            "file_left_out": "[{file} could not be fetched: {reason}]",
            "empty": "it is empty",
            "too_large": "more than 20 MB",
            "gone": "the platform no longer has it",
            "unreachable": "the platform did not hand it over, however often it was asked",
            "refused": "it was not accepted here",
            "unreadable": "[A message came that cannot be shown here; please ask for it in another form]",
        },
    }
)
