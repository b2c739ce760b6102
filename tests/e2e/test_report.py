"""`bench report` as a reader meets it: the command, and the page in a real browser.

A page that says anything on its console, fails, or asks for anything but itself fails its test.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect

from bench.rows import schema, store
from bench.rows.schema import Key, Row

Open = Callable[..., Page]
EVIL = "<img src=x onerror=\"document.title='evil'\">"
LABEL = "</script><script>document.title='evil'</script>"
ERROR = "<b>bad</b> {{data}}\nTraceback <i>…</i>"
ROUNDS = 4
MAIN, SMALL = "#atis-alise-tagger", "#digits-quick-lenet"
STRATEGIES = [EVIL, "alise", "full", "lc", "random"]


def cell(strategy: str, seed: int, gain: float, **changes: Any) -> list[Row]:
    """A cell of made-up rounds; `full` has one."""
    count = 1 if strategy == "full" else ROUNDS
    rows = []
    for number in range(count):
        last = number + 1 == count
        values = {
            **dict.fromkeys(("learner_params", "params", "config"), "{}"),
            **{"bench_version": "1.2.3", "rules_version": schema.RULES_VERSION},
            **dict.fromkeys(("data_digest", "config_digest", "code_digest"), "ab" * 32),
            **dict.fromkeys(("own_score", "own_metrics", "own_fit_seconds", "error", "notes")),
            **{"task": "atis", "protocol": "alise", "learner": "tagger", "strategy": strategy},
            **{"seed": seed, "round": number, "items": 300 * (number + 1)},
            **{"words": (3000 + 10 * seed) * (number + 1), "entities": 0, "duplicates": number},
            "labels": {"city": 90 * (number + 1), LABEL: 10 * (number + 1) ** 2},
            "score": 0.5 + gain * (number + 1) + 0.003 * (seed * 7 % 5),
            **{"metrics": {}, "fit_seconds": 10.0, "evaluation_seconds": 0.1},
            "acquisition_seconds": None if last else 20 * gain,
            "pass_seconds": None if last else 0.5,
            "initial": () if number else (0, 1),
            "selected": () if last else tuple(range(40 * number, 40 * number + round(200 * gain))),
            **{"status": "ok", "device": "cpu", "isolation": "none", "executor": "serial"},
            "environment": f'{{"cpu":"model {seed % 2}"}}',
            **{"unit": "items", "synthetic": False, "schema_version": schema.SCHEMA_VERSION},
            "created": datetime(2026, 1, 1 + seed, tzinfo=UTC),
        }
        rows.append(Row(**(values | changes)))
    return rows


def cells() -> Iterator[list[Row]]:
    """A board of five seeds with all there is, and a preliminary one, of inputs without words."""
    own = {"own_score": 0.5, "own_metrics": {}, "own_fit_seconds": 1.0}
    for seed in range(5):
        yield cell("random", seed, 0.05)
        yield cell("lc", seed, 0.08)
        yield cell("alise", seed, 0.06, **own)
        yield cell(EVIL, seed, 0.075)
        yield cell("full", seed, 0.24)
    failed = {"status": "failed", "error": ERROR, "score": None, "metrics": None}
    yield cell("lc", 5, 0.08)[:2]
    yield [cell("nse", 1, 0.06, **failed)[0]]
    for seed in range(2):
        place = {"task": "digits", "protocol": "quick", "learner": "lenet", "words": 0}
        yield cell("random", seed, 0.05, **place, labels={"7": 3})
        yield cell("lc", seed, 0.06, **place, labels={"7": 3})


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with results and, beside them, their page."""
    folder = tmp_path_factory.mktemp("a site, with % and #")
    for rows in cells():
        key = Key(*(getattr(rows[0], name) for name in Key._fields))
        store.write(store.path(folder / "results", key), rows)
    done = report("results", "--out", "index.html", cwd=folder)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "index.html\n")
    return folder


