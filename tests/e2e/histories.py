"""Random histories of migrations, and a model of them that reads no line of predeploy's.

A history is a base branch and a work branch, each a list of commits with whole trees in memory.
`stream` turns many of them into one input of `git fast-import`.
"""

import json
import random
import re
import typing

from world import sha256

LAYOUTS = ("plain", "golang-migrate", "goose", "flyway", "drizzle")
FOLDERS = {"flyway": "db/migration", "drizzle": "drizzle"}
GOOSE = "-- +goose Up\n{}-- +goose Down\n{}"
SETTINGS = ".predeploy"


class Migration(typing.NamedTuple):
    name: str
    key: object  # by what the layout's tool sorts
    paths: tuple  # of the migration, and of its companion when it has a file of its own
    texts: tuple  # their bytes; None for one that is not there


class Shape:
    """How one layout lies in a folder."""

    def __init__(self, layout):
        self.layout = layout
        self.folder = FOLDERS.get(layout, "migrations")
        self.journal = f"{self.folder}/meta/_journal.json"
        self.sums = f"{self.folder}/SHA256SUMS"

    def name(self, number, title):
        return {
            "plain": f"{number:04d}_{title}",
            "golang-migrate": f"{number}_{title}",
            "goose": f"{number:05d}_{title}",
            "flyway": f"V{number // 10}.{number % 10}__{title}",
            "drizzle": f"{number:04d}_{title}",
        }[self.layout]

    def paths(self, name):
        up, down = {
            "plain": (f"{name}.sql", f"{name}-rollback.sql"),
            "golang-migrate": (f"{name}.up.sql", f"{name}.down.sql"),
            "goose": (f"{name}.sql", None),
            "flyway": (f"{name}.sql", f"U{name[1:]}.sql"),
            "drizzle": (f"{name}.sql", f"{name}-rollback.sql"),
        }[self.layout]
        return f"{self.folder}/{up}", down and f"{self.folder}/{down}"

    @staticmethod
    def number(name):
        whole, part = re.match(r"V?(\d+)(?:\.(\d+)__)?", name).groups()
        return int(whole) if part is None else int(whole) * 10 + int(part)

    def key(self, name):
        return name.encode() if self.layout == "plain" else self.number(name)

    def entries(self, tree):
        return json.loads(tree[self.journal])["entries"] if self.journal in tree else []

    def write_entries(self, tree, entries):
        for idx, entry in enumerate(entries):
            entry["idx"] = idx
        text = dict(version="7", dialect="postgresql", entries=entries)
        tree[self.journal] = json.dumps(text, indent=1).encode()

    def add(self, tree, name, text, undo, at=None, when=None):
        up, down = self.paths(name)
        if down is None:
            tree[up] = GOOSE.format(text, undo).encode()
        else:
            tree[up], tree[down] = text.encode(), undo.encode()
        if self.layout == "drizzle":
            entries = [entry for entry in self.entries(tree) if entry["tag"] != name]
            at = len(entries) if at is None else at
            if when is None:
                when = max((entry["when"] for entry in entries[:at]), default=1700000000000) + 1000
            entries.insert(at, dict(idx=0, version="7", when=when, tag=name, breakpoints=True))
            self.write_entries(tree, entries)

    def drop(self, tree, name):
        for path in self.paths(name):
            tree.pop(path, None)
        if self.layout == "drizzle":
            self.write_entries(tree, [e for e in self.entries(tree) if e["tag"] != name])

    def files(self, tree):
        return [p for p in tree if p.startswith(f"{self.folder}/") and p.endswith(".sql")]

    def read(self, tree):
        """The migrations of a tree, in the order of the layout's tool."""
        if self.layout == "drizzle":
            names = [entry["tag"] for entry in self.entries(tree)]
            keys = {name: at for at, name in enumerate(names)}
        else:
            end = ".up.sql" if self.layout == "golang-migrate" else ".sql"
            short = [path[len(self.folder) + 1 :] for path in self.files(tree)]
            names = [n[: -len(end)] for n in short if n.endswith(end)
                     and not n.endswith("-rollback.sql") and not n.startswith("U")]
            keys = {name: self.key(name) for name in names}
        found = []
        for name in names:
            up, down = self.paths(name)
            if down is not None and self.layout in ("golang-migrate", "flyway"):
                down = self.companion(tree, name) or down
            texts = (tree.get(up), tree.get(down) if down else None)
            found.append(Migration(name, keys[name], (up, down), texts))
        return sorted(found, key=lambda migration: (migration.key, migration.name))

    def companion(self, tree, name):
        """These two pair by version: the titles may differ."""
        same = self.paths(name)[1]
        if same in tree:
            return same
        for path in self.files(tree):
            short = path[len(self.folder) + 1 :]
            is_down = short.startswith("U") or short.endswith(".down.sql")
            if is_down and self.number(short.replace("U", "V", 1)) == self.number(name):
                return path
        return None

    def record(self, tree):
        lines = [f"{sha256(tree[path])}  {path[len(self.folder) + 1:]}\n"
                 for path in sorted(self.files(tree))]
        tree[self.sums] = "".join(lines).encode()

    def recorded(self, tree):
        copy = dict(tree)
        self.record(copy)
        return copy[self.sums] == tree.get(self.sums)


