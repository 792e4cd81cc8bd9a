"""Asks axe for faults by WCAG 2.2 AA, once the page has come to rest."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from playwright.sync_api import Page

AXE = Path(__file__).parents[1] / "vendor" / "axe.min.js"
LEVELS: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")

# what moves amid a change of theme or width has no colours of its own yet; what moves for long is not waited for
SETTLED = """async () => {
  const frame = () => new Promise(requestAnimationFrame)
  const moving = () => document.getAnimations().filter((one) =>
    one.playState === 'running' && one.effect?.getComputedTiming().endTime - one.currentTime < 2_000)
  for (let turn = 0; turn < 10; turn++) {
    await frame()
    await frame()
    if (!moving().length) return
    await Promise.allSettled(moving().map((one) => one.finished))
  }
}"""


def settle(page: Page) -> None:
    """Return when the page's transitions are over."""
    page.evaluate(SETTLED)


def faults_of(page: Page, rules: Sequence[str] = LEVELS) -> list[str]:
    """Return each rule broken with the elements that break it; of all rules of the levels, or of those named."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE.read_text("utf-8"))
    settle(page)
    result = page.evaluate("rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", list(rules))
    return [
        f"{one['id']}: {node['html'][:200]} {node['failureSummary']}"
        for one in result["violations"]
        for node in one["nodes"]
    ]
