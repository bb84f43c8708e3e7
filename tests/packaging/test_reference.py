"""What is made from the tables of commands and options: the page, the man page, and completions,
which are tried in the shells that they are for."""

import os
import pathlib
import re
import shutil
import subprocess

import project
import pytest
from project import SOURCE

BINARY = pathlib.Path(os.environ.get("PREDEPLOY", SOURCE / "build/dev/src/predeploy"))
REFERENCE = BINARY.parents[1] / "reference"
BASH, ZSH, FISH = REFERENCE / "bash/predeploy", REFERENCE / "zsh/_predeploy", REFERENCE / "fish/predeploy.fish"
OTHERS = {"HOME", "PATH", "TERM", "GIT_DIR", "GIT_WORK_TREE", "GIT_CONFIG_COUNT"}


def asked(*argv, **how):
    done = subprocess.run(list(map(str, argv)), capture_output=True, text=True, **how)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def needs(tool):
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")


def table(text, title):
    """The rows of the table below a heading, cell by cell."""
    part = text.split(f"\n## {title}\n", 1)[1].split("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in part.splitlines() if line.startswith("| ")]
    return rows[1:]


def plain(text):
    """As a terminal of 80 columns shows it, without bold and underlined letters."""
    return re.sub(r".\x08", "", text)


@pytest.fixture(scope="module")
def man():
    needs("groff")
    done = subprocess.run(
        ["groff", "-man", "-ww", "-Tutf8", "-P-c", "-rLL=78n", str(REFERENCE / "predeploy.1")],
        capture_output=True, text=True,
    )
    assert done.stderr == "", "groff warns"
    return plain(done.stdout)


def test_the_page_is_what_the_tables_make():
    made = asked(BINARY.parent / "predeploy-reference", "options")
    assert (SOURCE / "docs/options.md").read_text() == made, "ci/reference writes it anew"


def test_statuses_agree_with_their_page():
    mine = table((SOURCE / "docs/options.md").read_text(), "Exit statuses")
    page = (SOURCE / "docs/exit-statuses.md").read_text()
    theirs = [line.strip("| ").split(" | ")[:3] for line in page.splitlines() if re.match(r"\| \d", line)]
    assert mine == theirs


def test_tools_are_those_whose_ledgers_are_read():
    page = (SOURCE / "docs/options.md").read_text()
    tools = re.search(r"`TOOL` of .*\| (.*) \|", page).group(1)
    read = re.findall(r"\{PD_LAYOUT_(\w+),", (SOURCE / "src/pg/foreign.c").read_text())
    known = {name.lower().replace("_", "-") for name in read} | {"drizzle"}
    assert set(re.findall(r"`([a-z-]+)`", tools)) == known


def test_man_has_its_sections(man):
    sections = re.findall(r"^([A-Z][A-Z ]+)$", man, re.M)
    assert sections == [
        "NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "OPTIONS", "EXIT STATUS", "ENVIRONMENT",
        "FILES", "EXAMPLES", "SEE ALSO",
    ]
    assert max(map(len, man.splitlines())) <= 78


def test_man_has_every_option_of_the_help(man):
    for command in re.findall(r"^  (\w+) ", asked(BINARY, "help"), re.M):
        assert f"predeploy {command} " in man
        for option in re.findall(r"--[a-z-]+", asked(BINARY, command, "--help").split("Options:")[1]):
            assert option in man


def test_man_has_every_variable(man):
    """Those that the sources read, but what every program reads."""
    read = set()
    for path in (SOURCE / "src").rglob("*.c"):
        text = path.read_text()
        read.update(re.findall(r'(?:getenv|take_secret)\((?:context, )?"(\w+)"', text))
    assert len(read) > 10
    missing = {name for name in read - OTHERS if name not in man}
    assert missing == set()


def test_man_warnings_are_seen(tmp_path):
    needs("groff")
    wrong = tmp_path / "wrong.1"
    wrong.write_text((REFERENCE / "predeploy.1").read_text() + ".NOSUCH\n")
    done = subprocess.run(["groff", "-man", "-ww", "-Tutf8", str(wrong)], capture_output=True)
    assert b"NOSUCH" in done.stderr


# ---- completions ----

WORDS = [
    # what stands on the line, what is offered (a part of it), what is not
    (["de"], {"deploy"}, {"check"}),
    (["deploy", "--tr"], {"--transaction"}, {"--to"}),
    (["rollback", "--to"], {"--to"}, {"--through"}),
    (["record", "--"], {"--check", "--format"}, {"--ephemeral"}),
    (["deploy", "--transaction", ""], {"all", "each"}, {"main"}),
    (["check", "--format", "j"], {"json", "junit"}, {"human"}),
    (["check", "--layout", "dr"], {"drizzle", "drizzle-folders"}, {"plain"}),
    (["status", "--color", ""], {"auto", "always", "never"}, set()),
    (["adopt", "--from", "go"], {"golang-migrate", "goose"}, {"plain"}),
    (["hook", ""], {"install", "pre-push", "pre-receive"}, {"main"}),
    (["help", "st"], {"status"}, {"deploy"}),
    (["check", ""], {"main", "HEAD"}, {"json"}),
    (["check", "--base", "ma"], {"main"}, {"HEAD"}),
    (["check", "--format", "json", "m"], {"main"}, {"json"}),
]


@pytest.fixture(scope="module")
def repo(tmp_path_factory):
    path = project.make(tmp_path_factory.mktemp("completions") / "shop", owner=os.geteuid())
    (path / "a folder").mkdir()
    project.git(path, "branch", "$(touch${IFS}run)")
    return path


def bash(repo, words):
    """What COMPREPLY holds when Tab is pressed behind the last word."""
    parts = [part for word in words for part in re.findall(r"=|[^=]+|^$", word)]
    script = (
        f'set -u; source "{BASH}"; COMP_WORDS=(predeploy "$@"); COMP_CWORD=$#;'
        'compopt() { :; }; _predeploy; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    return set(asked("bash", "--norc", "-c", script, "bash", *parts, cwd=repo).splitlines())


def fish(repo, words):
    line = " ".join(["predeploy", *words])
    said = asked(
        "fish", "--no-config", "-c", f'source "{FISH}"; complete -C "{line}"', cwd=repo,
        env={**os.environ, "HOME": str(repo)},
    )
    return {row.split("\t")[0] for row in said.splitlines()}


def zsh(repo, words):
    """Zsh completes behind a terminal alone: what matches goes to a file besides."""
    found = repo / "found"
    found.write_text("")
    (repo / "start.zsh").write_text(f"""
        unset zle_bracketed_paste; stty -echo; cd {repo}
        fpath=({ZSH.parent} $fpath); autoload -Uz compinit; compinit -u -D
        compadd() {{
            local -a matches
            if [[ -z ${{(M)@:#-[OAD]}} ]]; then
                builtin compadd -O matches "$@"
                print -rl -- $matches >>{found}
            fi
            builtin compadd "$@"
        }}
        PS1=READYEND # shown when the line editor has the terminal
    """)
    script = f"""
        zmodload zsh/zpty
        zpty box 'zsh -f -i'
        zpty -w box '. {repo}/start.zsh'
        zpty -r -m box log '*READYEND*'
        zpty -w -n box $'predeploy {" ".join(words)}\\t\\x15print OVER\'\'END\\n'
        zpty -r -m box log '*OVEREND*'
        zpty -d box
    """
    asked("zsh", "-f", "-c", script, timeout=60, env={**os.environ, "TERM": "dumb"})
    return set(found.read_text().split())


@pytest.mark.parametrize("shell", [bash, fish, zsh])
@pytest.mark.parametrize("words, offered, not_offered", WORDS)
def test_completion(repo, shell, words, offered, not_offered):
    needs(shell.__name__)
    found = shell(repo, words)
    assert offered <= found
    assert not found & not_offered


@pytest.mark.parametrize("shell, path", [("bash", BASH), ("zsh", ZSH), ("fish", FISH)])
def test_syntax(shell, path, tmp_path):
    needs(shell)
    asked(shell, "-n", path)
    wrong = tmp_path / "wrong"
    wrong.write_text(path.read_text() + "\nif (\n")
    assert subprocess.run([shell, "-n", str(wrong)], capture_output=True).returncode != 0


def test_bash_is_clean():
    needs("shellcheck")
    asked("shellcheck", "--shell=bash", BASH)


def test_bash_value_behind_an_equals_sign(repo):
    assert bash(repo, ["check", "--format=", ""]) >= {"json"} or bash(repo, ["check", "--format="]) >= {"json"}
    assert bash(repo, ["check", "--format=js"]) == {"json"}
    assert "main" in bash(repo, ["check", "--format=json", ""])


def test_bash_paths(repo):
    assert bash(repo, ["check", "--path", "a"]) == {"a folder"}
    assert bash(repo, ["check", "--repo", "mig"]) == {"migrations"}
    assert bash(repo, ["check", "--output", ".g"]) == {".git"}


def test_a_branch_is_never_run(repo):
    """Its name may be $(COMMAND)."""
    assert "main" in bash(repo, ["check", ""])
    assert not [name for name in bash(repo, ["check", ""]) if "$" in name]
    assert not (repo / "run").exists()