def report(*args: object, cwd: Path, **env: str) -> "subprocess.CompletedProcess[str]":
    root = os.pathsep.join([*filter(None, [env.get("PYTHONPATH")]), str(Path(__file__).parents[2])])
    return subprocess.run(
        [sys.executable, "-m", "bench", "report", *map(str, args)],
        cwd=cwd,
        env=os.environ | env | {"PYTHONPATH": root},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def open_page(browser: Browser, site: Path) -> Iterator[Open]:
    """Opens the page in a window of its own, and hears all that should not be heard of it."""
    heard: list[str] = []
    contexts = []

    def hear(message: ConsoleMessage) -> None:
        heard.append(f"{message.type}: {message.text}")

    def open_page(end: str = MAIN, width: int = 1280, **context: Any) -> Page:
        contexts.append(browser.new_context(viewport={"width": width, "height": 900}, **context))
        page = contexts[-1].new_page()
        home = (site / "index.html").as_uri()
        page.on("console", hear)
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on("request", lambda ask: ask.url.startswith(home) or heard.append(ask.url))
        page.on("dialog", lambda dialog: heard.append(dialog.message) or dialog.dismiss())
        page.goto(home + end)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert heard == []


def table(page: Page, key: str) -> Locator:
    return page.locator(f"section[data-key={key}]")


def texts(page: Page, key: str, column: str) -> list[str]:
    """A column of a table as it is shown."""
    shown: list[str] = table(page, key).evaluate(
        """(section, column) => {
            const heads = [...section.querySelectorAll('thead th:not([hidden])')];
            const place = heads.findIndex((each) => each.textContent === column);
            const rows = [...section.querySelectorAll('tbody tr')];
            return rows.map((row) => row.children[place].innerText);
        }""",
        column,
    )
    return shown


def head(page: Page, key: str, column: str) -> Locator:
    return table(page, key).get_by_role("button", name=column, exact=True)


def lines(page: Page, which: str = "") -> Locator:
    """The learning curves; `which` is a selector."""
    return page.locator(f"section:has(> #curve-title) .mark-line path{which}")


def numbers(shown: list[str]) -> list[float]:
    return [float(text.split()[0].replace(",", "")) for text in shown]


def test_the_page_shows_a_board(open_page: Open) -> None:
    page = open_page()
    expect(page.locator("#board-title")).to_have_text("atis · alise · tagger")
    assert texts(page, "comparison", "strategy") == ["lc", EVIL, "alise", "random"]
    assert texts(page, "comparison", "vs random")[-1] == "—"
    assert texts(page, "comparison", "rank")[0].startswith("● 1")
    expect(page.locator("#overall")).to_contain_text(f"cpu, rules {schema.RULES_VERSION}")
    expect(lines(page)).to_have_count(4)
    expect(page.locator("#facts")).to_contain_text("0.746 ± 0.005 (5 seeds)")
    titles = page.locator("#content h3").all_inner_texts()
    assert page.locator("#contents a").all_inner_texts() == titles
    assert len(titles) == 14


def test_a_preliminary_board_has_no_ranks_and_no_words(open_page: Open) -> None:
    page = open_page(SMALL)
    expect(page.locator("#board-title")).to_contain_text("preliminary")
    header = table(page, "comparison").locator("thead").inner_text()
    assert "rank" not in header
    assert texts(page, "comparison", "seeds") == ["2†", "2†"]
    assert page.locator("section[data-key=words], section[data-key=full]").count() == 0
    expect(page.get_by_label("words", exact=True)).to_have_count(0)


@pytest.mark.parametrize("key", ["click", "Enter", "Space"])
def test_sorting_by_value(open_page: Open, key: str) -> None:
    page = open_page()
    button = head(page, "full", "95 % of full")
    before = texts(page, "full", "95 % of full")

    def press() -> list[str]:
        if key == "click":
            button.click()
        else:
            button.focus()
            page.keyboard.press(key)
        return texts(page, "full", "95 % of full")

    assert before[-1] == "not reached"
    known = sorted(before[:-1], key=lambda text: numbers([text]))
    assert len(known) == 3
    assert press() == [*known[::-1], "not reached"]
    cell = button.locator("xpath=..")
    assert cell.get_attribute("aria-sort") == "descending"
    assert press() == [*known, "not reached"]
    assert cell.get_attribute("aria-sort") == "ascending"
    expect(button).to_be_visible()


def test_sorting_is_numeric_and_stable(open_page: Open) -> None:
    page = open_page()
    head(page, "provenance", "strategy").dblclick()
    head(page, "provenance", "seed").click()
    seeds = texts(page, "provenance", "seed")
    assert seeds == sorted(seeds, key=int, reverse=True)
    names = sorted([EVIL, "alise", "full", "random", "lc"], reverse=True)
    assert texts(page, "provenance", "strategy")[:6] == ["lc", *names]
    head(page, "cost", "passes").click()
    passes = numbers(texts(page, "cost", "passes"))
    assert passes == sorted(passes, reverse=True)
    assert len({*passes}) == 4


def test_filtering_rows(open_page: Open) -> None:
    page = open_page()
    page.locator("#filter").fill("LC seed3")
    assert texts(page, "provenance", "strategy") == ["lc"]
    assert texts(page, "provenance", "seed") == ["3"]
    expect(page.locator("#count")).to_have_text("4 of 4 strategies, 1 rows")
    expect(table(page, "comparison").locator("tbody")).to_have_text("No row is left by the filter.")
    page.locator("#filter").fill("")
    assert len(texts(page, "comparison", "strategy")) == 4


def test_switching_strategies(open_page: Open) -> None:
    page = open_page()
    expect(lines(page)).to_have_count(4)
    stroke = lines(page).first.get_attribute("stroke")
    page.get_by_label("lc", exact=True).uncheck()
    expect(lines(page)).to_have_count(3)
    assert stroke not in [line.get_attribute("stroke") for line in lines(page).all()]
    assert "lc" not in texts(page, "comparison", "strategy")
    assert "lc" not in table(page, "wins").locator("thead").inner_text().split()
    assert "lc" not in "".join(texts(page, "pairs", "strategy") + texts(page, "pairs", "and"))
    expect(page.locator("section:has(> #overlap-title) .mark-rect path")).to_have_count(9)
    page.get_by_role("button", name="None", exact=True).click()
    expect(lines(page)).to_have_count(0)
    expect(page.locator("#count")).to_have_text("0 of 4 strategies")
    page.get_by_role("button", name="All", exact=True).click()
    expect(lines(page)).to_have_count(4)


def test_pointing_at_a_strategy_brings_it_forward(open_page: Open) -> None:
    page = open_page()
    expect(lines(page)).to_have_count(4)
    page.locator("#switches label", has_text="lc").hover()
    expect(lines(page, "[opacity='1']")).to_have_count(1)


def test_whoever_is_switched_off_leaves_the_others_in_colour(open_page: Open) -> None:
    page = open_page()
    expect(lines(page)).to_have_count(4)
    page.locator("#switches input").nth(1).focus()
    page.keyboard.press("Space")
    expect(lines(page)).to_have_count(3)
    expect(lines(page, "[opacity='1']")).to_have_count(3)
    page.keyboard.press("Space")
    expect(lines(page, "[opacity='1']")).to_have_count(1)
    page.locator("#filter").focus()
    expect(lines(page, "[opacity='1']")).to_have_count(4)


def test_near_identical_selections_are_framed(open_page: Open) -> None:
    page = open_page()
    cells = page.locator("section:has(> #overlap-title) .mark-rect path")
    expect(cells).to_have_count(16)
    framed = [each.get_attribute("aria-label") for each in cells.all() if _framed(each)]
    assert framed == [f"lc and {EVIL}: 0.94", f"{EVIL} and lc: 0.94"]
    assert texts(page, "pairs", "picks")[0] == "≈ near-identical"


def _framed(cell: Locator) -> bool:
    return cell.get_attribute("stroke") == "var(--ink)"


def test_one_strategy_has_one_colour(open_page: Open) -> None:
    page = open_page()
    expect(lines(page)).to_have_count(4)
    switches = page.locator("#switches .swatch path:first-child").all()
    colours = [each.get_attribute("stroke") for each in switches]
    assert [each.get_attribute("stroke") for each in lines(page).all()] == colours
    prices = page.locator("section:has(> #price-title) .mark-symbol path").all()
    assert [each.get_attribute("fill") for each in prices] == colours
    rows = table(page, "cost").locator(".swatch path:first-child").all()
    assert [each.get_attribute("stroke") for each in rows] == colours
    assert len({*colours}) == 4


def test_curves_over_words_and_of_own_models(open_page: Open) -> None:
    page = open_page()
    chart = page.locator("section:has(> #curve-title)")
    expect(chart.locator(".role-axis-title").first).to_have_text("budget (items)")
    page.get_by_label("own models, dotted (over budget)").check()
    expect(lines(page)).to_have_count(5)
    chart.get_by_label("words").check()
    expect(chart.locator(".role-axis-title").first).to_have_text("words")
    expect(lines(page)).to_have_count(4)
    points = chart.locator(".mark-symbol path")
    label = points.first.get_attribute("aria-label") or ""
    found = re.match(r"lc, ([\d,]+) words: ([\d.]+)", label)
    assert found is not None
    assert texts(page, "words", found[1])[0].startswith(found[2])


def test_area_against_seconds_and_passes(open_page: Open) -> None:
    page = open_page()
    chart = page.locator("section:has(> #price-title)")
    expect(chart.locator(".role-axis-title").first).to_have_text("acquisition, passes")
    expect(chart.locator(".mark-symbol path")).to_have_count(4)
    chart.get_by_label("seconds").check()
    expect(chart.locator(".role-axis-title").first).to_have_text("acquisition, seconds")
    label = chart.locator(".mark-symbol path").first.get_attribute("aria-label") or ""
    assert label.startswith("lc, 1.6 seconds: 0.7")


def test_a_board_has_an_address(open_page: Open) -> None:
    page = open_page("")
    expect(page.locator("#board-title")).to_have_text("atis · alise · tagger")
    assert urlsplit(page.url).fragment == ""
    page.locator("#choice").select_option("digits · quick · lenet")
    expect(page.locator("#board-title")).to_contain_text("digits")
    assert urlsplit(page.url).fragment == SMALL[1:]
    page.locator("#index").get_by_role("link", name="atis").click()
    expect(page.locator("#board-title")).to_contain_text("atis")
    expect(page.locator("#choice")).to_have_value(MAIN[1:])
    top = "document.querySelector('#board').getBoundingClientRect().top"
    assert page.evaluate(f"(scrollTo(0, 0), {top})") > 500
    page.locator("#index").get_by_role("link", name="atis").click()  # again
    page.wait_for_function(f"{top} < 50", timeout=5000)
    page.go_back()
    expect(page.locator("#board-title")).to_contain_text("digits")
    page.reload()
    expect(page.locator("#board-title")).to_contain_text("digits")
    assert page.locator("#content section").count() < 12  # of one board alone


def test_a_part_of_a_board_has_an_address(open_page: Open) -> None:
    page = open_page(f"{MAIN}/cost")
    expect(page.locator("#cost-title")).to_be_in_viewport()
    page.locator("#contents").get_by_role("link", name="Where it comes from").click()
    expect(page.locator("#provenance-title")).to_be_in_viewport()
    expect(page.locator("#provenance-title")).to_be_focused()
    assert page.url.endswith(f"{MAIN}/provenance")


def test_finding_a_board(open_page: Open) -> None:
    page = open_page()
    page.locator("#find").fill("lenet DIGITS")
    assert page.locator("#index tbody th").all_inner_texts() == ["digits · quick · lenet"]


def test_by_keyboard_alone(open_page: Open) -> None:
    page = open_page("")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the board")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#board")).to_be_focused()
    seen = page.evaluate(
        """() => { window.seen = new Set();
        addEventListener('focusin', (event) => window.seen.add(event.target));
        document.activeElement.blur(); scrollTo(0, 0); }"""
    )
    assert seen is None
    asked = "a[href], button:not([disabled]), input, select, summary, .box"
    count = page.locator(f"{asked} >> visible=true").count()
    for _ in range(count + 20):
        page.keyboard.press("Tab")
    missed = page.evaluate(
        """(asked) => [...document.querySelectorAll(asked)]
        .filter((each) => each.checkVisibility() && !window.seen.has(each) && each.type !== 'radio')
        .map((each) => each.outerHTML)""",
        asked,
    )
    assert missed == []
    page.locator("#switches input").first.focus()
    page.keyboard.press("Space")
    expect(lines(page)).to_have_count(3)


