"""What this channel itself writes into messages, and the words it knows, Chinese first."""

from typing import Final, Literal

from core.catalogue import Catalogue

Language = Literal["zh", "en"]

text: Final = Catalogue(
    {
        "zh": {
            "gap": "〔第{number}段未收到，共{total}段〕",
            "late": "〔迟到的第{number}段，共{total}段〕",
            "named": "{name}（不是号码，无法回复）",
            "nameless": "没有号码的发件人（无法回复）",
        },
        "en": {
            "gap": "[part {number} of {total} is missing]",
            "late": "[late part {number} of {total}] ",
            "named": "{name} (no number, cannot be answered)",
            "nameless": "A sender without number (cannot be answered)",
        },
    }
)
OPT_OUT_WORDS: Final = ("TD", "T", "退订", "STOP")
OPT_IN_WORDS: Final = ("DY", "订阅", "START")
