"""docs/troubleshooting.md has the messages of the source, word by word, and leaves none out."""

import functools
import re

import world

PAGE = world.ROOT / "docs/troubleshooting.md"
LITERAL = r'"(?:[^"\\]|\\.)*"'
MACROS = {"PREFIX": '"whsec_"', "PRId64": '"ld"'}
CONVERSION = re.compile(r"%(?:%|[-0-9.*]*(?:ll|z|l)?[sdcu])")

# Words that come from elsewhere, a type that is none, two details, and what libgit2's start ends with.
LEFT_OUT = {
    "%s", "%s:%d: %s", "%s: '%s' %s", "%s: unknown type", "cannot read %s", "cannot %s %s",
    "cannot write the ledger in it any more", "cannot open files again",
    "cannot count the tables: the answer is no number",
}


def unescape(text):
    return re.sub(r"\\(.)", r"\1", text.removesuffix("\\n"))


def sources():
    for path in sorted((world.ROOT / "src").rglob("*.[ch]")):
        text = re.sub(rf"({LITERAL})|/\*.*?\*/", r"\1", path.read_text(), flags=re.S)
        for name, value in MACROS.items():
            text = re.sub(rf'"\s*{name}\s*"', value[1:-1], text)
        yield re.sub(r'"\s*\n\s*"', "", text)


@functools.cache
def literals():
    return {unescape(found[1:-1]) for text in sources() for found in re.findall(LITERAL, text)}


@functools.cache
def failures():
    """What pd_fail is called with."""
    found = set()
    for text in sources():
        for call in re.finditer(r"\bpd_fail\(\s*&?\w+,\s*([^;]*);", text):
            words = [unescape(word[1:-1]) for word in re.findall(LITERAL, call.group(1))]
            found.update(word for word in words[:1])
    return found


@functools.cache
def pattern(template):
    parts = CONVERSION.split(template)
    return re.compile(".*".join(map(re.escape, parts)))


def fixed(template):
    """How much of it is words: what is `%s: %s` fits everything and proves nothing."""
    return len(CONVERSION.sub("", template))


def messages():
    found = []
    for line in PAGE.read_text().splitlines():
        heading = re.fullmatch(r"### (.*)", line)
        item = re.fullmatch(r"- `(.*)`", line)
        if heading or item:
            found.append((heading or item).group(1))
    return found


def spoken_of(template, quoted):
    return any(pattern(template).fullmatch(message) for message in quoted)


def unknown(quoted):
    known = [template for template in literals() if fixed(template) >= 10]
    return [message for message in quoted
            if not any(pattern(template).fullmatch(message) for template in known)]


def test_each_message_is_one_of_the_source():
    own_words = {"A statement fails", "A published migration fails", "A table's lock could not be had",
                 "Out of memory"}
    assert not unknown([message for message in messages() if message not in own_words])


def test_each_message_of_the_source_is_there():
    quoted = messages()
    begun = {template for template in literals() if re.match(r"cannot \w+ \S{2}", template)}
    wanted = (failures() | begun) - LEFT_OUT
    missing = sorted(template for template in wanted if not spoken_of(template, quoted))
    assert not missing


def test_what_is_left_out_exists():
    assert LEFT_OUT <= literals()


def test_a_message_that_is_none_is_found():
    quoted = ["no database was mentioned", "cannot find revision 'X' in Y"]
    assert unknown(quoted) == quoted[:1]