def bare(text):
    """What is left without comments and white space. Markers of goose are no comments."""
    words = re.findall(r"'[^']*'|-- \+goose[^\r\n]*|--[^\n]*|[^\s']+", text.decode())
    return [word for word in words if not re.match(r"--(?! \+goose)", word)]


class Commit(typing.NamedTuple):
    parents: tuple
    tree: dict


class History:
    """One pair of branches. `honest`: the base only grows. `calm`: so does the branch."""

    def __init__(self, layout, seed):
        self.layout, self.seed = layout, seed
        self.random = random.Random(f"{layout} {seed}")
        self.shape = Shape(layout)
        self.honest = seed % 3 != 2
        self.calm = seed % 5 == 0
        self.commits, self.steps, self.titles = [], [], 0
        self.tips = {}
        self.grow()

    # ---- reading ----

    def tree(self, branch):
        return self.commits[self.tips[branch]].tree

    def ancestors(self, commit):
        found, todo = set(), [commit]
        while todo:
            at = todo.pop()
            if at not in found:
                found.add(at)
                todo.extend(self.commits[at].parents)
        return found

    def merge_bases(self, one=None, other=None):
        """The newest commits that both have: more than one after criss-cross merges."""
        one = self.tips["base"] if one is None else one
        other = self.tips["work"] if other is None else other
        common = self.ancestors(one) & self.ancestors(other)
        below = {b for c in common for b in self.ancestors(c) - {c}}
        return sorted(common - below)

    def first_parents(self, branch):
        chain, at = [], self.tips[branch]
        while True:
            chain.append(at)
            if not self.commits[at].parents:
                return chain
            at = self.commits[at].parents[0]

    def added(self):
        """Migrations of the branch that neither the base nor the merge base has."""
        known = {m.name for at in (self.tips["base"], *self.merge_bases())
                 for m in self.shape.read(self.commits[at].tree)}
        return [m for m in self.shape.read(self.tree("work")) if m.name not in known]

    def only_appended(self):
        """Whether the branch keeps all that it knows of the base, goes on behind it, recorded."""
        tip, work = self.tree("base"), self.tree("work")
        published = {path: text for at in self.merge_bases()
                     for path, text in self.commits[at].tree.items() if path.endswith(".sql")}
        files = set(self.shape.files(work))
        new = self.added()
        theirs = self.shape.read(tip)
        last = max((m.key for m in theirs), default=None)
        if self.layout == "drizzle" and not self.journal_goes_on(tip, work):
            return False
        numbers = [self.shape.number(m.name) for m in self.shape.read(work)]
        taken = {self.shape.number(m.name) for m in theirs}
        owned = {path for m in self.shape.read(work) for path in m.paths if path}
        return (
            all(work.get(path) == text for path, text in published.items())
            and all(work[path] == tip[path] for path in files if path in tip)
            and (self.layout == "drizzle" or all(last is None or m.key > last for m in new))
            and len(set(numbers)) == len(numbers)
            and not any(self.shape.number(m.name) in taken for m in new)
            and files == owned
            and all(m.texts[0] is not None for m in self.shape.read(work))
            and all(m.texts[1] is not None or m.paths[1] is None for m in self.shape.read(work))
            and self.shape.recorded(work)
        )

    def journal_goes_on(self, tip, work):
        """Old entries as they were and in front; new ones behind all that the base has."""
        theirs = {e["tag"]: e["when"] for e in self.shape.entries(tip)}
        ours = [(e["tag"], e["when"]) for e in self.shape.entries(work)]
        old = [(tag, when) for tag, when in ours if tag in theirs]
        new = [when for tag, when in ours if tag not in theirs]
        times = [when for _, when in ours]
        return (
            ours[: len(old)] == old
            and all(theirs[tag] == when for tag, when in old)
            and times == sorted(set(times))
            and all(when > max(theirs.values()) for when in new)
        )

    # ---- writing ----

    def commit(self, branch, tree, *also, said):
        parents = ((self.tips[branch],) if branch in self.tips else ()) + also
        self.commits.append(Commit(parents, tree))
        self.tips[branch] = len(self.commits) - 1
        self.steps.append(f"{len(self.commits) - 1} {branch}: {said}")

    def grow(self):
        rng = self.random
        tree = {"README.md": b"a project\n"}
        if rng.random() < 0.5:
            tree[SETTINGS] = f"[migrations]\n\tlayout = {self.layout}\n".encode()
        for _ in range(rng.randint(1, 4)):
            self.append(tree, tree)
        self.shape.record(tree)
        self.commit("base", tree, said="began")
        for _ in range(rng.randint(0, 2)):
            self.step_base()
        self.tips["work"] = rng.choice(self.first_parents("base")[:2])
        for _ in range(rng.randint(2, 8)):
            roll = rng.random()
            if roll < 0.25:
                self.step_base()
            elif roll < 0.40:
                self.merge("work", self.newest("base"))
            elif roll < 0.55:
                self.offer(self.newest("work"))
            elif roll < 0.62:
                self.cross()
            else:
                self.step_work()
        if self.calm and rng.random() < 0.7 and not self.only_appended():
            self.begin_again()

    def newest(self, branch):
        """The tip, or what was the tip before: a merge need not bring the newest."""
        return self.random.choice(self.first_parents(branch)[:3])

    def offer(self, commit):
        """A state of the branch goes into the base; into an honest one only what belongs there."""
        tip = self.tips["work"]
        self.tips["work"] = commit
        fits = not self.honest or self.only_appended()
        self.tips["work"] = tip
        if fits:
            self.merge("base", commit)

    def cross(self):
        """Each branch takes what the other was: from then on there are two merge bases."""
        theirs = self.tips["base"]
        self.offer(self.tips["work"])
        if self.tips["base"] != theirs:
            self.merge("work", theirs)

    def begin_again(self):
        """A calm branch that came too late is made anew upon the base."""
        self.tips["work"] = self.tips["base"]
        tree = dict(self.tree("work"))
        self.append(tree, tree)
        self.shape.record(tree)
        self.commit("work", tree, said="anew upon the base")

    def step_base(self):
        if self.honest or self.random.random() < 0.5:
            tree = dict(self.tree("base"))
            if self.random.random() < 0.2:
                tree["README.md"] += b"more\n"
                said = "chore"
            else:
                said = self.append(tree, tree)
            self.shape.record(tree)
            self.commit("base", tree, said=said)
        else:
            self.tamper("base")

    def step_work(self):
        if not self.calm and self.random.random() < 0.6:
            self.tamper("work")
            return
        tree = dict(self.tree("work"))
        known = dict(tree)
        if self.calm or self.random.random() < 0.6:
            known.update(self.tree("base"))
        said = self.append(tree, known)
        if self.calm or self.random.random() < 0.8:
            self.shape.record(tree)
            said += ", recorded"
        self.commit("work", tree, said=said)

    def title(self):
        self.titles += 1
        return "t" + "abcdefghijklmnopqrstuvwxyz"[self.titles % 26] + str(self.titles)

    def append(self, tree, known):
        """Behind everything that `known` has."""
        title = self.title()
        taken = [self.shape.number(m.name) for m in self.shape.read(known)]
        step = 2 if self.random.random() < 0.3 else 1
        name = self.shape.name(max(taken, default=0) + step, title)
        when = None
        if self.layout == "drizzle":
            times = [e["when"] for t in (tree, known) for e in self.shape.entries(t)]
            when = max(times, default=1700000000000) + 1000
        text = f"CREATE TABLE {title} (id int, note text DEFAULT 'a  b');\n"
        self.shape.add(tree, name, text, f"DROP TABLE {title};\n", when=when)
        return f"append {name}"

    def tamper(self, branch):
        tree = dict(self.tree(branch))
        steps = TAMPERS + (JOURNAL if self.layout == "drizzle" else ())
        there = self.shape.read(tree)
        step = self.random.choice(steps)
        said = step(self, tree, self.random.choice(there), there) if there else None
        if said is None:
            said = self.append(tree, tree)
        if self.random.random() < 0.7:
            self.shape.record(tree)
            said += ", recorded"
        self.commit(branch, tree, said=said)

    def merge(self, branch, theirs):
        mine = self.tips[branch]
        if theirs in self.ancestors(mine):
            return
        trees = [self.commits[at].tree for at in (self.merge_bases(mine, theirs)[-1], mine, theirs)]
        policy = self.random.choice((mine, theirs))
        tree = {}
        for path in sorted({path for tree in trees for path in tree}):
            texts = [one.get(path) for one in trees]
            text = texts[2] if texts[1] == texts[0] else texts[1]
            if texts[1] not in (texts[0], texts[2]) and texts[2] != texts[0]:
                text = self.commits[policy].tree.get(path)
            if text is not None:
                tree[path] = text
        if self.layout == "drizzle":
            self.merge_journals(tree, *trees[1:])
        said = f"merge {theirs}, conflicts as in {policy}"
        if branch == "base" or self.calm or self.random.random() < 0.8:
            self.shape.record(tree)
            said += ", recorded"
        self.commit(branch, tree, theirs, said=said)

    def merge_journals(self, tree, mine, theirs):
        entries = self.shape.entries(mine)
        known = {entry["tag"] for entry in entries}
        entries += [e for e in self.shape.entries(theirs) if e["tag"] not in known]
        there = [e for e in entries if self.shape.paths(e["tag"])[0] in tree]
        self.shape.write_entries(tree, sorted(there, key=lambda entry: entry["when"]))


