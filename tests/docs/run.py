"""Runs a page in its worlds, and compares what it shows with what happens."""

import difflib

import normalise
import worlds
from session import Hung, Session, plain


class Run:
    """A page in some of its worlds. What does not agree is told in
    `wrong` and `differing`."""

    def __init__(self, page, folder, get_server):
        self.page = page
        self.folder = folder
        self.get_server = get_server
        self.wrong = []  # what no other output would mend
        self.differing = []
        self.edits = []  # (first, last, lines): the output that belongs there

    def world(self, number):
        place = worlds.Place(self.folder / f"world{number}", self.get_server)
        session = None
        try:
            start = worlds.make(place, self.page.worlds[number])
            session = Session(start, place.env, place.top / "replies")
            for block in self.page.blocks:
                if block.world == number:
                    self._block(block, place, session)
        except Hung as hung:
            self.wrong.append(f"{self.page.name}: {hung}")
        finally:
            if session:
                session.close()
            place.remove()
        return self

    def _block(self, block, place, session):
        if block.file:
            path = session.folder() / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(place.real("\n".join(block.lines)) + "\n")
        elif block.language == "console" and not block.not_run:
            for command in block.commands():
                self._command(block, command, place, session)

    def _command(self, block, command, place, session):
        status, output = session.run(place.real(command.text))
        real = place.shown(plain(output)).rstrip("\n").split("\n") if output.strip() else []
        where = f"{self.page.name}:{command.line}: $ {command.text.splitlines()[0]}"
        if status != command.status:
            printed = "".join(f"\n  {line}" for line in real)
            self.wrong.append(f"{where}\nexit status {status}, not {command.status}{printed}")
        if command.output and not normalise.same(trimmed(command.output), real):
            shown = normalise.lines(command.output)
            differ = list(difflib.ndiff(shown, normalise.lines(real)))
            self.differing.append("\n  ".join([f"{where}\nanother output:", *differ]))
            self.edits.append((block, command, real))

    def update(self):
        """Writes the page anew with the outputs of this run, where they are not the same."""
        lines = list(self.page.lines)
        for block, command, real in sorted(self.edits, key=lambda edit: -edit[1].first):
            tail = 0  # the blank lines between an output and the next command stay
            while command.output[-1 - tail :][:1] == [""] and tail < len(command.output) - 1:
                tail += 1
            real = [(" " * block.indent + line.rstrip()).rstrip() for line in real]
            lines[command.first : command.last - tail] = real
        self.page.path.write_text("\n".join(lines), encoding="utf-8")


def trimmed(lines):
    """Blank lines in front of the next command are the page's, not the output's."""
    lines = list(lines)
    while lines and not lines[-1].strip():
        lines.pop()
    return lines