def test_what_has_the_focus_is_seen(open_page: Open) -> None:
    page = open_page()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    style = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.evaluate(style) == "solid"


def test_light_and_dark(open_page: Open) -> None:
    page = open_page(color_scheme="light")
    expect(lines(page)).to_have_count(4)

    def luminance(what: Locator, name: str) -> int:
        colour = what.evaluate(f"(each) => getComputedStyle(each).{name}")
        return sum(map(int, re.findall(r"\d+", colour)[:3]))

    label = page.locator("section:has(> #curve-title) .role-axis-label text").first
    parts = ((page.locator("body"), "backgroundColor"), (page.locator("body"), "color"))
    light = [luminance(*part) for part in (*parts, (label, "fill"))]
    stroke = luminance(lines(page).first, "stroke")
    page.emulate_media(color_scheme="dark")
    dark = [luminance(*part) for part in (*parts, (label, "fill"))]
    assert light[0] > 700 > 100 > dark[0]
    assert light[1] < 150 < 600 < dark[1]
    assert light[2] < 330 < 400 < dark[2]
    assert luminance(lines(page).first, "stroke") != stroke
    page.emulate_media(media="print", color_scheme="dark")
    assert luminance(page.locator("body"), "backgroundColor") == light[0]
    expect(page.locator("aside")).to_be_hidden()


