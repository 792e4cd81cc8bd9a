"""``python -P -m plugins.asr.forge FD``: loads the models once and forks a worker for each socket it is sent.

A forked worker shares the models' memory and begins at once. The only processes that import Vosk are these.
"""

import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import msgspec

from plugins.asr.live import hear
from plugins.asr.punctuation import Punctuation
from plugins.asr.recognition import listen
from plugins.asr.sounds import Unreadable, converted, shape
from plugins.asr.wire import MAX_LINE_BYTES, Load, Loaded, Measured, Task


def main() -> None:
    """Serve until the other end of the control socket is closed."""
    control = socket.socket(fileno=int(sys.argv[1]))
    job = msgspec.json.decode(control.makefile("rb").readline(MAX_LINE_BYTES), type=Load)
    os.nice(job.niceness)
    try:
        models = _load(job.models)
    except Exception as error:  # Vosk raises bare Exceptions
        _say(control, Loaded(fault=str(error)))
        return
    punctuation, lack = _load_punctuation(job.punctuation)
    _say(control, Loaded(lack=lack))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for workers that end
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        told, descriptors, _, _ = socket.recv_fds(control, 1, 1)
        if not told:
            return
        if os.fork() == 0:
            control.close()
            _serve(socket.socket(fileno=descriptors[0]), models, punctuation)
            os._exit(0)
        os.close(descriptors[0])


def _load(paths: dict[str, str]) -> dict[str, Any]:
    import vosk  # type: ignore[import-untyped]  # noqa: PLC0415 - not in processes that only describe a task

    vosk.SetLogLevel(-1)
    return {language: vosk.Model(path) for language, path in paths.items()}


def _load_punctuation(paths: dict[str, str]) -> tuple[dict[str, Punctuation], str]:
    """Return what puts marks by language, and why some cannot: words are worth having without marks."""
    loaded, lacks = {}, []
    for language, path in paths.items():
        try:
            loaded[language] = Punctuation(Path(path))
        except Exception as error:  # onnxruntime's own, or it is not installed
            lacks.append(f"{path}: {error}")
    return loaded, "; ".join(lacks)


def _serve(line: socket.socket, models: dict[str, Any], punctuation: dict[str, Punctuation]) -> None:
    """Do one task after the other until nobody asks any more."""
    import vosk  # noqa: PLC0415

    tasks = line.makefile("rb")
    try:
        while raw := tasks.readline(MAX_LINE_BYTES):
            task = msgspec.json.decode(raw, type=Task)
            path = Path(task.path)
            if not task.language:
                _say(line, _measure(path))
                continue
            if task.rate_hz:
                for heard in hear(models[task.language], tasks, task, punctuation.get(task.language)):
                    _say(line, heard)
                line.sendall(b"\n")
                return
            held = shape(path)
            assert held is not None, "measured before"
            recognizer = vosk.KaldiRecognizer(models[task.language], held.rate_hz)
            recognizer.SetWords(True)
            for stretch in listen(recognizer, path, task, punctuation.get(task.language)):
                _say(line, stretch)
            line.sendall(b"\n")
    except (BrokenPipeError, ConnectionResetError):
        pass  # given up


def _measure(path: Path) -> Measured:
    held = shape(path)
    if held is None:
        try:
            path = converted(path)
        except Unreadable as error:
            return Measured(code=error.code, reason=str(error))
        held = shape(path)
    if held is None:
        return Measured(code="unsupported_format", reason="no sound in 16-bit samples came out of it")
    return Measured(path=str(path), channels=held.channels, rate_hz=held.rate_hz, frames=held.frames)


def _say(line: socket.socket, words: msgspec.Struct) -> None:
    line.sendall(msgspec.json.encode(words) + b"\n")


if __name__ == "__main__":
    main()
