"""Pages without a connection: what a browser may still show, to whom, and that nothing on it pretends to work.

The worker needs a secure context, which ``localhost`` is; on plain HTTP elsewhere there is none (``PLAIN_HTTP``).
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.crash.server import until

from .room import PLAIN_HTTP, answer_field, scripted, send, sign_up

Visit = Callable[..., Any]
KEPT = """async () => {
  const found = {};
  for (const name of await caches.keys())
    found[name] = (await (await caches.open(name)).keys()).map(({ url }) => new URL(url).pathname);
  return found;
}"""
THREE = {"/", "/practice/", "/sessions/"}
BANNER = "[data-offline]"


@pytest.fixture
def visit(chromium: Any, site: str) -> Iterator[Visit]:
    """A page of somebody who comes for the first time; with ``email``, with an account."""
    contexts: list[Any] = []

    def visit_(*scripts: str, email: str = "", **options: Any) -> Any:
        context = chromium.new_context(base_url=site, **options)
        contexts.append(context)
        for script in scripts:
            context.add_init_script(script)
        page = context.new_page()
        if email:
            sign_up(page, email)
        page.goto("/")
        return page

    yield visit_
    for context in contexts:
        context.close()


def somebody() -> str:
    return f"{uuid.uuid4().hex[:12]}@example.com"


def copies(page: Any) -> set[str]:
    """The pages that this browser keeps, the one about being offline aside."""
    kept = page.evaluate(KEPT)
    return {path for name, paths in kept.items() if name.startswith("copies-") for path in paths} - {"/offline"}


def wait_for_copies(page: Any, *paths: str) -> None:
    until(lambda: copies(page) >= set(paths) or page.wait_for_timeout(50), 20)


def see_all_three(page: Any) -> None:
    for path in sorted(THREE):
        page.goto(path)
        wait_for_copies(page, path)


def start_practice(page: Any) -> str:
    """To the page before it starts; its address."""
    page.goto("/")
    page.get_by_role("button", name="Start System design").click()
    expect(page.get_by_role("button", name="Begin interview")).to_be_visible()
    return str(page.url)


def is_offline_page(page: Any) -> bool:
    return bool(page.get_by_role("heading", level=1, name="No connection").count())


# -- what is shown -------------------------------------------------------------------------------------------------


def test_three_pages_are_shown_as_they_were_seen_last_and_say_since_when(visit: Visit) -> None:
    page = visit(email=somebody())
    start_practice(page)
    see_all_three(page)
    page.context.set_offline(True)
    for path, words in (("/", "Practise an interview."), ("/practice/", "Practice"), ("/sessions/", "My interviews")):
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_contain_text(words)
        expect(page.locator(BANNER)).to_have_text(re.compile(r"^Shown from \d\d:\d\d: there is no connection now"))
        assert page.evaluate("getComputedStyle(document.body).fontFamily").startswith('"Figtree')
    expect(page.locator("main")).to_contain_text("System design")
    begin = page.get_by_role("link", name="Begin System design")  # one that looks like a button
    expect(begin).to_have_attribute("aria-disabled", "true")
    begin.click(force=True)
    page.wait_for_timeout(300)
    assert page.url.endswith("/sessions/")


def test_on_a_copy_no_button_pretends_to_work(visit: Visit) -> None:
    page = visit()
    wait_for_copies(page, "/")
    page.context.set_offline(True)
    page.goto("/")
    start = page.get_by_role("button", name="Start System design")
    expect(start).to_have_attribute("aria-disabled", "true")
    banner = page.locator(BANNER)
    expect(banner).to_contain_text("Buttons work again")
    start.click(force=True)
    expect(banner).to_be_in_viewport()
    assert page.url.endswith("/")
    tokens = page.locator("[name=csrfmiddlewaretoken]").evaluate_all("all => all.map(({ value }) => value)")
    assert tokens and set(tokens) == {""}
    page.context.set_offline(False)
    expect(banner).to_contain_text("You’re back.")
    start.click(force=True)
    assert page.url.endswith("/")  # its token is gone: first the page as it is now
    banner.get_by_role("link", name="Load the page again").click()
    expect(start).not_to_have_attribute("aria-disabled", "true")
    start.click()
    expect(page.get_by_role("button", name="Begin interview")).to_be_visible()


def test_an_old_copy_is_not_shown(visit: Visit) -> None:
    page = visit()
    wait_for_copies(page, "/")
    page.evaluate(
        """async () => {
          const name = (await caches.keys()).find((one) => one.startsWith("copies-"));
          const cache = await caches.open(name);
          const kept = await cache.match("/", { ignoreVary: true });
          const headers = new Headers(kept.headers);
          headers.set("X-Kept-At", new Date(Date.now() - 8 * 24 * 3600 * 1000).toISOString());
          await cache.put("/", new Response(await kept.text(), { headers }));
        }"""
    )
    page.context.set_offline(True)
    page.goto("/")
    assert is_offline_page(page)


def test_everything_else_is_a_page_that_says_so_and_nothing_else_is_kept(visit: Visit) -> None:
    page = visit()
    start_practice(page)
    page.get_by_role("button", name="Begin interview").click()
    scripted(page)
    send(page, "A word that is nowhere kept")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Question 2", timeout=20_000)
    expect(answer_field(page)).to_be_visible(timeout=20_000)
    room = page.url
    for path in (f"{room}transcript", "/sessions/?status=unfinished", "/practice/?topic=", "/sessions/insights"):
        page.goto(path)
    see_all_three(page)
    assert copies(page) == THREE
    kept = page.evaluate(KEPT)
    assert all(re.match(r"(files|copies)-", name) for name in kept)
    paths = {path for name, found in kept.items() if name.startswith("files-") for path in found}
    assert all(path.startswith("/static/") for path in paths - {"/offline"})
    assert not page.evaluate(
        """async () => {
          for (const name of await caches.keys()) {
            const cache = await caches.open(name);
            for (const request of await cache.keys())
            {
              const kept = await cache.match(request, { ignoreVary: true });
              if ((await kept.text()).includes("nowhere kept")) return true;
            }
          }
          return false;
        }"""
    )
    page.context.set_offline(True)
    for path in (room, f"{room}transcript", "/sessions/?status=unfinished", "/help/"):
        answer = page.goto(path)
        assert answer.status == 503
        assert is_offline_page(page)
    with pytest.raises(Exception, match="ERR_INTERNET_DISCONNECTED"):
        page.goto("/admin/")  # staff get their browser's own words
    page.context.set_offline(False)
    page.goto(room)
    expect(answer_field(page)).to_be_visible()


def test_the_page_that_says_so_speaks_the_language_that_was_chosen(visit: Visit) -> None:
    page = visit()
    wait_for_copies(page, "/")
    page.get_by_text("Display", exact=True).click()
    page.get_by_role("button", name="Deutsch").click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    wait_for_copies(page, "/")
    page.context.set_offline(True)
    page.goto("/help/")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    page.goto("/")
    expect(page.locator("html")).to_have_attribute("lang", "de")


# -- whose it is ---------------------------------------------------------------------------------------------------


def cannot_see_the_list(page: Any) -> None:
    page.context.set_offline(True)
    page.goto("/sessions/")
    assert is_offline_page(page)
    page.context.set_offline(False)


@pytest.fixture
def anns(visit: Visit) -> Any:
    """Ann's browser, with her list in it."""
    page = visit(email=somebody())
    start_practice(page)
    see_all_three(page)
    return page


