"""Reads a page of the documentation: its blocks, commands, links and headings.

docs/contributing.md says how pages are written."""

import pathlib
import re
from dataclasses import dataclass, field

ROOT = pathlib.Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^(?P<indent> *)(?P<fence>`{3,}|~{3,})(?P<language>[\w+-]*)\s*$")
COMMENT = re.compile(r"^<!-- (?P<key>world|file|not run): (?P<value>.*?) -->$")
EXITS = re.compile(r"#\s*exits (\d+)\s*$")
HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*$")
LINK = re.compile(r"(?<!\\)!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
HTML_LINK = re.compile(r"<(?:a|img|source)\b[^>]*?\b(?:href|src|srcset)=\"([^\"]+)\"")


@dataclass
class Command:
    line: int  # of the page, from 1, of the line with the prompt
    text: str
    status: int
    first: int  # where its output begins and ends: indexes into the lines of the page
    last: int
    output: list = field(default_factory=list)


@dataclass
class Block:
    """A fenced block. `lines` are without the fence and its indentation."""

    line: int
    language: str
    lines: list
    first: int
    indent: int
    file: str = None
    not_run: str = None
    world: int = 0

    def commands(self):
        """The commands of a console block, each with the output that the page shows."""
        found = []
        for at, text in enumerate(self.lines):
            index = self.first + at
            if text.startswith("$ "):
                found.append(Command(index + 1, text[2:], 0, index + 1, index + 1))
            elif not found:
                raise SyntaxError(f"line {index + 1}: a console block begins with a command")
            elif not found[-1].output and (text == ">" or text.startswith("> ")):
                found[-1].text += "\n" + text[2:]
                found[-1].first = found[-1].last = index + 1
            else:
                found[-1].output.append(text)
                found[-1].last = index + 1
        for command in found:
            ends = EXITS.search(command.text.split("\n")[0])
            command.status = int(ends.group(1)) if ends else 0
        return found


@dataclass
class World:
    name: str
    options: tuple
    line: int


class Page:
    def __init__(self, path, text=None):
        self.path = pathlib.Path(path)
        self.text = self.path.read_text(encoding="utf-8") if text is None else text
        self.lines = self.text.split("\n")
        self.blocks = []
        self.worlds = []
        self.prose = []  # (line number, text) outside of fenced blocks
        self._read()

    @property
    def name(self):
        return self.path.relative_to(ROOT).as_posix()

    def _read(self):
        waiting = {}  # comments that the next block answers to
        at = 0
        while at < len(self.lines):
            text = self.lines[at]
            fence = FENCE.match(text)
            comment = COMMENT.match(text.strip())
            if fence:
                at = self._block(at, fence, waiting)
                waiting = {}
            elif comment and comment["key"] == "world":
                name, *options = comment["value"].replace(",", " ").split()
                self.worlds.append(World(name, tuple(options), at + 1))
            elif comment:
                waiting[comment["key"]] = (comment["value"], at + 1)
            else:
                if text.strip() and waiting:
                    raise SyntaxError(f"{self.name}:{at + 1}: a block must follow the comment")
                self.prose.append((at + 1, text))
            at += 1

    def _block(self, at, fence, waiting):
        indent = len(fence["indent"])
        end = at + 1
        while end < len(self.lines) and self.lines[end].strip() != fence["fence"]:
            end += 1
        if end == len(self.lines):
            raise SyntaxError(f"{self.name}:{at + 1}: the block does not end")
        lines = [line[indent:] if line[:indent].isspace() else line.lstrip() if indent else line
                 for line in self.lines[at + 1 : end]]
        self.blocks.append(Block(
            at + 1, fence["language"], lines, at + 1, indent,
            file=waiting.get("file", (None,))[0],
            not_run=waiting.get("not run", (None,))[0],
            world=len(self.worlds) - 1,
        ))
        return end

    def consoles(self, world=None):
        return [block for block in self.blocks if block.language == "console"
                and (world is None or block.world == world)]

    def headings(self):
        return [match.group(2) for _, text in self.prose if (match := HEADING.match(text))]

    def anchors(self):
        """What #links may name: GitHub's way to make them of headings."""
        seen, found = {}, set()
        for heading in self.headings():
            slug = slug_of(heading)
            number = seen.get(slug, 0)
            seen[slug] = number + 1
            found.add(f"{slug}-{number}" if number else slug)
        return found | set(re.findall(r"<a (?:id|name)=\"([^\"]+)\"", self.text))

    def links(self):
        """(line number, target)"""
        found = []
        # A link's text may go on in the next line.
        text = "\n".join("" if self._in_block(at) else line for at, line in enumerate(self.lines))
        text = re.sub(r"`[^`\n]*`", lambda match: re.sub(r"[\[\]()<>]", "_", match.group()), text)
        for pattern in (LINK, HTML_LINK):
            for match in pattern.finditer(text):
                found.append((text.count("\n", 0, match.start()) + 1, match.group(1)))
        return found

    def _in_block(self, at):
        return any(block.line - 1 <= at <= block.first + len(block.lines) for block in self.blocks)


def slug_of(heading):
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    text = re.sub(r"[^\w\- ]", "", text.replace("`", "").lower())
    return text.replace(" ", "-")


def all_pages():
    paths = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [path for path in paths if "node_modules" not in path.parts]
