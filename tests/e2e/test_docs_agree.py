"""The pages agree with the binary and the source, with each other, and no link is dead."""

import ast
import re
import sys

import pytest
import world

sys.path.insert(0, str(world.ROOT / "tests/docs"))

import commands  # noqa: E402
import pages  # noqa: E402

PAGES = {path: pages.Page(path) for path in pages.all_pages()}
INDEX = world.ROOT / "docs/README.md"
IDS = [page.name for page in PAGES.values()]
# Files of these kinds hold commands as they are; those of predeploy are looked at all the same.
FILES = {"yaml", "json", "dockerfile", "toml", "sh", "bash", "make"}

pytestmark = pytest.mark.plain


def page(name):
    return PAGES[world.ROOT / name]


def hidden_commands(page):
    """Commands outside of console blocks: nobody would run them."""
    found = []
    for number, text in page.prose:
        # What is indented by four is a block of its own, but not in a list.
        if re.match(r" {4,}\S", text) and commands.LOOKS_LIKE_COMMAND.match(text):
            found.append((number, text))
    for block in page.blocks:
        if block.language != "console" and not (block.file or block.language in FILES):
            found += [(block.first + 1 + at, text) for at, text in enumerate(block.lines)
                      if commands.LOOKS_LIKE_COMMAND.match(text)]
    return [f"{page.name}:{number}: {text.strip()}" for number, text in found]


def indented_blocks(page):
    """Blocks without a fence: they have no language, and look like commands."""
    found, before, in_list = [], "", False
    for number, text in page.prose:
        if re.match(r" {0,3}([-*]|\d+\.) ", text):
            in_list = True
        elif text.strip() and not text.startswith(" "):
            in_list = False
        if re.match(r" {4,}\S", text) and not before.strip() and not in_list:
            found.append(f"{page.name}:{number}: {text.strip()}")
        before = text
    return found


def unknown_calls(page):
    """Calls of predeploy that its help does not know."""
    texts = []
    for number, text in page.prose:
        texts += [(number, code) for code in re.findall(r"`([^`]+)`", text)
                  if code.startswith("predeploy ") or "=" in code and " predeploy " in code]
    for block in page.blocks:
        if block.language == "console":
            texts += [(command.line, command.text.split("\n")[0]) for command in block.commands()]
        else:
            texts += [(block.first + 1 + at, re.sub(r"^[\s-]*(run|entry|script|- ): ?", "", text))
                      for at, text in enumerate(block.lines)
                      if re.match(r"\s*(- )?(run: |entry: |- )?predeploy [a-z-]", text)]
    found = []
    for number, text in texts:
        for arguments in commands.calls(text):
            wrong = commands.wrong_with(arguments)
            if wrong:
                found.append(f"{page.name}:{number}: {wrong}: {text}")
    return found


def setting_keys():
    table = re.findall(r'\{"(\w+)", "(\w+)", (?:TEXT|WORD|COUNT|DURATION)\(',
                       source("domain/settings*.c"))
    assert table, "the table of settings is not where this looks"
    return {f"{part}.{key}" for part, key in table}


def unknown_settings(page):
    """Settings in the examples of `.predeploy` that predeploy does not know."""
    keys = setting_keys()
    rules = set(re.findall(r'^PD_RULE\(\w+, "([\w-]+)"', source("domain/rules.def"), re.M))
    keys |= {f'rule "{rule}".severity' for rule in rules}
    found = []
    for block in page.blocks:
        part = None
        for at, text in enumerate(block.lines if block.language == "ini" else []):
            head = re.fullmatch(r"\[(.*)\]\s*", text)
            key = re.match(r"\s*(\w+)\s*=", text)
            part = head[1] if head else part
            if key and f"{part}.{key[1]}" not in keys:
                found.append(f"{page.name}:{block.first + 1 + at}: {part}.{key[1]}")
    return found