def test_signing_out_takes_the_copies_along(anns: Any) -> None:
    anns.goto("/logout")
    anns.locator("main").get_by_role("button", name="Sign out").click()
    expect(anns.get_by_role("link", name="Sign in")).to_be_visible()
    until(lambda: "/sessions/" not in copies(anns) or anns.wait_for_timeout(50), 10)
    cannot_see_the_list(anns)


def test_so_does_the_first_page_of_another_person(anns: Any, visit: Visit) -> None:
    """However they came to be signed in: no form went out that the worker could know of."""
    cookies = visit(email=somebody()).context.cookies()
    anns.context.clear_cookies()
    anns.context.add_cookies(cookies)
    anns.goto("/help/")
    until(lambda: not copies(anns) or anns.wait_for_timeout(50), 10)
    cannot_see_the_list(anns)


def test_so_does_another_person_who_signs_in(anns: Any) -> None:
    anns.context.clear_cookies()
    sign_up(anns, somebody())
    anns.context.set_offline(True)
    anns.goto("/sessions/")  # the other one's own, where it was seen
    expect(anns.locator("main")).not_to_contain_text("System design")


def test_so_does_a_sign_in_that_no_page_follows(anns: Any) -> None:
    """As in a room whose person was signed out: the dialog sends the form, and the page stays."""
    anns.evaluate(
        """() => {
          const body = new FormData();
          body.set("csrfmiddlewaretoken", document.cookie.match(/csrftoken=(\\w+)/)[1]);
          body.set("login", "somebody@example.com");
          body.set("password", "wrong, which makes no difference");
          return fetch("/login", { method: "POST", body });
        }"""
    )
    until(lambda: not copies(anns) or anns.wait_for_timeout(50), 10)


def test_on_a_shared_computer_no_list_is_kept(visit: Visit) -> None:
    page = visit(email=somebody())
    see_all_three(page)
    start_practice(page)
    page.get_by_label(re.compile("shared computer")).check()
    page.get_by_role("button", name="Begin interview").click()
    scripted(page)
    for path in ("/sessions/", "/", "/sessions/"):
        page.goto(path)
        page.wait_for_timeout(300)
    assert copies(page) == set()
    cannot_see_the_list(page)


