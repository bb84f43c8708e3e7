"""The Debian package: what it says, what it holds, and that it works where nothing else is."""

import re
import shutil
import subprocess

import project
import pytest
import roots
from project import SOURCE

FILES = {
    "/usr/bin/predeploy",
    "/usr/share/bash-completion/completions/predeploy",
    "/usr/share/doc/predeploy/README.md",
    "/usr/share/doc/predeploy/changelog.gz",
    "/usr/share/doc/predeploy/copyright",
    "/usr/share/doc/predeploy/docs/README.md",
    "/usr/share/doc/predeploy/docs/examples/backup-receiver.py",
    "/usr/share/fish/vendor_completions.d/predeploy.fish",
    "/usr/share/man/man1/predeploy.1.gz",
    "/usr/share/predeploy/hooks/pre-push",
    "/usr/share/predeploy/hooks/pre-receive",
    "/usr/share/zsh/vendor-completions/_predeploy",
}
LIBRARIES = {"libc6", "libcurl4", "libgit2", "libjansson4", "libpq5", "libssl3"}
PARSER = "usr/share/doc/predeploy/copyright.libpg_query"
PROGRAMS = {"./usr/bin/predeploy", "./usr/share/predeploy/hooks/pre-push",
            "./usr/share/predeploy/hooks/pre-receive"}
# Known and meant.
TOLERATED = {
    "initial-upload-closes-no-bugs",  # no bug of Debian's stands for this package
    "package-contains-vcs-control-file",  # .gitignore of the example, which is a whole project
}


def asked(*argv):
    return subprocess.run(list(map(str, argv)), check=True, capture_output=True, text=True).stdout


def field(package, name):
    return asked("dpkg-deb", "--field", package, name).strip()


def test_fields(package):
    assert package.name == f"predeploy_{field(package, 'Version')}_{field(package, 'Architecture')}.deb"
    assert field(package, "Section") == "database"
    assert re.fullmatch(r".+ <[^ ]+@[^ ]+>", field(package, "Maintainer"))
    summary, *rest = field(package, "Description").splitlines()
    assert len(summary) < 80 and len(rest) > 3
    assert "ca-certificates" in field(package, "Recommends")
    assert "postgresql" in field(package, "Suggests")


def test_dependencies_are_the_libraries(package, tmp_path):
    depends = field(package, "Depends").split(", ")
    names = {re.sub(r"(-1\.\d|-?\d{4}.*|t64| .*)", "", depend).rstrip("-") for depend in depends}
    asked("dpkg-deb", "--extract", package, tmp_path)
    linked = "libpg_query" in asked("readelf", "--dynamic", tmp_path / "usr/bin/predeploy")
    assert names == LIBRARIES | ({"libpg-query"} if linked else set())
    assert linked != (tmp_path / PARSER).exists(), "what is part of the binary has its text with it"
    assert all("(>= " in depend for depend in depends if depend.startswith(("libc6", "libpq5")))


def test_contents(package):
    rows = [line.split(None, 5) for line in asked("dpkg-deb", "--contents", package).splitlines()]
    assert FILES <= {row[5].lstrip(".") for row in rows}
    for mode, owner, _, _, _, path in rows:
        assert owner == "root/root", path
        wanted = "drwxr-xr-x" if path.endswith("/") else "-rwxr-xr-x"
        if path in PROGRAMS or path.endswith("/"):
            assert mode == wanted, path
        else:
            assert mode[1:] in ("rw-r--r--", "rwxr-xr-x"), path
        assert "node_modules" not in path


def test_whose_package_it_is(build):
    said = run(
        build.stages["build"].root,
        "cd /src/build/release; cmake . -DPREDEPLOY_MAINTAINER='Ada <ada@example.org>'"
        " -DPREDEPLOY_HOMEPAGE=https://example.org/gate >/dev/null; cpack -G DEB >/dev/null;"
        "dpkg-deb --field *.deb Maintainer Homepage",
        user=None,
    )
    assert said == "Maintainer: Ada <ada@example.org>\nHomepage: https://example.org/gate\n"


def test_the_changelog_is_of_this_version(package):
    first = (SOURCE / "cmake/debian/changelog").read_text().splitlines()[0]
    assert first.startswith(f"predeploy ({field(package, 'Version')}) ")


def test_lintian(package):
    if shutil.which("lintian") is None:
        pytest.skip("lintian is not installed")
    done = subprocess.run(
        ["lintian", "--allow-root", "--no-cfg", str(package)], capture_output=True, text=True
    )
    lines = done.stdout.splitlines()
    said = {line.split(": ", 2)[2].split(" ")[0] for line in lines if re.match("[EW]: ", line)}
    assert said <= TOLERATED, done.stdout


def test_binary_is_stripped_and_has_no_rpath(build, package, tmp_path):
    asked("dpkg-deb", "--extract", package, tmp_path)
    binary = tmp_path / "usr/bin/predeploy"
    sections = asked("readelf", "--sections", "--dynamic", "--wide", binary)
    assert ".symtab" not in sections and ".debug" not in sections
    assert "RPATH" not in sections and "RUNPATH" not in sections
    assert "BIND_NOW" in sections or "NOW" in sections
    exported = asked("nm", "--dynamic", "--defined-only", binary).splitlines()
    assert not [line for line in exported if line.split()[1] in "TWi"], "nobody else calls its functions"


@pytest.fixture(scope="module")
def installed(build, package):
    """A clean root with the package, its dependencies, and nothing that is only recommended."""
    root = roots.Root(build.store, [build.store.base()])
    root = root.extended(
        "installed",
        ["sh", "-c", "apt-get update && apt-get install -y --no-install-recommends /package/*.deb"],
        script=f'mkdir "$root/package"; mount --bind {package.parent} "$root/package"',
        env={"DEBIAN_FRONTEND": "noninteractive"},
    )
    build.store.used.update(layer.name for layer in root.layers)
    return root


def run(root, script, user=(4711, 4711), repo=None, env=None):
    mount = ""
    if repo is not None:
        mount = f'mkdir -p "$root/shop"; mount --bind {repo} "$root/shop"'
    done = root.execute(["sh", "-euc", script], user=user, script=mount, env=env, timeout=2)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_runs_where_it_is_installed(installed, tmp_path, db):
    repo = project.make(tmp_path / "shop", owner=4711)
    said = run(
        installed,
        "cd /shop; predeploy --version; predeploy check; predeploy deploy; predeploy status",
        repo=repo,
        env={"DATABASE_URL": db.url},
    )
    assert "0001_customers" in said
    assert db.tables() == ["customers"]


def test_nothing_is_left_of_it(installed):
    run(installed, "dpkg --purge predeploy; ! find / -xdev -name '*predeploy*' | "
                   "grep -vE '^/(var/log|package|proc)'", user=None)


def test_a_prefix_gets_the_same(build, package):
    """`cmake --install` for everybody else."""
    stage = build.stages["build"]
    said = run(
        stage.root,
        "cmake --install /src/build/release --prefix /opt/predeploy >/dev/null;"
        "cd /opt/predeploy; find . -type f | sort; ./bin/predeploy --version >&2",
        user=None,
    )
    rows = asked("dpkg-deb", "--contents", package).splitlines()
    packed = {row.split(None, 5)[5] for row in rows if not row.endswith("/")}
    assert {"./usr/" + line[2:] for line in said.splitlines()} == packed
