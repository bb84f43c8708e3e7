"""As much of a runner of GitHub Actions as the tests need to run workflows and composite actions: the
environment, the files of a step, expressions, and what the runner obeys in the lines of a log. It
follows what the runner does, also where that is surprising: both streams are read for commands, the old
`##[command]` is one anywhere in a line, and the variables of a step are printed."""

import dataclasses
import json
import os
import pathlib
import re
import shutil
import subprocess
import threading

import yaml
from action_expressions import condition, fill

COMMANDS = {"error", "warning", "notice", "debug", "group", "endgroup", "add-mask", "set-output",
            "set-env", "add-path", "save-state", "add-matcher", "remove-matcher", "echo",
            "stop-commands"}
OLD = {"set-output", "set-env", "add-path", "save-state", "add-matcher", "remove-matcher"}


def unescape(text, *more):
    for old, new in (("%0D", "\r"), ("%0A", "\n"), *more, ("%25", "%")):
        text = text.replace(old, new)
    return text


class Log:
    """The log of a job, line by line: what the runner obeys is taken out and done."""

    def __init__(self):
        self.lines = []
        self.masks = []
        self.annotations = []
        self.obeyed = []
        self.token = None
        self.lock = threading.Lock()

    def parse(self, line):
        match = re.match(r"\s*::(\S*?)(?: (.*?))?::(.*)$", line, re.S)
        if match and self.known(match[1]):
            pairs = [word.split("=", 1) for word in (match[2] or "").strip().split(",") if "=" in word]
            properties = {key: unescape(value, ("%3A", ":"), ("%2C", ",")) for key, value in pairs}
            return match[1].lower(), properties, unescape(match[3])
        match = re.search(r"##\[(\S*?)(?: (.*?))?\](.*)$", line, re.S)
        if match and self.known(match[1]):
            pairs = [word.split("=", 1) for word in (match[2] or "").split(";") if "=" in word]
            return match[1].lower(), dict(pairs), unescape(match[3])
        return None

    def known(self, name):
        return name.lower() in COMMANDS or (self.token and name.lower() == self.token.lower())

    def feed(self, line):
        with self.lock:
            command = self.parse(line)
            if command is None or (self.token and command[0] != self.token.lower()):
                self.say(line)
            elif self.token:
                self.token = None
                self.say(line)
            else:
                self.obey(line, *command)

    def obey(self, line, name, properties, data):
        self.obeyed.append(name)
        if name == "stop-commands":
            self.token = data
            self.say(line)
        elif name == "add-mask":
            assert data.strip(), "an empty mask"
            self.masks += [part for part in (data, *data.splitlines()) if part.strip()]
        elif name in ("error", "warning", "notice"):
            self.annotations.append((name, properties, data))
            self.say(f"##[{name}]{data}")

    def say(self, line):
        for mask in sorted(self.masks, key=len, reverse=True):
            line = line.replace(mask, "***")
        self.lines.append(line)

    @property
    def text(self):
        return "\n".join(self.lines) + "\n"


def assignments(path):
    """What a step has written to GITHUB_OUTPUT and its like; NAME=VALUE or NAME<<END, lines, END."""
    lines = path.read_bytes().decode().split("\n") if path.exists() else []
    found = {}
    while lines:
        line = lines.pop(0)
        if not line:
            continue
        match = re.match(r"([^=<]+)(=|<<)(.*)$", line, re.S)
        if not match:
            raise ValueError(f"the runner would refuse: {line!r}")
        value = match[3]
        if match[2] == "<<":
            assert match[3] in lines, "a value without its end"
            end = lines.index(match[3])
            value = "\n".join(lines[:end])
            del lines[: end + 1]
        found[match[1]] = value
    return found


@dataclasses.dataclass
class Scope:
    """Where steps stand one behind the other: a job, or a composite action."""

    contexts: dict
    env: dict
    failed: bool = False
    cancelled: bool = False

    @property
    def functions(self):
        return dict(success=lambda: not self.failed, failure=lambda: self.failed,
                    always=lambda: True, cancelled=lambda: self.cancelled)