# ---- tampers: what was done, or None when it cannot be done here ----


def edit(history, tree, victim, there):
    path = victim.paths[0]
    if path in tree:
        new = f"id int, x{history.random.randint(1, 999)} int"
        tree[path] = tree[path].replace(b"id int", new.encode(), 1)
        return f"edit {path}"
    return None


def edit_literal(history, tree, victim, there):
    """White space in a literal is no white space."""
    path = victim.paths[0]
    if b"'a  b'" in tree.get(path, b""):
        tree[path] = tree[path].replace(b"'a  b'", b"'a b'")
        return f"edit the literal of {path}"
    return None


def edit_companion(history, tree, victim, there):
    path = victim.paths[1] or victim.paths[0]
    if path in tree:
        tree[path] = tree[path].replace(b"DROP TABLE ", b"DROP TABLE IF EXISTS ")
        return f"edit companion {path}"
    return None


def remove_companion(history, tree, victim, there):
    if victim.paths[1] in tree:
        del tree[victim.paths[1]]
        return f"remove companion {victim.paths[1]}"
    return None


def remove(history, tree, victim, there):
    if len(there) < 2:
        return None
    history.shape.drop(tree, victim.name)
    return f"remove {victim.name}"


def rename(history, tree, victim, there):
    shape, rng = history.shape, history.random
    number = shape.number(victim.name) + rng.choice((0, 0, 1, 5))
    name = shape.name(number, history.title())
    texts = [tree.get(path) for path in victim.paths]
    at = next((i for i, e in enumerate(shape.entries(tree)) if e["tag"] == victim.name), None)
    when = None if at is None else shape.entries(tree)[at]["when"]
    shape.drop(tree, victim.name)
    shape.add(tree, name, "", "", at=at, when=when)
    for path, text in zip(shape.paths(name), texts):
        if path:
            tree.pop(path, None)
            if text is not None:
                tree[path] = text
    return f"rename {victim.name} to {name}"