@pytest.mark.parametrize("end", [MAIN, SMALL])
def test_a_phone_scrolls_tables_but_not_the_page(open_page: Open, end: str) -> None:
    page = open_page(end, width=375)
    assert page.evaluate("document.documentElement.scrollWidth") == 375
    box = table(page, "scores").locator(".box")
    first = box.locator("tbody th").first
    inner, outer = "(each) => each.scrollWidth", "(each) => each.clientWidth"
    assert box.evaluate(inner) > box.evaluate(outer)
    before = first.bounding_box()
    box.evaluate("(each) => { each.scrollLeft = 150; }")
    assert box.evaluate("(each) => each.scrollLeft") == 150
    assert first.bounding_box() == before


def test_names_stay_texts(open_page: Open) -> None:
    page = open_page()
    expect(lines(page)).to_have_count(4)
    assert page.locator("#content img, #board img, b, i").count() == 0
    assert EVIL in page.locator("#switches").inner_text()
    assert LABEL in table(page, "picks").locator("thead").inner_text()
    reason = table(page, "incomplete")
    reason.locator("summary").click()
    assert ERROR.split("\n")[0] in reason.inner_text()
    assert "Traceback <i>…</i>" in reason.inner_text()
    page.locator("section:has(> #price-title) .mark-symbol path").nth(1).hover()
    expect(page.locator("#vg-tooltip-element")).to_contain_text(EVIL)
    assert page.title() == "Labelworth: results"


