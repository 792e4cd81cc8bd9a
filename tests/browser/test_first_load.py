"""What a browser fetches before an agent can work."""

from typing import Any

from playwright.sync_api import expect

from tests.browser.support.people import People

LIMIT_BYTES = 200_000
TOO_SMALL_BYTES = 1024  # not worth compressing


def test_the_desk_loads_with_few_bytes(people: People) -> None:
    agent = people.agent("zhou")
    agent.page.close()
    page = agent.page = agent.context.new_page()
    line = agent.context.new_cdp_session(page)
    answers: dict[str, dict[str, Any]] = {}
    sizes: dict[str, int] = {}
    line.on("Network.responseReceived", lambda told: answers.update({told["requestId"]: told["response"]}))
    line.on("Network.loadingFinished", lambda told: sizes.update({told["requestId"]: told["encodedDataLength"]}))
    line.send("Network.enable")
    line.send("Network.setCacheDisabled", {"cacheDisabled": True})
    page.goto(f"{agent.url}/desk")
    expect(page.get_by_text("手头没有会话")).to_be_visible()
    page.wait_for_load_state("networkidle")
    total = sum(sizes.values())
    print(f"first load of the desk: {total / 1000:.1f} kB in {len(sizes)} answers")
    assert len(sizes) > 5
    assert total <= LIMIT_BYTES, {answers[request]["url"]: size for request, size in sizes.items()}
    for request, size in sizes.items():
        if "/assets/" in answers[request]["url"] and size > 2 * TOO_SMALL_BYTES:
            assert answers[request]["headers"].get("Content-Encoding") == "br", answers[request]["url"]
