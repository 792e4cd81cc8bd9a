"""The page of licences names what is really installed."""

from importlib import metadata

from hub.system.about import about


def test_every_library_of_the_server_is_named_with_version_and_licence() -> None:
    known = {one.name.lower(): one for one in about().libraries if one.runs_in == "server"}
    for name in ("aiohttp", "msgspec", "nats-py", "tortoise-orm", "yarl"):  # the last one only aiohttp asks for
        assert known[name].version == metadata.version(name)
        assert known[name].license
    assert known["aiohttp"].url.startswith("https://")


def test_what_only_tests_need_is_not_named() -> None:
    assert not {"pytest", "ruff", "mypy"} & {one.name.lower() for one in about().libraries}
