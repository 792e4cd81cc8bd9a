"""Turns bytes of doubtful charset into text: what a mail declares is believed only as far as the bytes agree.

Chinese programs write GBK and GB 18030 and call it gb2312, or name no charset at all.
"""

import codecs
import re
from collections.abc import Iterator
from typing import Final

SAMPLE: Final = 65_536  # bytes looked at to guess a charset
_ALIASES: Final = {
    "gb2312": "gb18030", "gb_2312": "gb18030", "gb_2312-80": "gb18030", "gb-2312": "gb18030", "euc-cn": "gb18030",
    "gbk": "gb18030", "x-gbk": "gb18030", "cp936": "gb18030", "ms936": "gb18030", "windows-936": "gb18030",
    "chinese": "gb18030", "gb": "gb18030", "gb18030-2000": "gb18030", "csgb2312": "gb18030",
    "hz-gb-2312": "hz", "hz": "hz",
    "big5": "big5hkscs", "big-5": "big5hkscs", "x-x-big5": "big5hkscs", "cn-big5": "big5hkscs",
    "big5-hkscs": "big5hkscs", "cp950": "big5hkscs", "csbig5": "big5hkscs",
    "shift_jis": "cp932", "shift-jis": "cp932", "sjis": "cp932", "x-sjis": "cp932", "ms_kanji": "cp932",
    "windows-31j": "cp932",
    "iso-2022-jp": "iso2022_jp_ext", "iso-2022-jp-ms": "iso2022_jp_ext", "iso-2022-jp-1": "iso2022_jp_ext",
    "iso-2022-jp-2": "iso2022_jp_2", "iso-2022-jp-3": "iso2022_jp_3", "cp50220": "iso2022_jp_ext",
    "cp50221": "iso2022_jp_ext", "csiso2022jp": "iso2022_jp_ext",
    "ks_c_5601-1987": "cp949", "ks_c_5601": "cp949", "euc-kr": "cp949", "korean": "cp949",
    "iso-8859-1": "cp1252", "latin1": "cp1252", "latin-1": "cp1252",
    "utf8": "utf-8", "utf-8-sig": "utf-8", "utf8mb4": "utf-8", "unicode": "utf-16", "utf-16": "utf-16",
    "unicode-1-1-utf-7": "utf-7", "x-unicode-2-0-utf-7": "utf-7",
}  # fmt: skip
_VAGUE: Final = frozenset({"", "us-ascii", "ascii", "unknown-8bit", "8bit", "default", "default_charset", "x-unknown"})
_BOMS: Final = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_HIGH: Final = re.compile(rb"[\x80-\xff]")
_ISO_2022: Final = re.compile(rb"\x1b\$[@B(]|\x1b\([BJI]")
_HZ: Final = re.compile(rb"~\{[!-w][!-~](?:[!-w][!-~])*~\}")
# JIS row 13 (①㈱) and its like: escapes are right, the characters are Microsoft's, so the strict codecs refuse them
_JIS_RUN: Final = re.compile(rb"\x1b\$[@B](.*?)(?=\x1b\(|$)", re.DOTALL)

_FREQUENT_SIMPLIFIED: Final = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种"
    "事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公"
    "此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特"
    "路灯亮坏您请谢电邮件区路市街号楼小区居反映投诉问题处理解决热线服务社保医疗退休水费停车噪音物业维修收到附件此致敬礼你好"
)
_FREQUENT_TRADITIONAL: Final = frozenset(
    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡用道行所然家種"
    "事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實日軍者意無力它與長把機十民第公"
    "此已工使情明性知全三又關點正業外將兩高間由問很最重並物手應戰向頭文體政美相見被利什二等產或新己制身果加西斯月話合回特"
    "路燈亮壞您請謝電郵件區路市街號樓居反映投訴問題處理解決熱線服務社保醫療退休水費停車噪音物業維修收到附件此致敬禮你好"
)
_FREQUENT_KOREAN: Final = frozenset(
    "이다는의가을에하고지를은로한있도사기어리나아그시인스자수서대라들보정과부일해만제전안주구조장여으니습까요면원상성공동문신"
    "경세게우오거소연저무선비생유중물방용회화개관국내계치바달때말없것저같위모르위진실감녕확탁"
)


def decode(data: bytes, declared: str = "") -> str:
    """Return ``data`` as text; what cannot be read becomes U+FFFD. Never raises."""
    codec = _believed(data, declared)
    if codec.startswith("iso2022"):
        return _decode_jis(data, codec)
    text = _strictly(data, codec)
    if text is not None:
        return text
    torn = data.decode(codec, "replace")
    lost = torn.count("\ufffd")
    if len(data) > 200 and lost * 50 < len(torn):
        return torn  # a character or two
    if codec == "utf-8" and lost * 4 < sum(char > "\x7f" for char in torn):
        return torn  # no other charset makes so many of its characters
    return data.decode(guess(data), "replace")


