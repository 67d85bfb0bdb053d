"""What was run: beside the live terminal, beside the replay, alone, and found again by words."""

import re

from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import SignIn
from tests.browser.console import Console
from tests.journeys.customer import Customer
from tests.journeys.world import World

_HERE_DOCUMENT = "cat <<END | wc -l\none\ntwo\nEND"


async def test_commands_are_listed_replayed_and_found(world: World, signs_in: SignIn) -> None:
    alice = await signs_in("alice")
    code, _ = await alice.invites("4711 pool degraded after upgrade")
    customer = world.customer()
    await customer.grants(code, world.broker.url, "--mode", "control")
    await alice.opens(customer)
    await alice.at("[data-action=commands]").click()

    await runs_some(customer, alice)
    await filters(alice)
    await reads_the_output(alice)
    await alice.screenshot("commands-live")

    await customer.at_shell()
    await world.end(customer)
    await replays(alice.page, customer)
    await alice.screenshot("commands-replay")
    await searches(alice, customer)
    assert alice.complaints == []


async def runs_some(customer: Customer, alice: Console) -> None:
    """Both run lines, one of them while the link is cut; each is told as it happens."""
    customer.terminal.type("cd /usr\n")
    await expect(row(alice.page, "cd /usr")).to_have_attribute("data-status", "0")
    customer.terminal.type(f"{_HERE_DOCUMENT}\n")
    whole = row(alice.page, "cat <<END | wc -l")
    await expect(whole).to_contain_text("… +3 lines")
    await whole.get_by_role("button", name="+3 lines").click()
    await expect(whole.locator("code")).to_contain_text("two")

    await alice.types("ls /no-such-place\n")
    failed = row(alice.page, "ls /no-such-place")
    await expect(failed.locator("[data-outcome=failed]")).to_have_text("exit 2")
    await expect(failed).to_contain_text("alice")
    await expect(failed).to_contain_text("/usr")

    await customer.does("disconnect")
    before = len(customer.logged("command_ended"))
    customer.terminal.type("(exit 7)\n")
    await customer.until_logged("command_ended", before + 1)
    await customer.does("reconnect")
    away = row(alice.page, "(exit 7)")
    await expect(away.locator("[data-flag=away]")).to_be_visible()
    customer.terminal.type("sleep 300\n")
    asleep = row(alice.page, "sleep 300")
    running = asleep.locator("[data-outcome=running]")
    await expect(running).to_have_text(re.compile(r"running [1-9]"))  # a replay begins 1 s before
    customer.terminal.type("\x03")
    await expect(asleep.locator("[data-outcome=failed]")).to_have_text("SIGINT (130)")


async def filters(alice: Console) -> None:
    """By person, failed ones, while away, and by a word."""
    shown = alice.at("[data-command]")
    for name, choice, left in (
        ("person", "alice", ["ls /no-such-place"]),
        ("presence", "away", ["(exit 7)"]),
    ):
        chosen = alice.at(f"[data-filter={name}]")
        await chosen.select_option(choice)
        await expect(shown.locator("code")).to_have_text(left)
        await chosen.select_option(index=0)
    await alice.at("[data-filter=failed]").check()
    await expect(shown.locator("code")).to_have_text(["ls /no-such-place", "(exit 7)", "sleep 300"])
    await alice.at("[data-filter=failed]").uncheck()
    await alice.at("[data-filter=text]").fill("NO-SUCH")
    await expect(shown).to_have_count(1)
    await alice.at("[data-filter=text]").fill("")


async def reads_the_output(alice: Console) -> None:
    """What one command printed, alone, and copied."""
    await alice.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    one = row(alice.page, "ls /no-such-place")
    await one.hover()
    await one.locator("[data-action=output]").click()
    output = alice.at("[data-output] [data-field=output]")
    await expect(output).to_contain_text("No such file or directory")
    copy = alice.at("[data-output] [data-action=copy]")
    await copy.click()
    await expect(copy).to_have_text("Copied")
    copied = await alice.page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("ls: ")
    assert "\x1b" not in copied
    await alice.at("[data-action=close-output]").click()


async def replays(page: Page, customer: Customer) -> None:
    """A click, or Enter, on a command plays from just before it."""
    await page.goto(re.sub(r"/sessions/.*", f"/sessions/{customer.session}/replay", page.url))
    late, early = row(page, "exit"), row(page, "cd /usr")
    stage = "document.querySelector('.stage')?.innerText"
    await late.locator("a").focus()
    await page.keyboard.press("Enter")
    await expect(late).to_have_attribute("aria-current", "step")
    await page.wait_for_function(f"() => {stage}.includes('no-such-place')")
    await early.locator("a").click()
    await expect(early).to_have_attribute("aria-current", "step")
    await page.wait_for_function(f"() => !{stage}.includes('no-such-place')")


async def searches(alice: Console, customer: Customer) -> None:
    """Words lead to the moment, by what was run and by what was printed."""
    page = alice.page
    await page.get_by_role("link", name="Search", exact=True).click()
    words = page.get_by_label("Words to find")
    await words.fill("no-such-place")
    await words.press("Enter")
    await page.wait_for_url(re.compile(r"/search\?q=no-such-place$"))
    found = page.locator(f"[data-session='{customer.session}']")
    hit = found.locator("[data-hit=command]", has_text="ls /no-such-place")
    # The page looks again while what was recorded last is not indexed yet.
    await expect(hit).to_be_visible()
    await expect(hit.locator("mark").first).to_have_text("no-such-place")
    printed = found.locator("[data-hit=output]", has_text="No such file or directory")
    await expect(printed.first).to_be_visible()
    await alice.screenshot("search")
    await hit.click()
    await expect(row(page, "ls /no-such-place")).to_have_attribute("aria-current", "step")

    await page.goto(f"{page.url.split('/sessions/')[0]}/search?q=no-such-place&person=nobody")
    await expect(page.locator("[data-empty]")).to_contain_text("Nothing was found")


def row(page: Page, line: str) -> Locator:
    """The row of a command whose line, or its first one, is this."""
    exactly = re.compile(f"^{re.escape(line)}")
    return page.locator("[data-command]").filter(has=page.locator("code", has_text=exactly))
