"""Lets pip, uv and hatch build the front end with the package, with Node from PyPI when the machine has none."""

import importlib.util
import os
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class WebBuildHook(BuildHookInterface):  # type: ignore[type-arg] # its argument differs between sdist and wheel
    """Runs lianxin/webbuild.py before files are collected; LIANXIN_SKIP_WEB=1 leaves the front end alone."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        webbuild = self._webbuild()
        if self._is_skipped() or not webbuild.is_stale() or webbuild.find_npm() is not None:
            return []
        return [webbuild.NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if not self._is_skipped():
            self._webbuild().build(self.app.display_info, keep_modules=version == "editable")

    @staticmethod
    def _is_skipped() -> bool:
        return os.environ.get("LIANXIN_SKIP_WEB") == "1"

    def _webbuild(self) -> ModuleType:
        """Load the builder by path: the package itself is not importable yet."""
        spec = importlib.util.spec_from_file_location("_webbuild", Path(self.root, "lianxin", "webbuild.py"))
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
