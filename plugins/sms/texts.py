"""What this channel itself writes into messages, and the words it knows, Chinese first."""

from typing import Final, Literal

from core.catalogue import Catalogue

Language = Literal["zh", "en"]

text: Final = Catalogue(
    {
        "zh": {
            "gap": "〔第{number}段未收到，共{total}段〕",
            "late": "〔迟到的第{number}段，共{total}段〕",
            "named": "〔发件人“{name}”不是号码，无法回复〕\n",
            "nameless": "〔没有发件人号码，无法回复〕\n",
        },
        "en": {
            "gap": "[part {number} of {total} is missing]",
            "late": "[late part {number} of {total}] ",
            "named": "[The sender, {name}, is no number and cannot be answered]\n",
            "nameless": "[Without a sender's number: it cannot be answered]\n",
        },
    }
)
OPT_OUT_WORDS: Final = ("TD", "T", "退订", "STOP")
OPT_IN_WORDS: Final = ("DY", "订阅", "START")
