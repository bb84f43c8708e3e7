"""Clean Debian roots, and a Dockerfile carried out in them: no engine is needed, root is.

A stage is a pile of layers, as it is with an engine: folders that overlayfs lays over the base,
kept under build/roots by the hash of what made them. The base is what mmdebstrap makes of
Debian's minimal packages."""

import contextlib
import fcntl
import fnmatch
import hashlib
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile

SUITES = {"12": "bookworm", "13": "trixie"}
MINUTES = 60
# Carried out in namespaces of its own, so that nothing stays mounted, whatever happens.
ENTER = r"""
set -eu
root=$1 lower=$2 upper=$3 work=$4 debs=$5 script=$6
mount -t overlay overlay -o "lowerdir=$lower,upperdir=$upper,workdir=$work" "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in null zero full random urandom tty; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/shm"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
ln -s /proc/self/fd "$root/dev/fd"
ln -s fd/0 "$root/dev/stdin"
ln -s fd/1 "$root/dev/stdout"
ln -s fd/2 "$root/dev/stderr"
touch "$root/etc/resolv.conf"
if [ -s /etc/resolv.conf ]; then mount --bind /etc/resolv.conf "$root/etc/resolv.conf"; fi
mkdir -p "$root/var/cache/apt/archives"
mount --bind "$debs" "$root/var/cache/apt/archives"
. "$script"
"""


SLIM = {
    "etc/dpkg/dpkg.cfg.d/docker": "".join(
        f"path-exclude /usr/share/{folder}/*\n"
        for folder in ("doc", "groff", "info", "linda", "lintian", "locale", "man")
    )
    + "path-include /usr/share/doc/*/copyright\n",
    "etc/apt/apt.conf.d/docker-clean": 'Dir::Cache::pkgcache "";\nDir::Cache::srcpkgcache "";\n',
}


class Cannot(Exception):
    """Roots cannot be made here; the text says why."""


def require():
    if os.geteuid() != 0:
        raise Cannot("clean Debian roots need root")
    for tool in ("mmdebstrap", "unshare", "setpriv"):
        if shutil.which(tool) is None:
            raise Cannot(f"{tool} is not installed")
    with tempfile.TemporaryDirectory() as scratch:
        for name in ("lower", "upper", "work", "root"):
            os.mkdir(f"{scratch}/{name}")
        probe = "mount -t overlay overlay -o lowerdir=$0/lower,upperdir=$0/upper,workdir=$0/work $0/root"
        tried = subprocess.run(
            ["unshare", "--mount", "sh", "-c", probe, scratch], capture_output=True
        )
        if tried.returncode != 0:
            raise Cannot("overlayfs cannot be mounted here")


def proxy_settings():
    """What this machine's apt must know to reach its mirrors."""
    dump = subprocess.run(["apt-config", "dump"], capture_output=True, text=True).stdout
    wanted = r'Acquire::(https?::.*|Check-Valid-Until|Check-Date|ForceIPv4) ".+";'
    return "\n".join(line for line in dump.splitlines() if re.fullmatch(wanted, line)) + "\n"


class Store:
    """The folder build/roots: bases and packages that were fetched by suite, layers by whose they
    are, too."""

    def __init__(self, folder, suite, owner):
        self.folder = pathlib.Path(folder).resolve()
        self.suite = suite
        self.layers = self.folder / f"{suite}-{owner}"
        self.debs = self.folder / f"{suite}-debs"
        for path in (self.layers, self.debs):
            path.mkdir(parents=True, exist_ok=True)
        self.used = set()
        self.lock = open(self.folder / f"{suite}.lock", "w")
        fcntl.flock(self.lock, fcntl.LOCK_EX)

    def base(self):
        root = self.folder / f"{self.suite}-base"
        if not root.exists():
            making = self.folder / f"{self.suite}-base.new"
            shutil.rmtree(making, ignore_errors=True)
            subprocess.run(
                ["mmdebstrap", "--quiet", "--variant=minbase", self.suite, str(making)],
                check=True,
                capture_output=True,
                timeout=10 * MINUTES,
            )
            conf = making / "etc/apt/apt.conf.d/50roots"
            conf.write_text(proxy_settings() + 'APT::Keep-Downloaded-Packages "true";\n')
            (making / "etc/dpkg/dpkg.cfg.d/roots").write_text("force-unsafe-io\n")
            making.rename(root)
        return root

    def slim(self):
        """What Debian's images called slim leave out of every package."""

        def make(folder):
            for name, text in SLIM.items():
                (folder / name).parent.mkdir(parents=True)
                (folder / name).write_text(text)

        return self.layer("slim", make)

    def layer(self, key, make):
        """The layer of that name, made by make(folder) unless it is there."""
        digest = hashlib.sha256(repr(key).encode()).hexdigest()[:24]
        self.used.add(digest)
        path = self.layers / digest
        if not path.exists():
            making = self.layers / f"{digest}.new"
            shutil.rmtree(making, ignore_errors=True)
            making.mkdir()
            make(making)
            making.rename(path)
        return path

    def layer_of_files(self, key, context, files):
        """The files of a context, below /src."""
        return self.layer((key, digest_of(context, files)), lambda to: copy(context, files, to / "src"))

    def forget_unused(self):
        for path in self.layers.iterdir():
            if path.name not in self.used:
                shutil.rmtree(path, ignore_errors=True)


