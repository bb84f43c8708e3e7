"""docs/ledger.md and docs/outside-transactions.md tell each column of the ledger's tables, and no other."""

import re

import world

PAGES = ("docs/ledger.md", "docs/outside-transactions.md")


def told():
    """{table: columns}: of the table that follows the name of a table of the ledger."""
    found = {}
    for page in PAGES:
        table = None
        for line in (world.ROOT / page).read_text().splitlines():
            name = re.match(r"(?:## |`)predeploy\.(\w+)`?", line)
            row = re.match(r"\| (`\w+`(?:, `\w+`)*) \|", line)
            if name:
                table = name.group(1)
            elif line.startswith("## "):
                table = None
            elif row and table:
                found.setdefault(table, set()).update(re.findall(r"\w+", row.group(1)))
    return found


def test_columns(make_repo, db):
    repo = make_repo("plain")
    assert repo.run("deploy", env=db.env).status == 0
    there = {}
    for line in db.query(
        "SELECT c.relname || ' ' || a.attname FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid "
        "WHERE c.relnamespace = 'predeploy'::regnamespace AND c.relkind = 'r' AND a.attnum > 0"
    ).splitlines():
        table, column = line.split()
        there.setdefault(table, set()).add(column)
    assert len(there) >= 5
    assert told() == there