def _believed(data: bytes, declared: str) -> str:
    """Return the codec to try first: the declared one, unless the bytes say otherwise."""
    for mark, codec in _BOMS:
        if data.startswith(mark):
            return codec
    name = declared.strip().strip("\"'").lower()
    codec = _ALIASES.get(name, name)
    is_vague = codec in _VAGUE or codec == "cp1252" or not _is_known(codec)
    sample = data[:SAMPLE]
    is_jis = codec.startswith("iso2022") and _is_known(codec)
    if is_jis or _ISO_2022.search(sample):
        return codec if is_jis else "iso2022_jp_ext"
    if _HIGH.search(data):
        if is_vague:
            return guess(data)
        return "utf-8" if codec not in {"utf-8", "utf-16"} and _is_surely_utf8(data) else codec
    if codec in ("utf-7", "utf-16", "hz") or (is_vague and _HZ.search(sample)):
        return codec if not is_vague else "hz"
    return "ascii"


def guess(data: bytes) -> str:
    """Return the codec that makes the most sense of 8-bit ``data``."""
    sample = data[:SAMPLE]
    if _partly(sample, "utf-8") is not None:
        return "utf-8"
    best, best_score = "cp1252", 0.0
    for codec in ("gb18030", "big5hkscs", "cp932", "euc_jp", "cp949"):
        text = _partly(sample, codec)
        if text is not None and (score := _likelihood(text, codec)) > best_score:
            best, best_score = codec, score
    if best_score == 0.0 and _looks_eastern(sample):  # rare characters, or torn ones
        return "utf-8" if sample.decode("utf-8", "replace").count("\ufffd") <= len(sample) // 20 else "gb18030"
    return best


def _likelihood(text: str, codec: str) -> float:
    """Return the share of foreign characters that are common in the language of ``codec``."""
    foreign = [char for char in text if char > "\x7f"]
    if not foreign:
        return 0.0
    match codec:
        case "gb18030":
            hits = sum(char in _FREQUENT_SIMPLIFIED or char in "，。！？：；、（）“”" for char in foreign)
        case "big5hkscs":
            hits = sum(char in _FREQUENT_TRADITIONAL or char in "，。！？：；、（）「」" for char in foreign)
        case "cp949":
            hits = sum(char in _FREQUENT_KOREAN for char in foreign)
        case _:
            hits = sum("\u3041" <= char <= "\u30fe" or char in "、。「」" for char in foreign)
    return hits / len(foreign)


def _looks_eastern(sample: bytes) -> bool:
    """Whether high bytes come in runs, as in a multi-byte charset, and not singly between letters."""
    runs = re.findall(rb"[\x80-\xff]+", sample)
    return sum(len(run) for run in runs if len(run) > 1) * 2 > sum(map(len, runs))


def _is_surely_utf8(data: bytes) -> bool:
    sample = data[:SAMPLE]
    return len(re.findall(rb"[\xe3-\xe9][\x80-\xbf]{2}", sample)) >= 3 and _partly(sample, "utf-8") is not None


def _decode_jis(data: bytes, codec: str) -> str:
    text = _strictly(data, codec)
    if text is not None:
        return text
    if _HIGH.search(data):
        return data.decode(guess(_ISO_2022.sub(b"", data)), "replace")
    return "".join(_jis_parts(data))


def _jis_parts(data: bytes) -> Iterator[str]:
    """Yield the runs of Microsoft's ISO-2022-JP through EUC, whose codec knows their characters as CP932's."""
    end = 0
    for run in _JIS_RUN.finditer(data):
        yield _ISO_2022.sub(b"", data[end : run.start()]).decode("ascii", "replace")
        yield b"".join(_to_sjis(run[1][at], run[1][at + 1]) for at in range(0, len(run[1]) - 1, 2)).decode(
            "cp932", "replace"
        )
        end = run.end()
    yield _ISO_2022.sub(b"", data[end:]).decode("ascii", "replace")


def _to_sjis(row: int, cell: int) -> bytes:
    """Return a JIS X 0208 code as Shift_JIS (JIS X 0208:1997 annex 1)."""
    lead = ((row - 0x21) >> 1) + (0x81 if row < 0x5F else 0xC1)
    trail = cell + (0x1F if cell < 0x60 else 0x20) if row & 1 else cell + 0x7E
    return bytes((lead & 0xFF, trail & 0xFF))


def _strictly(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except (UnicodeError, ValueError):
        return None


def _partly(sample: bytes, codec: str) -> str | None:
    """Return ``sample`` decoded though its last character may be cut; None when it is not of this charset."""
    try:
        return codecs.getincrementaldecoder(codec)().decode(sample, final=len(sample) < SAMPLE)
    except (UnicodeError, ValueError):
        return None


def _is_known(codec: str) -> bool:
    try:
        return bool(codecs.lookup(codec)._is_text_encoding) and codec not in {"idna", "punycode"}
    except (LookupError, ValueError):
        return False