class Root:
    """A pile of layers in which commands run."""

    def __init__(self, store, layers, env=None):
        self.store = store
        self.layers = list(layers)
        self.env = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
        self.env.update(env or {})

    def execute(self, argv, upper=None, script="", user=None, folder="/", env=None, timeout=10,
                capture=True):
        """Runs argv in it. What it writes goes to `upper`, or is gone afterwards. `script`: lines
        of shell that run before, with $root. user: (uid, gid), then without any capability."""
        with contextlib.ExitStack() as stack:
            scratch = stack.enter_context(
                tempfile.TemporaryDirectory(dir=self.store.folder, prefix="run-")
            )
            for name in ("root", "work", "upper"):
                os.mkdir(f"{scratch}/{name}")
            inside = ["chroot", f"{scratch}/root"]
            if user is not None:
                inside += ["setpriv", f"--reuid={user[0]}", f"--regid={user[1]}"]
                inside += ["--clear-groups", "--no-new-privs"]
                inside += ["--inh-caps=-all", "--bounding-set=-all"]
            inside += ["env", "-i", f"--chdir={folder}"]
            inside += [f"{name}={value}" for name, value in {**self.env, **(env or {})}.items()]
            pathlib.Path(f"{scratch}/script").write_text(
                script + "\nexec " + " ".join(map(shlex.quote, inside + list(argv))) + "\n"
            )
            lower = ":".join(str(layer) for layer in reversed(self.layers))
            places = [f"{scratch}/root", lower, str(upper or f"{scratch}/upper"), f"{scratch}/work"]
            return subprocess.run(
                ["unshare", "--mount", "--pid", "--fork", "--kill-child", "bash", "-c", ENTER, "bash"]
                + places
                + [str(self.store.debs), f"{scratch}/script"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if capture else None,
                stderr=subprocess.PIPE if capture else None,
                text=True,
                timeout=timeout * MINUTES,
            )

    def extended(self, key, argv, **how):
        """This root with one more layer: what argv wrote."""

        def make(folder):
            done = self.execute(argv, upper=folder, **how)
            if done.returncode != 0:
                raise RuntimeError(f"{argv}: {done.returncode}\n{done.stdout[-4000:]}{done.stderr[-4000:]}")

        names = [layer.name for layer in self.layers]
        layer = self.store.layer((names, key, list(argv)), make)
        return Root(self.store, self.layers + [layer], self.env)

    def file(self, path):
        """Where that file of the topmost layer that has it lies outside."""
        for layer in reversed(self.layers):
            for found in sorted(layer.glob(path.lstrip("/"))):
                return found
        return None


# ---- Dockerfiles ----


def instructions(text):
    """[(word, rest)], with lines that go on put together and comments left out."""
    out, whole = [], ""
    for line in text.splitlines():
        if re.match(r"\s*#", line) or not (line.strip() or whole):
            continue
        if line.endswith("\\"):
            whole += line[:-1] + " "
            continue
        word, _, rest = (whole + line).strip().partition(" ")
        out.append((word.upper(), rest.strip()))
        whole = ""
    return out


def ignored(path, patterns):
    parts = path.split("/")
    for pattern in patterns:
        if pattern.startswith("**/"):
            if any(fnmatch.fnmatch(part, pattern[3:]) for part in parts):
                return True
        elif fnmatch.fnmatch(parts[0], pattern) or fnmatch.fnmatch(path, pattern):
            return True
    return False


def context_files(context, source, patterns):
    """The files of the build context below `source`, as paths from the context."""
    top = context / source
    if top.is_file():
        return [source]
    found = []
    for folder, folders, files in os.walk(top):
        inside = os.path.relpath(folder, context)
        below = "" if inside == "." else inside + "/"
        folders[:] = [name for name in folders if not ignored(below + name, patterns)]
        found += [below + name for name in files if not ignored(below + name, patterns)]
    return sorted(found)


def digest_of(context, files):
    digest = hashlib.sha256()
    for name in files:
        path = context / name
        digest.update(f"{name} {path.lstat().st_mode}\n".encode())
        digest.update(os.readlink(path).encode() if path.is_symlink() else path.read_bytes())
    return digest.hexdigest()


def copy(context, files, folder):
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(context / name, folder / name, follow_symlinks=False)


class Stage:
    def __init__(self, root):
        self.root = root
        self.user, self.folder = "root", "/"
        self.entrypoint, self.command, self.labels = [], [], {}

    def ids(self):
        if self.user == "root":
            return None
        uid, _, gid = self.user.partition(":")
        return int(uid), int(gid)

    def run(self, *arguments, repo=None, script="", user=None, **how):
        """As `docker run --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges
        -v REPO:/repo:ro IMAGE ARGUMENTS`."""
        lines = ['mkdir -p "$root/repo"', 'mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"']
        if repo is not None:
            lines.append(f'mount --bind {shlex.quote(str(repo))} "$root/repo"')
            lines.append('mount -o remount,ro,bind "$root/repo"')
        lines += [script, 'mount -o remount,ro,bind "$root"']
        return self.root.execute(
            self.entrypoint + list(arguments or self.command),
            script="\n".join(lines),
            user=user or self.ids(),
            folder=self.folder,
            timeout=2,
            **how,
        )


class Build:
    """The stages of a Dockerfile. arguments: as --build-arg."""

    def __init__(self, store_folder, context, arguments=None):
        self.context = pathlib.Path(context)
        self.steps = instructions((self.context / "Dockerfile").read_text())
        self.patterns = (self.context / ".dockerignore").read_text().split()
        self.arguments = {}
        for word, rest in self.steps:
            if word == "ARG":
                name, _, value = rest.partition("=")
                self.arguments[name] = (arguments or {}).get(name, value)
        version = re.search(r"debian:(\d+)", self.arguments["BASE"]).group(1)
        self.store = Store(store_folder, SUITES[version], "image")
        self.stages = {}
        self.stage = None

    def stage_names(self):
        return [re.split(r"\s+AS\s+", rest)[1] for word, rest in self.steps if word == "FROM"]

    def build(self):
        for word, rest in self.steps:
            getattr(self, "do_" + word.lower())(rest)
        self.store.forget_unused()
        return self.stages

    def do_arg(self, rest):
        pass

    def do_from(self, rest):
        image, name = re.split(r"\s+AS\s+", rest)
        image = re.sub(r"\$\{(\w+)\}", lambda found: self.arguments[found.group(1)], image)
        parent = self.stages.get(image)
        lowest = [self.store.base(), self.store.slim()]
        self.stage = Stage(parent.root if parent else Root(self.store, lowest))
        if parent:
            self.stage.__dict__.update(parent.__dict__, labels=dict(parent.labels))
        elif not image.startswith("debian:"):
            raise ValueError(f"no stage and no Debian: {image}")
        self.stages[name] = self.stage

    def do_copy(self, rest):
        source, target = rest.split()
        files = context_files(self.context, source, self.patterns)
        target = os.path.normpath(os.path.join(self.stage.folder, target)).lstrip("/")

        def make(folder):
            if files == [source]:
                copy(self.context / os.path.dirname(source), [os.path.basename(source)],
                     folder / os.path.dirname(target))
            else:
                copy(self.context / source, [os.path.relpath(name, source) for name in files],
                     folder / target)

        layer = self.store.layer(("copy", target, digest_of(self.context, files)), make)
        self.stage.root = Root(self.store, self.stage.root.layers + [layer])

    def do_run(self, rest):
        script, key = "", rest
        mount = re.match(r"--mount=type=bind,from=(\w+),source=(\S+?),target=(\S+)\s+", rest)
        if mount:
            rest = rest[mount.end() :]
            stage, source, target = mount.groups()
            outside = self.stages[stage].root.file(source)
            key = (rest, [layer.name for layer in self.stages[stage].root.layers])
            script = f'mkdir -p "$root{target}"; mount --bind {shlex.quote(str(outside))} "$root{target}"'
        user = self.stage.ids()
        self.stage.root = self.stage.root.extended(
            (key, self.stage.user, self.stage.folder),
            ["sh", "-c", rest],
            script=f'mkdir -p "$root{self.stage.folder}"\n' + script,
            user=user,
            folder=self.stage.folder,
            env={"DEBIAN_FRONTEND": "noninteractive"},
            timeout=20,
        )

    def do_user(self, rest):
        self.stage.user = rest

    def do_workdir(self, rest):
        self.stage.folder = os.path.join(self.stage.folder, rest)

    def do_entrypoint(self, rest):
        self.stage.entrypoint = json.loads(rest)

    def do_cmd(self, rest):
        self.stage.command = json.loads(rest)

    def do_label(self, rest):
        self.stage.labels.update(word.split("=", 1) for word in shlex.split(rest))