class Runner:
    """Runs jobs in folder/workspace. `actions` has what `uses:` names without its version: a function
    (runner, inputs) that returns outputs, or the folder of a composite action."""

    def __init__(self, folder, event, payload, sha, ref, actions=None, env=None):
        self.folder = pathlib.Path(folder)
        self.workspace = self.folder / "workspace"
        self.temporary = self.folder / "temp"
        for path in (self.workspace, self.temporary, self.folder / "home"):
            path.mkdir(parents=True, exist_ok=True)
        self.event, self.payload = event, payload
        (self.folder / "event.json").write_text(json.dumps(payload))
        self.github = dict(event_name=event, event=payload, sha=sha, ref=ref, run_attempt="1",
                           workspace=str(self.workspace), actor="ada", workflow="test")
        self.actions = actions or {}
        self.env = dict(
            env or {}, HOME=str(self.folder / "home"), CI="true", GITHUB_ACTIONS="true",
            GITHUB_EVENT_NAME=event, GITHUB_EVENT_PATH=str(self.folder / "event.json"),
            GITHUB_SHA=sha, GITHUB_REF=ref, GITHUB_WORKSPACE=str(self.workspace),
            GITHUB_ACTOR="ada", RUNNER_TEMP=str(self.temporary), RUNNER_OS="Linux",
        )
        self.log = Log()
        self.count = 0
        self.summary = ""
        self.during = None  # called with the process of each step that runs a script

    def job(self, path, name, secrets=None, inputs=None):
        """Runs a job of a workflow; None when its `if:` or the event leaves it out. Secrets are those of
        environments: {environment: {name: value}}."""
        workflow = yaml.load(pathlib.Path(path).read_text(), Loader=yaml.BaseLoader)
        if self.event not in workflow["on"]:
            return None
        job = workflow["jobs"][name]
        contexts = dict(github=self.github, inputs=inputs or {}, steps={}, env={}, runner={},
                        secrets=(secrets or {}).get(job.get("environment"), {}))
        scope = Scope(contexts, {**workflow.get("env", {}), **job.get("env", {})})
        self.log.masks += [value for value in contexts["secrets"].values() if value]
        if not condition(job.get("if"), contexts, scope.functions):
            return None
        for step in job["steps"]:
            self.step(step, scope)
        return scope

    def action(self, folder, inputs=None, env=None, secrets=()):
        """Runs a composite action as the only step of a job; its outputs stand in the scope's step `it`."""
        scope = Scope(dict(github=self.github, inputs={}, steps={}, env={}, runner={}, secrets={}), {})
        self.log.masks += secrets
        self.actions["it"] = pathlib.Path(folder)
        self.step({"id": "it", "uses": "it", "with": inputs or {}, "env": env or {}}, scope)
        return scope

    def step(self, step, scope):
        contexts = dict(scope.contexts, env=scope.env)
        conclusion, outputs = "skipped", {}
        if condition(step.get("if"), contexts, scope.functions):
            env = {key: fill(value, contexts) for key, value in (step.get("env") or {}).items()}
            env = {**scope.env, **env}
            if "run" in step:
                conclusion, outputs = self.script(step, contexts, env, scope)
            else:
                conclusion, outputs = self.use(step, contexts, env)
        scope.cancelled = scope.cancelled or conclusion == "cancelled"
        if conclusion in ("failure", "cancelled") and step.get("continue-on-error") != "true":
            scope.failed = True
        if "id" in step:
            scope.contexts["steps"][step["id"]] = dict(outputs=outputs, conclusion=conclusion)
        return conclusion

    def use(self, step, contexts, env):
        name = step["uses"].split("@")[0]
        given = {key: fill(value, contexts) for key, value in (step.get("with") or {}).items()}
        if name.startswith("./"):
            return self.composite(self.workspace / name, given, env)
        target = self.actions[name]
        if isinstance(target, pathlib.Path):
            return self.composite(target, given, env)
        try:
            return "success", target(self, given) or {}
        except (AssertionError, subprocess.CalledProcessError) as error:
            self.log.say(f"##[error]{error}")
            return "failure", {}

    def composite(self, folder, given, env):
        action = yaml.load((folder / "action.yml").read_text(), Loader=yaml.BaseLoader)
        assert action["runs"]["using"] == "composite"
        unknown = set(given) - set(action["inputs"])
        assert not unknown, f"inputs that the action does not have: {unknown}"
        inputs = {name: given.get(name, about.get("default", ""))
                  for name, about in action["inputs"].items()}
        github = dict(self.github, action_path=str(folder))
        scope = Scope(dict(github=github, inputs=inputs, steps={}, runner={}), env)
        for step in action["runs"]["steps"]:
            if self.step(step, scope) in ("failure", "cancelled"):
                break  # the runner does not ask the steps behind it, whatever their `if:`
        outputs = {name: fill(about["value"], scope.contexts)
                   for name, about in action["outputs"].items()}
        return "cancelled" if scope.cancelled else "failure" if scope.failed else "success", outputs

    def script(self, step, contexts, env, scope):
        text = fill(step["run"], contexts)
        self.count += 1
        script = self.temporary / f"step{self.count}.sh"
        script.write_text(text)
        files = {}
        for name in ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STATE", "GITHUB_STEP_SUMMARY"):
            files[name] = self.temporary / f"{name.lower()}{self.count}"
            files[name].touch()
        where = self.workspace / fill(step.get("working-directory", "."), contexts)
        everything = {**self.env, **env, **{name: str(path) for name, path in files.items()}}
        if "action_path" in contexts["github"]:
            everything["GITHUB_ACTION_PATH"] = contexts["github"]["action_path"]
            assert step.get("shell"), "a composite action must name the shell"
        self.log.say(f"Run {text}")
        for name, value in env.items():
            self.log.say(f"  {name}: {value}")
        status = self.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)], where,
                          everything)
        self.summary += files["GITHUB_STEP_SUMMARY"].read_text()
        scope.env.update(assignments(files["GITHUB_ENV"]))
        if paths := files["GITHUB_PATH"].read_text().split():
            self.env["PATH"] = os.pathsep.join([*reversed(paths), self.env["PATH"]])
        if status:
            self.log.say(f"##[error]Process completed with exit code {status}.")
        conclusion = "success" if status == 0 else "cancelled" if self.during else "failure"
        return conclusion, assignments(files["GITHUB_OUTPUT"])

    def run(self, words, where, env):
        process = subprocess.Popen(words, cwd=where, env=env, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   start_new_session=True)
        readers = [threading.Thread(target=self.read, args=(stream,))
                   for stream in (process.stdout, process.stderr)]
        for reader in readers:
            reader.start()
        if self.during:
            self.during(process)
        for reader in readers:
            reader.join(120)
        assert not any(reader.is_alive() for reader in readers), f"it hangs: {words}"
        return process.wait()

    def read(self, stream):
        with stream:
            for line in stream:
                self.log.feed(line.decode(errors="replace").rstrip("\r\n"))