def test_an_erased_account_leaves_nothing(anns: Any) -> None:
    anns.goto("/account/erase")
    anns.locator("main input[type=password]").fill("quiet-harbour-94")
    anns.get_by_label("Yes, erase everything for good").check()
    anns.get_by_role("button", name="Erase for good").click()
    expect(anns.get_by_role("heading", level=1)).to_contain_text("Everything is erased")
    until(lambda: copies(anns) == set() or anns.wait_for_timeout(50), 10)


# -- new files, and browsers without a worker ----------------------------------------------------------------------


def test_what_is_kept_never_takes_the_place_of_what_the_server_has(visit: Visit) -> None:
    page = visit()
    wait_for_copies(page, "/")
    page.evaluate(
        """async () => {
          for (const name of await caches.keys()) {
            const cache = await caches.open(name);
            for (const request of await cache.keys()) await cache.put(request, new Response("old"));
          }
        }"""
    )
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Practise an interview.")
    assert page.evaluate("getComputedStyle(document.body).fontFamily").startswith('"Figtree')


def test_a_new_worker_drops_what_the_one_before_kept(visit: Visit) -> None:
    page = visit()
    wait_for_copies(page, "/")
    page.evaluate(
        """async () => {
          await (await caches.open("files-of-before")).put("/static/css/app.old.css", new Response("old"));
          await (await caches.open("copies-of-before")).put("/sessions/", new Response("old"));
          await (await navigator.serviceWorker.getRegistration()).unregister();
        }"""
    )
    context = page.context
    page.close()  # as long as a page of it is open, a worker is taken back into service
    page = context.new_page()
    page.wait_for_timeout(500)
    page.goto("/practice/")
    until(
        lambda: not {"files-of-before", "copies-of-before"} & set(page.evaluate(KEPT)) or page.wait_for_timeout(50), 20
    )
    wait_for_copies(page, "/practice/")


def test_on_plain_http_it_is_as_if_there_were_no_worker(visit: Visit) -> None:
    wrong: list[str] = []
    page = visit(PLAIN_HTTP)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    start_practice(page)
    page.goto("/sessions/")
    page.wait_for_timeout(500)
    assert page.evaluate("caches.keys()") == []
    page.context.set_offline(True)
    expect(page.locator(BANNER)).to_contain_text("You’re offline.")
    with pytest.raises(Exception, match="ERR_INTERNET_DISCONNECTED"):
        page.goto("/sessions/")
    assert wrong == []


# -- a page that is open when the connection goes ------------------------------------------------------------------


@pytest.mark.parametrize("scripts", [(), (PLAIN_HTTP,)], ids=["worker", "plain"])
def test_start_waits_for_the_connection_and_says_why(scripts: tuple[str, ...], visit: Visit) -> None:
    page = visit(*scripts)
    page.context.set_offline(True)
    banner = page.locator(BANNER)
    expect(banner).to_have_text("You’re offline. You need a connection to start.")
    start = page.get_by_role("button", name="Start System design")
    expect(start).to_have_attribute("aria-disabled", "true")
    start.click(force=True)
    expect(banner).to_be_in_viewport()
    page.context.set_offline(False)
    expect(banner).to_be_empty()
    start.click()
    expect(page.get_by_role("button", name="Begin interview")).to_be_visible()


def test_before_an_interview_what_was_chosen_stays_and_begin_waits(visit: Visit) -> None:
    page = visit()
    start_practice(page)
    page.get_by_label(re.compile("No limit")).check()
    page.context.set_offline(True)
    expect(page.locator(BANNER)).to_contain_text("you can begin when you’re back")
    begin = page.get_by_role("button", name="Begin interview")
    begin.click(force=True)
    expect(page.get_by_label(re.compile("No limit"))).to_be_checked()
    page.context.set_offline(False)
    expect(begin).to_have_attribute("aria-disabled", "false")
    begin.click()
    scripted(page)
    expect(page.locator(".bar")).to_contain_text("No time limit")


def test_at_the_end_it_says_when_the_result_is_shown(visit: Visit) -> None:
    page = visit()
    start_practice(page)
    page.get_by_role("button", name="Begin interview").click()
    scripted(page)
    send(page, "The only answer.")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Question 2", timeout=20_000)
    page.goto(f"{page.url}end")
    page.context.set_offline(True)
    expect(page.locator(BANNER)).to_contain_text("you can finish when you’re back")
    page.context.set_offline(False)
    page.get_by_role("button", name="Finish anyway").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Finished")
    page.wait_for_load_state("load")
    page.context.set_offline(True)
    expect(page.locator(BANNER)).to_have_text("You’re offline. We’ll show the result when you’re back.")


def test_a_server_on_this_machine_needs_no_network(visit: Visit) -> None:
    """The browser knows of no network, and everything works."""
    page = visit("Object.defineProperty(Navigator.prototype, 'onLine', { get: () => false });")
    page.evaluate("dispatchEvent(new Event('offline'))")
    page.wait_for_timeout(500)
    expect(page.locator(BANNER)).to_be_empty()
    page.get_by_role("button", name="Start System design").click()
    expect(page.get_by_role("button", name="Begin interview")).to_be_visible()