def swap(history, tree, victim, there):
    other = history.random.choice(there)
    one, two = victim.paths[0], other.paths[0]
    if one == two or one not in tree or two not in tree:
        return None
    tree[one], tree[two] = tree[two], tree[one]
    return f"swap {one} and {two}"


def swap_companions(history, tree, victim, there):
    other = history.random.choice(there)
    one, two = victim.paths[1], other.paths[1]
    if one == two or one not in tree or two not in tree:
        return None
    tree[one], tree[two] = tree[two], tree[one]
    return f"swap {one} and {two}"


def comment(history, tree, victim, there):
    path = history.random.choice([p for p in victim.paths if p in tree] or [None])
    if path is None:
        return None
    tree[path] = tree[path] + f"-- remark {history.random.randint(1, 999)}\n".encode()
    return f"comment {path}"


def line_endings(history, tree, victim, there):
    path = history.random.choice([p for p in victim.paths if p in tree] or [None])
    if path is None:
        return None
    if b"\r\n" in tree[path]:
        tree[path] = tree[path].replace(b"\r\n", b"\n")
    else:
        tree[path] = tree[path].replace(b"\n", b"\r\n")
    return f"line endings of {path}"


def late(history, tree, victim, there):
    """In front of one that is there: of a number between, or one below all."""
    shape = history.shape
    numbers = {shape.number(m.name) for m in there}
    number = shape.number(victim.name) - 1
    if number in numbers or number < 1:
        for m in reversed(there):  # make room: nothing lies between whole numbers
            if shape.number(m.name) - 1 not in numbers and shape.number(m.name) > 1:
                number = shape.number(m.name) - 1
                break
        else:
            return None
    name = shape.name(number, history.title())
    at = min(len(there) - 1, number) if shape.layout == "drizzle" else None
    shape.add(tree, name, "CREATE TABLE late (id int);\n", "DROP TABLE late;\n", at=at)
    return f"late {name}"


