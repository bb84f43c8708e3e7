"""Records a session in a terminal, and draws it: commands in, SVG out.

Every run of equal characters is placed by itself and has its width written down, so that the columns
stand whatever font the reader has."""

import fcntl
import html
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from itertools import groupby

import pyte

COLUMNS, ROWS = 80, 400
PATIENCE = 60  # seconds a command
CHARACTER, LINE, MARGIN = 8.4, 19, 18  # units of the picture, at a font size of 14
FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
PAPER, INK, FAINT, PROMPT = "#0d1117", "#d1d7e0", "#8b949e", "#79c0ff"
COLOURS = {
    "default": INK, "red": "#ff7b72", "green": "#56d364", "brown": "#e3b341", "blue": "#79c0ff",
    "magenta": "#d2a8ff", "cyan": "#76e3ea", "white": INK, "black": FAINT,
    "brightred": "#ff7b72", "brightgreen": "#56d364", "brightbrown": "#e3b341", "brightblack": FAINT,
}


class Terminal:
    """What a terminal of COLUMNS columns shows of the commands that are run in it."""

    def __init__(self, folder, env, real=str, shown=str):
        self.folder = folder
        self.env = {**env, "TERM": "xterm-256color", "COLUMNS": str(COLUMNS)}
        self.real, self.shown = real, shown
        self.rows = []  # each a list of (text, colour, bold)

    def run(self, command, status=0):
        """Types the command and shows what it prints."""
        self.rows.append([("$ ", PROMPT, True), (command, INK, True)])
        screen = pyte.Screen(COLUMNS, ROWS)
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        process = subprocess.Popen(
            ["bash", "--noprofile", "--norc", "-c", self.real(command)], cwd=self.folder, env=self.env,
            stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
        )
        os.close(slave)
        printed = printed_by(process, master)
        os.close(master)
        # The emulator knows no faint text; grey is what it looks like.
        pyte.ByteStream(screen).feed(printed.replace(b"\x1b[2m", b"\x1b[90m"))
        assert process.wait() == status, (command, process.returncode, screen.display[:30])
        rows = [self._row(screen.buffer[y]) for y in range(screen.cursor.y + 1)]
        while rows and not any(text.strip() for text, _, _ in rows[-1]):
            rows.pop()
        if rows:
            self.rows += [*rows, []]

    def _row(self, cells):
        row = []
        for (colour, bold), run in groupby((cells[x] for x in range(COLUMNS)), key=style_of):
            row.append((self.shown("".join(cell.data for cell in run)), colour, bold))
        while row and not row[-1][0].strip():
            row.pop()
        if row:
            row[-1] = (row[-1][0].rstrip(), *row[-1][1:])
        return row


def printed_by(process, master):
    """All that comes out of the terminal until its last process ends."""
    end = time.monotonic() + PATIENCE
    data = b""
    while time.monotonic() < end:
        if not select.select([master], [], [], 0.2)[0]:
            continue
        try:
            data += os.read(master, 65536)
        except OSError:  # nobody has the other side any more
            return data
    process.kill()
    raise AssertionError(f"no end after {PATIENCE} s")


def style_of(cell):
    """Colour, and whether it is bold; the emulator makes all that is grey bold."""
    colour = COLOURS[cell.fg]
    return colour, cell.bold and colour != FAINT


def svg(rows, title):
    """The picture, as text. `title` is read to those who do not see it."""
    rows = list(rows)
    while rows and not rows[-1]:
        rows.pop()
    width = round(2 * MARGIN + COLUMNS * CHARACTER)
    height = 2 * MARGIN + len(rows) * LINE
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img">',
        f"<title>{html.escape(title)}</title>",
        f'<rect x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8" fill="{PAPER}" '
        'stroke="#3d444d"/>',
        f'<g font-family="{html.escape(FONT)}" font-size="14" xml:space="preserve">',
    ]
    for number, row in enumerate(rows):
        if row:
            baseline = MARGIN + number * LINE + 14
            out.append(f'<text y="{baseline}">{"".join(spans(row))}</text>')
    return "\n".join([*out, "</g>", "</svg>", ""])


def spans(row):
    column = 0
    for text, colour, bold in row:
        for part in re.findall(r"\s+|\S+(?: \S+)*", text):
            if not part.isspace():
                weight = ' font-weight="bold"' if bold else ""
                yield (
                    f'<tspan x="{MARGIN + column * CHARACTER:.1f}" '
                    f'textLength="{len(part) * CHARACTER:.1f}" lengthAdjust="spacingAndGlyphs" '
                    f'fill="{colour}"{weight}>{html.escape(part)}</tspan>'
                )
            column += len(part)


def read(text):
    """The lines of a picture that svg() drew."""
    lines = {}
    for y, content in re.findall(r'<text y="(\d+)">(.*)</text>', text):
        line = ""
        for x, part in re.findall(r'<tspan x="([\d.]+)"[^>]*>([^<]*)</tspan>', content):
            line = line.ljust(round((float(x) - MARGIN) / CHARACTER)) + html.unescape(part)
        lines[(int(y) - MARGIN - 14) // LINE] = line
    return [lines.get(number, "") for number in range(max(lines) + 1)]