def checkout(origin):
    """What actions/checkout does with a repository at `origin`: history only when it was asked for."""

    def run(runner, inputs):
        depth = int(inputs.get("fetch-depth", 1))
        folder = runner.workspace
        shutil.rmtree(folder)
        folder.mkdir()
        sha, ref = runner.github["sha"], runner.github["ref"]
        specs, words = [], ["checkout", "-q", "--force"]
        if depth == 0:
            specs += ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"]
        if ref.startswith("refs/heads/"):
            branch = ref.removeprefix("refs/heads/")
            if depth:
                specs.append(f"+{sha}:refs/remotes/origin/{branch}")
            words += ["-B", branch, f"refs/remotes/origin/{branch}"]
        elif ref.startswith("refs/pull/"):
            remote = ref.replace("refs/pull/", "refs/remotes/pull/")
            specs.append(f"+{sha}:{remote}")
            words.append(remote)
        else:
            specs.append(sha)
            words.append(sha)
        shallow = [] if depth == 0 else [f"--depth={depth}"]
        for command in (
            ["init", "-q", "-b", "main"],
            ["remote", "add", "origin", f"file://{origin}"],
            ["fetch", "-q", "--no-tags", "--prune", *shallow, "origin", *specs],
            words,
        ):
            subprocess.run(["git", *command], cwd=folder, env=runner.env, check=True,
                           stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)

    return run
