"""What callers hear while call control is away, in Mandarin, unless the operator has put something else there.

Spoken by Kokoro-82M (voice zf_xiaobei, see plugins/tts/voices/NOTICE): waiting.wav says
您好，当前线路繁忙。请您稍候，我们会尽快为您接通。 and goodbye.wav 很抱歉，暂时无法为您接通，请您稍后再拨。再见。
"""

import shutil
from pathlib import Path
from typing import Final

from hub.engine.dialplan import GOODBYE, WAITING

SOUNDS: Final = Path(__file__).with_name("sounds")


def place_announcements(folder: Path) -> None:
    """Copy what is missing to ``folder``; what lies there stays."""
    folder.mkdir(mode=0o700, exist_ok=True)
    for name in (WAITING, GOODBYE):
        path = folder / f"{name}.wav"
        if not path.exists():
            draft = path.with_suffix(".new")
            shutil.copyfile(SOUNDS / path.name, draft)
            draft.replace(path)
