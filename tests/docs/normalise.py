"""Makes two runs of a command comparable: what differs from run to run gets one word each."""

import re

DATE = r"20\d\d-[01]\d-[0-3]\d"
CLOCK = r"[0-2]\d:[0-5]\d(?::[0-6]\d(?:\.\d+)?)?"
ZONE = r"(?:Z|(?: ?(?:UTC|[+-]\d\d(?::?\d\d)?))\b)?"

# In this order: what stands further up may contain what stands below.
RULES = [
    (rf"\b{DATE}[T ]{CLOCK}{ZONE}", "TIME"),
    (rf"\b[A-Z][a-z]{{2}} [A-Z][a-z]{{2}} [ \d]\d {CLOCK} 20\d\d(?: [+-]\d{{4}})?", "TIME"),
    (rf"\b{DATE}\b", "DATE"),
    (r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", "UUID"),
    (r"\b20\d{12}(?=\b|_)", "STAMP"),
    (r"\b1[6-9]\d{11}\b", "MILLISECONDS"),
    # Hashes of contents do not differ from run to run; names of commits and objects do.
    (r"\b(?:[0-9a-f]{7,12}|[0-9a-f]{40})\b", "COMMIT"),
    (r"\b(?:\d+ )?(?:seconds?|minutes?|hours?|days?) ago\b|\bjust now\b", "AGE"),
    (r"\b\d+(?:\.\d+)? ?(?:ms|µs|s|min|seconds?)(?: \d+ ?(?:ms|s))?\b", "DURATION"),
    (r"(?<=[\w\]]):\d{4,5}\b", ":PORT"),
    (r"\b([Pp]ort|PORT)([ =\"':]+)\d{4,5}\b", r"\1\2PORT"),
    (r"\b([Pp]rocess|PID|pid|[Ss]ession)([ =\"':]+)\d+\b", r"\1\2PID"),
    (r"PostgreSQL \d+(?:\.\d+)?(?: \([^)]*\))?", "PostgreSQL VERSION"),
    (r"(?:/tmp|/var/tmp)/[\w.+-]+", "/tmp/FOLDER"),
]
RULES = [(re.compile(pattern), word) for pattern, word in RULES]


# A machine that is busy has these lines more: what goes on after a second, and what took longest.
OF_A_SLOW_RUN = re.compile(
    r"(making|starting) a throwaway PostgreSQL|connecting to the database|creating the ledger"
    r"|\[\d+/\d+\] \S|  slowest +\S"
)


def line(text):
    text = text.rstrip()
    for pattern, word in RULES:
        text = pattern.sub(word, text)
    # Columns are as wide as what stands in them; the indentation counts.
    indent = len(text) - len(text.lstrip())
    body = re.sub(r" {2,}", "  ", text[indent:])
    body = re.sub(r"([-─=])\1{3,}", r"\1\1\1\1", body)
    return text[:indent] + body


def lines(texts):
    found = [line(text) for text in texts if not OF_A_SLOW_RUN.match(text)]
    while found and not found[-1]:
        found.pop()
    return found


def same(shown, real):
    """Whether the output that a page shows is the real one; `...` stands for any lines."""
    shown, real = lines(shown), lines(real)
    # reach: after how many real lines the shown ones so far can end
    reach = {0}
    for text in shown:
        if text.strip() == "...":
            reach = set(range(min(reach), len(real) + 1)) if reach else reach
        else:
            reach = {at + 1 for at in reach if at < len(real) and real[at] == text}
    return len(real) in reach