def taken(history, tree, victim, there):
    """The number of the newest one of the base, under a title of its own or under the same."""
    theirs = history.shape.read(history.tree("base"))
    if not theirs:
        return None
    last = theirs[-1].name
    if history.random.random() < 0.5:
        last = history.shape.name(history.shape.number(last), history.title())
    history.shape.add(tree, last, "CREATE TABLE mine (id int);\n", "DROP TABLE mine;\n")
    return f"take the number: {last}"


def put_back(history, tree, victim, there):
    """One file as the base has it."""
    theirs = history.tree("base")
    path = history.random.choice(sorted(p for p in theirs if p.endswith(".sql")) or [None])
    if path is None:
        return None
    tree[path] = theirs[path]
    return f"put back {path}"


def take_all(history, tree, victim, there):
    """The folder as the base has it."""
    theirs, folder = history.tree("base"), history.shape.folder
    for path in [p for p in tree if p.startswith(folder)]:
        del tree[path]
    tree.update((p, text) for p, text in theirs.items() if p.startswith(folder))
    return "put all back"


def settings(history, tree, victim, there):
    parts = ("[check]\n\torder = late\n", "[check]\n\tcosmetic = warning\n",
             "[migrations]\n\trollback = warn\n", "[check]\n\tbase = HEAD\n",
             '[rule "history-edited"]\n\tseverity = warning\n',
             f"[migrations]\n\tlayout = {history.layout}\n")
    chosen = [part for part in parts if history.random.random() < 0.35]
    tree[SETTINGS] = "".join(chosen).encode()
    return f"settings {tree[SETTINGS]!r}"


def restamp(history, tree, victim, there):
    entries = history.shape.entries(tree)
    history.random.choice(entries)["when"] += 1
    history.shape.write_entries(tree, entries)
    return "restamp an entry"


def reorder(history, tree, victim, there):
    entries = history.shape.entries(tree)
    if len(entries) < 2:
        return None
    at = history.random.randrange(len(entries) - 1)
    entries[at : at + 2] = reversed(entries[at : at + 2])
    history.shape.write_entries(tree, entries)
    return f"reorder entries {at} and {at + 1}"


def forget_entry(history, tree, victim, there):
    """The file stays, its entry goes."""
    entries = history.shape.entries(tree)
    if len(entries) < 2:
        return None
    history.shape.write_entries(tree, [e for e in entries if e["tag"] != victim.name])
    return f"forget the entry of {victim.name}"


TAMPERS = (edit, edit, edit_literal, edit_companion, remove_companion, remove, rename, swap,
           swap_companions, comment, line_endings, late, taken, put_back, take_all, settings)
JOURNAL = (restamp, restamp, reorder, reorder, forget_entry)


def stream(histories):
    """What git fast-import reads: the branches base-SEED and work-SEED of each history."""
    out, marks = [], 0
    for history in histories:
        names = {}
        for at, commit in enumerate(history.commits):
            marks += 1
            names[at] = marks
            when = f"Ada <ada@example.com> {1700000000 + at * 60} +0000"
            out.append(f"commit refs/heads/all-{history.seed}\nmark :{marks}\ncommitter {when}\n"
                       .encode())
            said = history.steps[at].encode()
            out.append(b"data %d\n%s\n" % (len(said), said))
            for n, parent in enumerate(commit.parents):
                out.append(f"{'merge' if n else 'from'} :{names[parent]}\n".encode())
            out.append(b"deleteall\n")
            for path, text in sorted(commit.tree.items()):
                out.append(b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(text), text))
        for branch, tip in history.tips.items():
            out.append(f"reset refs/heads/{branch}-{history.seed}\nfrom :{names[tip]}\n\n".encode())
        out.append(f"reset refs/heads/all-{history.seed}\nfrom {'0' * 40}\n\n".encode())
    return b"".join(out)
