"""Files up and down."""

import io
import struct
import zipfile
import zlib
from typing import Any

import aiohttp
import pytest
from PIL import Image

from core.errors import BusUnavailable, RefusedForNow, RequestFailed
from plugins.web_chat.config import ALL_TYPES
from plugins.web_chat.files import MAX_SIDE, FileRefused, clean, safe_name


def picture(kind: str = "JPEG", size: tuple[int, int] = (64, 48), **options: Any) -> bytes:
    out = io.BytesIO()
    Image.effect_noise(size, 50).convert("RGB").save(out, kind, **options)
    return out.getvalue()


def with_gps() -> bytes:
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    exif[0x0112] = 6  # orientation: to be turned by 90 degrees
    exif.get_ifd(0x8825)[2] = (39.0, 54.0, 27.0)
    return picture(exif=exif, comment=b"secret comment")


def bomb() -> bytes:
    """Return a PNG of a few kilobytes that claims 40,000 × 40,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * 1_000_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def office(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return out.getvalue()


def test_a_picture_loses_its_metadata_and_keeps_its_orientation() -> None:
    cleaned = clean(with_gps(), "家.JPG", ALL_TYPES)
    with Image.open(io.BytesIO(cleaned.data)) as image:
        assert not image.getexif()
        assert "comment" not in image.info
        assert image.size == (48, 64) == (cleaned.width, cleaned.height)
    assert b"secret" not in cleaned.data
    assert (cleaned.mime, cleaned.name) == ("image/jpeg", "家.jpg")


def test_a_moving_picture_becomes_its_first_frame() -> None:
    frames = [Image.new("RGB", (10, 10), color) for color in ("red", "blue")]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    cleaned = clean(out.getvalue(), "a.gif", ALL_TYPES)
    with Image.open(io.BytesIO(cleaned.data)) as image:
        assert getattr(image, "n_frames", 1) == 1
        assert image.convert("RGB").getpixel((5, 5)) == (255, 0, 0)
    assert cleaned.mime == "image/png"


def test_a_large_picture_is_made_smaller() -> None:
    cleaned = clean(picture(size=(6000, 300)), "a.jpg", ALL_TYPES)
    assert cleaned.width == MAX_SIDE


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_transparency_survives(kind: str) -> None:
    out = io.BytesIO()
    Image.new("RGBA", (8, 8), (255, 0, 0, 0)).save(out, kind)
    with Image.open(io.BytesIO(clean(out.getvalue(), "a", ALL_TYPES).data)) as image:
        assert image.convert("RGBA").getpixel((1, 1))[3] == 0  # type: ignore[index]


@pytest.mark.parametrize(
    ("label", "data", "code"),
    [
        ("a bomb", bomb(), "too_many_pixels"),
        ("cut short", picture()[:400], "broken"),
        ("only a beginning", b"\x89PNG\r\n\x1a\n", "broken"),
        ("a program", b"MZ\x90\x00", "type_not_allowed"),
        ("a page", b"<html><script>alert(1)</script>", "type_not_allowed"),
        ("a drawing with script", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "type_not_allowed"),
        ("an archive", office("a.exe"), "type_not_allowed"),
        ("a document with macros", office("[Content_Types].xml", "word/vbaProject.bin"), "type_not_allowed"),
        ("a broken archive", b"PK\x03\x04 and nothing", "broken"),
        ("nothing", b"", "type_not_allowed"),
    ],
)
def test_what_is_not_a_harmless_file_is_refused(label: str, data: bytes, code: str) -> None:
    with pytest.raises(FileRefused) as caught:
        clean(data, "photo.jpg", ALL_TYPES)
    assert caught.value.code == code, label


def test_documents_are_known_by_their_content_not_their_name() -> None:
    assert clean(b"%PDF-1.7\n", "virus.exe", ALL_TYPES).name == "virus.pdf"
    document = clean(office("[Content_Types].xml", "word/document.xml"), "信.docx", ALL_TYPES)
    assert document.mime.endswith("wordprocessingml.document")
    with pytest.raises(FileRefused, match="type_not_allowed"):
        clean(b"%PDF-1.7\n", "a.pdf", ("jpeg",))


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\a\\合同.pdf", "合同.pdf"),
        ("gnp\u202efdp.exe", "gnp_fdp.pdf"),
        ("", "file.pdf"),
        ("....", "file.pdf"),
        ('a"b\r\nX: y.pdf', "a_b_X_ y.pdf"),
        ("长" * 500, "长" * 120 + ".pdf"),
    ],
)
def test_names_are_made_safe(name: str, safe: str) -> None:
    assert safe_name(name, "pdf") == safe


async def upload(house: Any, token: str, data: bytes, name: str = "a.jpg") -> tuple[int, Any]:
    form = aiohttp.FormData(quote_fields=False)  # as browsers write names
    form.add_field("owner", f'{{"visitor": "{token}"}}')
    form.add_field("file", data, filename=name)
    async with house.http.post(house.path("media"), data=form) as answer:
        return answer.status, await answer.json()


async def test_an_uploaded_picture_is_sent_and_can_be_fetched_again(house: Any) -> None:
    chat = await house.chat()
    token = chat.welcome["visitor"]
    status, uploaded = await upload(house, token, with_gps(), "家.jpg")
    assert status == 200
    await chat.send("message", cid="cid-00001", attachments=[uploaded["handle"]])
    assert (await chat.next("ack", "refused"))["type"] == "ack"
    (event,) = house.hub.received()
    (attachment,) = event.attachments
    assert (attachment.mime, attachment.name, attachment.width, attachment.height) == ("image/jpeg", "家.jpg", 48, 64)
    again = await house.chat(token)
    (file,) = (await again.next("message"))["attachments"]
    async with house.http.get(house.path(file["url"])) as answer:
        assert answer.status == 200
        assert (await answer.read()) == house.hub.files[attachment.media_id][0]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Disposition"] == "inline"


async def test_a_document_is_only_ever_downloaded(house: Any) -> None:
    chat = await house.chat()
    _, uploaded = await upload(house, chat.welcome["visitor"], b"%PDF-1.7\n<script>alert(1)</script>", "a.html")
    async with house.http.get(house.path(uploaded["file"]["url"])) as answer:
        assert answer.content_type == "application/octet-stream"
        assert answer.headers["Content-Disposition"] == "attachment"
        assert "sandbox" in answer.headers["Content-Security-Policy"]


async def test_a_file_that_the_hub_cannot_hand_over_now_is_not_said_to_be_gone(
    house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = await house.chat()
    _, uploaded = await upload(house, chat.welcome["visitor"], with_gps())
    faults = [RefusedForNow("media_key_missing", "sealed"), BusUnavailable("away"), RequestFailed("not_found", "gone")]

    async def get_media(media_id: str) -> tuple[bytes, str]:
        raise faults.pop(0)

    monkeypatch.setattr(house.hub, "get_media", get_media)
    statuses = []
    while faults:
        async with house.http.get(house.path(uploaded["file"]["url"])) as answer:
            statuses.append(answer.status)
    assert statuses == [503, 503, 404]


async def test_files_of_another_visitor_are_out_of_reach(house: Any) -> None:
    owner, thief = await house.chat(), await house.chat()
    _, uploaded = await upload(house, owner.welcome["visitor"], picture())
    await thief.send("message", cid="cid-00001", attachments=[uploaded["handle"]])
    assert (await thief.next("refused"))["code"] == "bad_attachment"
    url = uploaded["file"]["url"]
    media_id = url.partition("?")[0]
    for path in (media_id, f"{media_id}?until=9999999999&sign=x", url.replace("until=1", "until=2"), f"{url}0"):
        async with house.http.get(house.path(path)) as answer:
            assert answer.status == 403, path
    await thief.send("message", cid="cid-00002", attachments=["身份.证"])
    assert (await thief.next("refused"))["code"] == "bad_attachment"


async def test_a_file_the_hub_does_not_have_is_not_found(house: Any) -> None:
    chat = await house.chat()
    _, uploaded = await upload(house, chat.welcome["visitor"], picture())
    house.hub.files.clear()
    async with house.http.get(house.path(uploaded["file"]["url"])) as answer:
        assert answer.status == 404


async def test_uploads_have_limits(run_house: Any) -> None:
    async with run_house(max_upload_bytes=5000, uploads_per_min=3) as house:
        token = (await house.chat()).welcome["visitor"]
        assert (await upload(house, token, b"x" * 6000))[0] == 413
        assert (await upload(house, token, b"x" * 200_000))[0] == 413
        assert (await upload(house, token, bomb()))[1] == {"error": {"code": "too_many_pixels"}}
        assert (await upload(house, token, picture()))[0] == 200
        assert (await upload(house, token, picture()))[0] == 429
        assert (await upload(house, "not a token", picture()))[0] == 401


async def test_without_the_bus_an_upload_is_to_be_repeated(house: Any) -> None:
    token = (await house.chat()).welcome["visitor"]
    house.hub.is_down = True
    assert (await upload(house, token, picture()))[0] == 503


async def test_an_upload_that_is_none_is_refused(house: Any) -> None:
    async with house.http.post(house.path("media"), data=b"x" * 100) as answer:
        assert answer.status == 415
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    for body in (b"", b"nonsense", b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n--x--\r\n'):
        async with house.http.post(house.path("media"), data=body, headers=headers) as answer:
            assert answer.status == 400, body
