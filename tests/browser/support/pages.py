"""The pages of the front end by their addresses, as its router declares them."""

import re
from pathlib import Path
from typing import Final

ROUTER: Final = Path(__file__).parents[3] / "web" / "src" / "router.ts"
BELOW: Final = {"ADMIN_PAGES": "/admin", "KNOWLEDGE_PAGES": "/knowledge/edit", "QUALITY_PAGES": "/quality"}

_LIST = re.compile(r"^export const (\w+_PAGES) = \[\n(.*?)^\] as const", re.MULTILINE | re.DOTALL)
_PAGE = re.compile(r"  \{ (?:group: '([\w-]+)', )?name: '([\w-]+)', (?:path: '([\w-]+)', )?permission: .*\},")
_ROUTE = re.compile(r"^    (?:\{ path|  path): '([^']+)'", re.MULTILINE)


def listed_pages() -> dict[str, list[str]]:
    """Return the addresses of the pages that stand in menus, by group of the administration or by menu."""
    found: dict[str, list[str]] = {}
    for menu, lines in _LIST.findall(ROUTER.read_text("utf-8")):
        for line in lines.splitlines():
            if (page := _PAGE.fullmatch(line)) is None:
                raise ValueError(f"{ROUTER.name}: {line}")
            group, name, path = page.groups()
            found.setdefault(group or menu, []).append(f"{BELOW[menu]}/{path or name}")
    return found


def routes() -> set[str]:
    """Return what stands at the top of the router."""
    return set(_ROUTE.findall(ROUTER.read_text("utf-8")))