def test_no_text_becomes_code(browser: Browser, site: Path) -> None:
    """Should a name ever get into the page as markup, its policy is what still holds."""
    context = browser.new_context()
    page = context.new_page()
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text))
    page.goto((site / "index.html").as_uri())
    page.evaluate("setTimeout(() => Function('document.title = `evil`')())")
    page.evaluate("(evil) => { document.querySelector('h1').innerHTML = evil; }", EVIL)
    page.evaluate("document.body.append(document.createElement('script'))")
    page.evaluate("document.body.lastChild.textContent = 'document.title = `evil`'")
    page.evaluate("fetch('https://example.org').catch(() => null)")
    page.wait_for_timeout(500)
    assert page.title() == "Labelworth: results"
    assert sum("Content Security Policy" in text for text in heard) >= 4
    context.close()


def test_links_lead_to_the_rows(open_page: Open, site: Path) -> None:
    page = open_page()
    links = table(page, "provenance").locator("tbody a[href$='.parquet']").all()
    assert len(links) == 27
    for link in links:
        path = Path(unquote(urlsplit(link.evaluate("(each) => each.href")).path))
        assert path.is_relative_to(site / "results")
        assert path.is_file()
        assert (link.get_attribute("href") or "").startswith("results/")


def test_every_environment_is_there_once(open_page: Open) -> None:
    page = open_page()
    table(page, "provenance").get_by_role("link", name="2", exact=True).first.click()
    summary = page.locator("#environment-2-title")
    expect(summary).to_be_in_viewport()
    details = page.locator("details", has=summary)
    expect(details.get_by_text("model 1")).to_be_visible()
    assert page.locator("#content details dl.environment").count() == 2


