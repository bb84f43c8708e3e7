"""The picture of the README: a deployment, then an edit of what has run, which closes the gate.

docs/pictures/record draws it anew; tests/e2e/test_docs.py looks whether it is still true."""

import picture
import worlds
from pages import ROOT

FILE = ROOT / "docs/pictures/gate.svg"
TITLE = (
    "A terminal: predeploy deploy checks a revision, applies two migrations and ends with the gate "
    "open; after an applied migration was edited, it ends with the gate closed."
)
COMMANDS = [
    ("predeploy deploy", 0),
    ("sed -i 's/email text/email varchar(80)/' migrations/0001_customers.sql", 0),
    ("git commit -q -a -m 'Shorter emails'", 0),
    ("predeploy deploy", 1),
]


def record(folder, get_server):
    """The rows of the terminal after these commands."""
    place = worlds.Place(folder, get_server)
    try:
        place.database()
        start = worlds.plain(place)
        terminal = picture.Terminal(start, place.env, place.real, place.shown)
        for command, status in COMMANDS:
            terminal.run(command, status)
        return terminal.rows
    finally:
        place.remove()
