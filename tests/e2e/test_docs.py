"""Runs every command of the documentation and compares what the pages show with what happens.

docs/contributing.md says how pages are written. PREDEPLOY_DOCS=update writes the outputs into the
pages in place of failing."""

import os
import pathlib
import sys

import pytest
import world

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "docs"))

import gate  # noqa: E402
import normalise  # noqa: E402
import pages  # noqa: E402
import picture  # noqa: E402
import run  # noqa: E402

UPDATE = os.environ.get("PREDEPLOY_DOCS") == "update"
PAGES = [pages.Page(path) for path in pages.all_pages()]

# The pages show what users run, who have no sanitizer; other tests run those builds.
pytestmark = pytest.mark.plain


@pytest.fixture(scope="session")
def docs_server(session_folder):
    """A server of the pages' own: they make roles and databases as they like."""
    folder = session_folder / "docs"
    folder.mkdir()
    server = world.Server(folder)
    yield server
    server.stop()


def cases():
    found = []
    for page in PAGES:
        consoles = [block.world for block in page.consoles() if not block.not_run]
        if not consoles:
            continue
        worlds = range(len(page.worlds))
        for number in [None] if UPDATE else worlds:
            name = page.name if number in (None, 0) else f"{page.name}-{number + 1}"
            found.append(pytest.param(page, number, id=name))
    return found


@pytest.mark.parametrize("page, number", cases())
def test_page(page, number, tmp_path, request):
    running = run.Run(page, tmp_path, lambda: request.getfixturevalue("docs_server"))
    for one in range(len(page.worlds)) if number is None else [number]:
        running.world(one)
    if UPDATE and running.edits:
        running.update()
        running.differing.clear()
    told = "\n\n".join(running.wrong + running.differing)
    if told:
        pytest.fail(told, pytrace=False)


def test_picture(docs_server, tmp_path):
    """docs/pictures/record draws it anew."""
    text = gate.FILE.read_text(encoding="utf-8")
    rows = gate.record(tmp_path / "run", lambda: docs_server)
    real = picture.read(picture.svg(rows, gate.TITLE))
    assert normalise.lines(picture.read(text)) == normalise.lines(real)
    assert not [line for line in real if len(line) > picture.COLUMNS]
    assert "/tmp/" not in text and "<script" not in text and "href" not in text


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_every_console_block_is_run_or_says_why_not(page):
    wrong = []
    for block in page.consoles():
        if block.not_run is None and block.world < 0:
            wrong.append(f"{page.name}:{block.line}: no world, and no word why it is not run")
        block.commands()
    assert not wrong, "\n".join(wrong)


def test_contributing_names_every_world():
    text = (pages.ROOT / "docs/contributing.md").read_text()
    assert not [name for name in run.worlds.WORLDS if f"`{name}`" not in text]


WORDS = "a1b2c3d Customers"


@pytest.mark.parametrize(
    "shown, real, same",
    [
        (["one"], ["one"], True),
        (["one"], ["two"], False),
        (["one"], ["one", "two"], False),
        (["one", "two"], ["one"], False),
        (["one", "..."], ["one", "two", "three"], True),
        (["...", "three"], ["one", "two", "three"], True),
        (["...", "two"], ["one", "two", "three"], False),
        (["one", "...", "three"], ["one", "three"], True),
        (["..."], [], True),
        (["check 6683a88 " + WORDS], ["check 1234567 " + WORDS], True),
        (["  1 ✔ 0001_customers  1 ms"], ["  1 ✔ 0001_customers    12.5 ms"], True),
        (["  1 ✔ 0001_customers  1 ms"], ["  2 ✔ 0001_customers  1 ms"], False),
        (["  caret ^"], ["    caret ^"], False),
        (["at 2026-03-01 09:30:00 UTC"], ["at 2027-04-02 10:31:01 UTC"], True),
        (["2026-03-01T09:30:00Z"], ["2027-04-02T10:31:01Z"], True),
        (["shop on localhost:5432"], ["shop on localhost:40123"], True),
        (["3 tables"], ["4 tables"], False),
        (["ready"], ["[1/2] 0001_a: CREATE TABLE a, 2 s", "ready", "  slowest   0001_a, 2 s"], True),
        (["20261122202714_customers"], ["20270101000000_customers"], True),
    ],
)
def test_normalised(shown, real, same):
    assert normalise.same(shown, real) is same
