"""The expressions of GitHub workflows, as far as this project's workflows and its action use them."""

import re

TOKEN = re.compile(
    r"\s*(?:(?P<string>'(?:[^']|'')*')|(?P<number>-?\d+(?:\.\d+)?)"
    r"|(?P<operator>==|!=|&&|\|\||[!()\[\],])|(?P<name>\.?[A-Za-z_][\w-]*))"
)
CONSTANTS = {"true": True, "false": False, "null": None}
STATUS_FUNCTIONS = {"success", "failure", "always", "cancelled"}


class Expression:
    """Evaluates one expression in `contexts`, a mapping of names to mappings. What a context does not
    have is null, but a context that is not there is a mistake."""

    def __init__(self, text, contexts, functions):
        self.tokens = []
        at = 0
        text = text.rstrip()
        while at < len(text):
            match = TOKEN.match(text, at)
            if not match:
                raise ValueError(f"no expression: {text}")
            self.tokens.append((match.lastgroup, match[match.lastgroup]))
            at = match.end()
        self.contexts, self.functions = contexts, functions

    def value(self):
        value = self.either()
        if self.tokens:
            raise ValueError(f"too much: {self.tokens}")
        return value

    def take(self, *words):
        if self.tokens and self.tokens[0][1] in words and self.tokens[0][0] != "string":
            return self.tokens.pop(0)[1]
        return None

    def either(self):
        value = self.both()
        while self.take("||"):
            other = self.both()
            value = value if truth(value) else other
        return value

    def both(self):
        value = self.comparison()
        while self.take("&&"):
            other = self.comparison()
            value = other if truth(value) else value
        return value

    def comparison(self):
        value = self.negation()
        while word := self.take("==", "!="):
            equal = same(value, self.negation())
            value = equal if word == "==" else not equal
        return value

    def negation(self):
        if self.take("!"):
            return not truth(self.negation())
        return self.primary()

    def primary(self):
        if self.take("("):
            value = self.either()
            assert self.take(")"), "a parenthesis is open"
            return value
        kind, word = self.tokens.pop(0)
        if kind == "string":
            return word[1:-1].replace("''", "'")
        if kind == "number":
            return float(word)
        if word in CONSTANTS:
            return CONSTANTS[word]
        if self.take("("):
            arguments = []
            while not self.take(")"):
                arguments.append(self.either())
                self.take(",")
            return self.functions[word](*arguments)
        value = self.contexts[word]
        while self.tokens and self.tokens[0][0] == "name" and self.tokens[0][1][0] == ".":
            key = self.tokens.pop(0)[1][1:]
            value = value.get(key) if isinstance(value, dict) else None
        return value


def truth(value):
    return value not in (None, False, "", 0)


def number(value):
    if isinstance(value, str):
        try:
            return float(value.strip() or 0)
        except ValueError:
            return float("nan")
    return float(value or 0)


def same(left, right):
    if isinstance(left, str) and isinstance(right, str):
        return left.lower() == right.lower()
    if type(left) is type(right):
        return left == right
    return number(left) == number(right)


def text_of(value):
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def fill(template, contexts, functions=None):
    """A text of YAML with its `${{ }}` filled in."""
    if not isinstance(template, str):
        return text_of(template)
    return re.sub(
        r"\$\{\{(.*?)\}\}",
        lambda match: text_of(Expression(match[1], contexts, functions or {}).value()),
        template,
        flags=re.S,
    )


def condition(text, contexts, functions):
    """An `if:`. Without a word about the status, success() is meant, too."""
    if text is None:
        return functions["success"]()
    text = re.sub(r"^\s*\$\{\{(.*)\}\}\s*$", r"\1", str(text), flags=re.S)
    asks = any(re.search(rf"\b{name}\(", text) for name in STATUS_FUNCTIONS)
    if not asks and not functions["success"]():
        return False
    return truth(Expression(text, contexts, functions).value())