def test_an_environment_that_cannot_be_read_is_shown_as_it_is(open_page: Open, site: Path) -> None:
    text = (site / "index.html").read_text(encoding="utf-8")
    other = text.replace('{\\"cpu\\":\\"', "not JSON: ")
    (site / "index.html.html").write_text(other, encoding="utf-8")
    page = open_page(f".html{MAIN}/environments")
    page.locator("#environment-2-title").click()
    expect(page.locator("#content")).to_contain_text('not JSON: model 1"}')


def test_without_scripts_the_page_says_so(open_page: Open) -> None:
    page = open_page(java_script_enabled=False)
    expect(page.get_by_text("are drawn by the script")).to_be_visible()


def test_the_page_has_the_numbers_of_the_leaderboard(open_page: Open, site: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench", "leaderboard", site / "results", "--format", "json"],
        capture_output=True,
        check=True,
    )
    (board,) = (each for each in json.loads(done.stdout)["boards"] if each["task"] == "atis")
    page = open_page()
    areas = [f"{each['area']['mean']:.3f}" for each in board["entries"]]
    assert [text.split()[0] for text in texts(page, "comparison", "area [95 %]")] == areas
    gaps = [each["against_random"] for each in board["entries"]]
    shown = [text.split()[0] for text in texts(page, "comparison", "vs random")]
    assert shown == [f"{gap['mean']:+.3f}" if gap else "—" for gap in gaps]


def test_the_same_bytes_from_wherever_it_is_called(site: Path, tmp_path: Path) -> None:
    before = (site / "index.html").read_bytes()
    done = report(site / "results", "--out", site / "index.html", cwd=tmp_path)
    assert done.returncode == 0
    assert (site / "index.html").read_bytes() == before


def refused(done: "subprocess.CompletedProcess[str]") -> tuple[int, str]:
    """The exit code and the one line that a failing command says."""
    (line,) = done.stderr.splitlines()
    assert done.stdout == ""
    return done.returncode, line


def test_what_it_refuses(site: Path, tmp_path: Path) -> None:
    assert refused(report(cwd=tmp_path)) == (
        2,
        "Error: There is no folder runs to read results from.",
    )
    (tmp_path / "runs").mkdir()
    assert refused(report(cwd=tmp_path)) == (2, "Error: There are no results in runs yet.")
    code, line = refused(report(site / "results", "--out", "no/page.html", cwd=tmp_path))
    assert (code, line[:32]) == (4, "Error: Cannot write no/page.html")


def test_without_the_extra_it_says_what_to_install(site: Path, tmp_path: Path) -> None:
    (tmp_path / "vl_convert.py").write_text("raise ImportError('none here')")
    code, line = refused(report(site / "results", cwd=tmp_path, PYTHONPATH=str(tmp_path)))
    assert code == 2
    assert "vl_convert" in line
    assert "pip install 'labelworth[report]'" in line
