"""What the binary's own help says of its commands and options, and who names them in the pages."""

import functools
import re
import shlex
import subprocess

import world as e2e

OPTION = re.compile(r"(?<![\w-])(--[a-z][a-z-]*|-[a-zA-Z])\b")
STOPS = {"|", "||", "&", "&&", ";", ">", ">>", "<", "(", ")", "2>", "#"}
# A line that begins so is a command, wherever it stands.
TOOLS = ("predeploy", "git", "psql", "docker", "cmake", "npx", "npm", "sudo", "pg_dump", "createdb",
         "ctest", "ninja", "curl", "apt-get", "apt", "dpkg", "python3", "pre-commit", "migrate")
LOOKS_LIKE_COMMAND = re.compile(
    rf"^\s*(?:\$ )?(?:[A-Z_]+=\S* )*(?:\./ci/\w+|(?:{'|'.join(TOOLS)}) [a-z./\"$-]).*"
)


@functools.cache
def help_of(command=None):
    arguments = [command, "--help"] if command else ["--help"]
    return subprocess.run([e2e.BINARY, *arguments], check=True, stdout=subprocess.PIPE,
                          text=True).stdout


@functools.cache
def commands():
    """name -> (arguments, summary), in the order of the help."""
    text = help_of().split("\n\n")
    table = next(part for part in text if re.match(r"  \w+", part))
    found = {}
    for line in table.split("\n"):
        match = re.match(r"  (\w+)((?: [^ ]+)*) {2,}(.*)", line)
        found[match[1]] = (match[2].strip(), match[3])
    return found


@functools.cache
def options(command=None):
    """The options of a command, or those of every command."""
    found = set()
    for line in help_of(command).split("\n"):
        match = re.match(r" +(?:(-\w), )?(--[a-z-]+)", line)
        if match:
            found |= {word for word in match.groups() if word}
    return found


def calls(text):
    """The calls of predeploy in a shell command: lists of arguments."""
    lexer = shlex.shlex(text, posix=True, punctuation_chars="();<>|&")
    lexer.whitespace_split = True
    lexer.commenters = "#"
    try:
        words = list(lexer)
    except ValueError:  # a sentence with an apostrophe, a half of a quotation
        words = text.split()
    found, current = [], None
    for word in words:
        if word in STOPS or set(word) <= set("();<>|&"):
            current = None
        elif current is not None:
            current.append(word)
        elif re.fullmatch(r"([\w$.]*/)*predeploy", word):
            current = []
            found.append(current)
    return found


def wrong_with(arguments):
    """What is wrong with the arguments of one call, or None. Words in capitals stand for others."""
    words = [word for word in arguments if not word.startswith("-")]
    named = [word for word in arguments if OPTION.fullmatch(word.split("=")[0])]
    name = words[0] if words else None
    if name is None or name.upper() == name or name in ("help", "…", "..."):
        known = options() if name in (None, "help") else None
    elif name in commands():
        known = options(name)
    else:
        return f"no command {name}"
    for option in named:
        if known is not None and option.split("=")[0] not in known:
            return f"{name or 'predeploy'} has no option {option}"
    return None
