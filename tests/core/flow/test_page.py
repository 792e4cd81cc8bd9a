"""The page about flows names every step, action, input and lint code there is."""

import re
import typing
from pathlib import Path

import pytest

from core.flow import AnyAction, AnyInput, Node, lint

PAGE = (Path(__file__).parents[3] / "docs" / "flows.md").read_text("utf-8")


@pytest.mark.parametrize("step", [step.__struct_config__.tag for step in typing.get_args(Node)])
def test_the_page_describes_the_step(step: str) -> None:
    assert f"| `{step}` |" in PAGE


@pytest.mark.parametrize("name", [kind.__name__ for kind in (*typing.get_args(AnyAction), *typing.get_args(AnyInput))])
def test_the_page_names_the_action_or_input(name: str) -> None:
    assert f"`{name}(" in PAGE


def test_the_page_explains_every_code_of_lint() -> None:
    codes = re.findall(r"``(\w+)``", (lint.__doc__ or "").partition("Codes:")[2])
    assert len(codes) == 16
    assert all(f"`{code}`" in PAGE for code in codes)