def dead_links(page):
    found = []
    for number, target in page.links():
        if re.match(r"https?://[\w.-]+(:\d+)?(/\S*)?$|mailto:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.path.parent / path).resolve() if path else page.path
        known = PAGES.get(there) if path else page
        if not there.exists():
            found.append(f"{page.name}:{number}: nothing is at {target}")
        elif anchor and (known is None or anchor not in known.anchors()):
            found.append(f"{page.name}:{number}: no heading for {target}")
    return found


@pytest.mark.parametrize("page", PAGES.values(), ids=IDS)
def test_no_command_hides_from_the_runner(page):
    assert not hidden_commands(page)


@pytest.mark.parametrize("page", PAGES.values(), ids=IDS)
def test_blocks_have_fences(page):
    assert not indented_blocks(page)


@pytest.mark.parametrize("page", PAGES.values(), ids=IDS)
def test_commands_and_options_exist(page):
    assert not unknown_calls(page)


@pytest.mark.parametrize("page", PAGES.values(), ids=IDS)
def test_settings_in_examples_exist(page):
    assert not unknown_settings(page)


@pytest.mark.parametrize("page", PAGES.values(), ids=IDS)
def test_links(page):
    assert not dead_links(page)


def test_every_page_can_be_reached():
    seen, todo = set(), [INDEX]
    while todo:
        path = todo.pop()
        seen.add(path)
        for _, target in PAGES[path].links():
            there = (path.parent / target.partition("#")[0]).resolve()
            if there in PAGES and there not in seen:
                todo.append(there)
    lost = [path.relative_to(world.ROOT).as_posix() for path in PAGES if path not in seen]
    assert lost in ([], ["README.md"]), f"docs/README.md does not lead to {lost}"
    assert any((world.ROOT / "README.md").parent / target == INDEX
               for _, target in page("README.md").links())


def column(text, number=0):
    """The cells of one column of all tables of a text."""
    rows = [line.strip().strip("|").split(" | ")
            for line in text.split("\n") if line.startswith("|")]
    return [row[number].strip() for row in rows if len(row) > number]


def section(page, heading):
    parts = re.split(r"^## (.*)$", page.text, flags=re.M)
    return parts[parts.index(heading) + 1]


def test_readme_has_every_command():
    named = column(section(page("README.md"), "Commands"))
    named = {re.match(r"`predeploy (\w+)", cell)[1] for cell in named if "`predeploy" in cell}
    assert named == set(commands.commands())


def statuses(text):
    return {int(number): row for row in text.split("\n") if row.startswith("| ")
            for number in re.findall(r"\d+", row.split("|")[1])}


def test_exit_statuses_are_the_same_everywhere():
    readme = statuses(section(page("README.md"), "Exit status"))
    whole = statuses(page("docs/exit-statuses.md").text)
    assert set(readme) == set(whole) == world.STATUSES
    for number, row in readme.items():  # the table of the README is the shorter one
        short = re.match(r"[^;(,:]*", row.split("|")[2].strip())[0].strip()
        assert short.replace("can't", "cannot") in whole[number].replace("can't", "cannot"), number


def source(*parts):
    text = ""
    for folder in parts:
        text += "".join(file.read_text() for file in sorted((world.ROOT / "src").glob(folder)))
    return text


def test_every_setting_has_its_row():
    named = {cell.strip("`") for cell in column(section(page("docs/settings.md"), "Keys"))}
    assert {name for name in named if "." in name} == setting_keys() | {"rule.ID.severity"}


# Read for what the system says through them; no settings of predeploy.
OF_THE_SYSTEM = {"PATH", "HOME", "TERM", "TMPDIR", "GIT_DIR", "GIT_WORK_TREE", "GIT_CONFIG_COUNT"}


def test_every_variable_is_told():
    text = source("**/*.c")
    read = set(re.findall(r'getenv\(\s*"(\w+)"', text))
    read |= set(re.findall(r'"((?:PREDEPLOY|GITHUB|GITLAB|DATABASE|DB)_[A-Z_]+)"', text))
    told = "".join(page.text for page in PAGES.values())
    assert not {name for name in read - OF_THE_SYSTEM if f"`{name}`" not in told}
    named = {cell.strip("`") for cell in column(section(page("docs/settings.md"), "Environment"))}
    assert not {name for name in named if re.fullmatch(r"[A-Z_]+", name)} - read


OF_THE_PROJECT = re.compile(r"(src|tests|ci|docs|cmake|hooks)/[\w./*-]+")
FOR_CHANGERS = ("architecture", "contributing", "development", "performance", "reliability")


@pytest.mark.parametrize("name", FOR_CHANGERS)
def test_files_of_the_project_are_there(name):
    text = page(f"docs/{name}.md").text
    named = {code for code in re.findall(r"`([^`\n]+)`", text) if OF_THE_PROJECT.fullmatch(code)}
    # NAME and ID stand for the reader's own.
    named = {code for code in named if not re.search(r"\b[A-Z]{2,}\b(?!\.md)|_NAME|/ID\.", code)}
    assert named, "nothing was found to look for"
    assert not {code for code in named if not list(world.ROOT.glob(code))}


def test_architecture_has_the_layers():
    text = (world.ROOT / "ci/layers").read_text()
    table = re.search(r"^BELOW = (\{.*?^\})", text, re.M | re.S)[1]
    layers = ast.literal_eval(table.replace("set()", "{''}"))
    rows = {}  # the last column of the table of folders
    for line in page("docs/architecture.md").text.split("\n"):
        match = re.match(r"\| `src/(\w+(?:\.c)?)/?` \|.*\| ([^|]*) \|$", line)
        if match:
            rows[match[1]] = match[2]
    assert set(rows) == set(layers)
    for name, below in layers.items():
        told = set(re.findall(r"\w+", rows.get(name, "")))
        if rows.get(name) == "everything below":
            told = below
        if name in rows and name not in ("main.c", "base"):  # main.c needs cli alone
            assert told & set(layers) == below - {""}, name


def text_page(text):
    return pages.Page(world.ROOT / "docs/README.md", text)


@pytest.mark.parametrize(
    "check, text",
    [
        (hidden_commands, "    predeploy check\n"),
        (hidden_commands, "```text\nDATABASE_URL=x predeploy check\n```\n"),
        (hidden_commands, "```\ngit add -A\n```\n"),
        (indented_blocks, "So:\n\n    CREATE TABLE a ();\n"),
        (unknown_calls, "Run `predeploy chekc`.\n"),
        (unknown_calls, "Run `predeploy check --ephemeral`.\n"),
        (unknown_calls, "```console\n$ cd x && predeploy status --to 3\n```\n"),
        (unknown_calls, "```yaml\n    - run: predeploy deploy --nothing\n```\n"),
        (unknown_settings, "```ini\n[deploy]\n    lockTimeot = 3s\n```\n"),
        (unknown_settings, "```ini\n[deplay]\n    lockTimeout = 3s\n```\n"),
        (unknown_settings, '```ini\n[rule "sql-emty"]\n    severity = warning\n```\n'),
        (dead_links, "See [this](nothing.md).\n"),
        (dead_links, "See [this](#nothing).\n"),
        (dead_links, "See [this\nlong one](layouts.md#nothing).\n"),
        (dead_links, "![picture](pictures/nothing.svg)\n"),
    ],
)
def test_what_is_wrong_is_found(check, text):
    assert check(text_page(text))


@pytest.mark.parametrize(
    "check, text",
    [
        (indented_blocks, "- So:\n\n    it goes on\n\nA word\n    hangs\n"),
        (hidden_commands, "Say predeploy check to whoever asks.\n"),
        (hidden_commands, "```ini\n[check]\n    base = origin/main\n```\n"),
        (unknown_calls, "Run `predeploy deploy --ephemeral`, or `predeploy COMMAND --help`.\n"),
        (unknown_calls, "Write `-- predeploy: no-transaction`.\n"),
        (unknown_settings, "```ini\n[deploy]\n    lockTimeout = 3s ; text\n```\n"),
        (unknown_settings, '```ini\n[rule "sql-empty"]\n    severity = warning\n```\n'),
        (dead_links, "[This](#a-word-or-two), [that](layouts.md#sha256sums).\n\n## A word, or `two`\n"),
    ],
)
def test_what_is_well_is_left_alone(check, text):
    assert not check(text_page(text))
