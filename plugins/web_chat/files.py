"""What people upload, made harmless: pictures drawn anew without their metadata, documents known by their content.

Works on whole files in memory and takes its time: call it in a thread.
"""

import io
import re
import zipfile
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

MAX_PIXELS: Final = 50_000_000  # a 50-megapixel telephone; larger is an attack on memory
MAX_SIDE: Final = 2560  # pixels after re-encoding; enough to read a photographed letter
MAX_NAME: Final = 120
JPEG_QUALITY: Final = 85

OFFICE: Final = {
    "docx": ("word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "xlsx": ("xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "pptx": ("ppt/", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
}
PICTURES: Final = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}  # what is shown, not downloaded
MAX_ZIP_ENTRIES: Final = 10_000
_UNSAFE: Final = re.compile(r'[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069/\\:*?"<>|]+')


class FileRefused(Exception):
    """An upload is not taken; ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class CleanFile:
    """A file that may be stored; width and height for pictures."""

    data: bytes
    mime: str
    name: str
    width: int | None = None
    height: int | None = None


def clean(data: bytes, name: str, allowed: Collection[str]) -> CleanFile:
    """Return ``data`` made harmless; FileRefused when it is of no type in ``allowed`` or broken."""
    kind = _kind(data)
    if kind not in allowed:
        raise FileRefused("type_not_allowed")
    if kind in ("jpeg", "png", "webp", "gif"):
        return _redraw(data, kind, name)
    mime = "application/pdf" if kind == "pdf" else OFFICE[kind][1]
    return CleanFile(data, mime, safe_name(name, kind))


def safe_name(name: str, suffix: str) -> str:
    """Return the last part of ``name`` without characters that mislead, ending in ``.suffix``."""
    stem = _UNSAFE.sub("_", re.split(r"[/\\]", name)[-1]).strip(". ")
    if "." in stem:
        stem = stem.rpartition(".")[0].strip(". ")
    return f"{stem[:MAX_NAME] or 'file'}.{suffix}"


def _kind(data: bytes) -> str:
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return "gif"
    if data.startswith(b"%PDF-"):
        return "pdf"
    if data.startswith(b"PK\x03\x04"):
        return _office_kind(data)
    raise FileRefused("type_not_allowed")


def _office_kind(data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError) as error:
        raise FileRefused("broken") from error
    if len(names) > MAX_ZIP_ENTRIES or "[Content_Types].xml" not in names or any("vbaProject" in n for n in names):
        raise FileRefused("type_not_allowed")
    for kind, (folder, _) in OFFICE.items():
        if any(entry.startswith(folder) for entry in names):
            return kind
    raise FileRefused("type_not_allowed")


def _redraw(data: bytes, kind: str, name: str) -> CleanFile:
    # imported here: a process that receives no picture does not pay for the library's memory
    from PIL import Image, ImageOps  # noqa: PLC0415

    try:
        with Image.open(io.BytesIO(data), formats=[kind.upper()]) as source:
            width, height = source.size
            if width * height > MAX_PIXELS:
                raise FileRefused("too_many_pixels")
            source.draft(None, (MAX_SIDE, MAX_SIDE))  # a large JPEG is decoded at a fraction of its size
            picture: Image.Image = ImageOps.exif_transpose(source)  # of a moving picture, its first frame
            picture.thumbnail((MAX_SIDE, MAX_SIDE))
            has_alpha = picture.has_transparency_data
            target, options = ("PNG", {}) if kind in ("png", "gif") else (kind.upper(), {"quality": JPEG_QUALITY})
            picture = picture.convert("RGBA" if has_alpha and target != "JPEG" else "RGB")
            picture.info.clear()  # nothing of EXIF, GPS, comments, colour profiles
            out = io.BytesIO()
            picture.save(out, target, **options)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise FileRefused("too_many_pixels") from None
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, OverflowError, MemoryError) as error:
        raise FileRefused("broken") from error  # all that Pillow's decoders raise on broken files
    mime = f"image/{target.lower()}"
    return CleanFile(out.getvalue(), mime, safe_name(name, PICTURES[mime]), *picture.size)
