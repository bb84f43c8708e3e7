"""The formats for machines, read by what reads them: JSON, XML, the published schema of SARIF, and
the files of a step of GitHub Actions."""

import json
import os
import re
import urllib.parse
import xml.etree.ElementTree as ET

import jsonschema
import pytest
import world

SARIF = json.loads((world.ROOT / "tests/fixtures/sarif/sarif-schema-2.1.0.json").read_text())
MACHINE = ["json", "sarif", "github", "junit"]
HOSTILE = "x%0A::error::y,z=1 <b>&'`a`|[l](u)"


def sarif(text):
    log = json.loads(text)
    jsonschema.validators.validator_for(SARIF)(SARIF).validate(log)
    for run in log["runs"]:
        rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
        for result in run["results"]:
            assert rules[result["ruleIndex"]] == result["ruleId"]
            for location in result["locations"]:
                uri = location["physicalLocation"]["artifactLocation"]["uri"]
                assert re.fullmatch(r"[A-Za-z0-9._~/%-]+", uri), uri
    return log


def commands(text):
    """The workflow commands, read as the runner reads them."""
    found = []
    for line in text.splitlines():
        match = re.match(r"\s*::(\w+)(?: ([^:]*(?::(?!:)[^:]*)*))?::(.*)", line)
        if not match:
            continue
        properties = dict(word.split("=", 1) for word in (match[2] or "").split(",") if word)
        for old, new in (("%3A", ":"), ("%2C", ","), ("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
            properties = {key: value.replace(old, new) for key, value in properties.items()}
        message = match[3].replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")
        found.append((match[1], properties, message))
    return found


def outputs(text):
    """As the runner reads GITHUB_OUTPUT: NAME<<DELIMITER, lines, DELIMITER."""
    lines = text.split("\n")
    found = {}
    while lines and lines[0]:
        name, delimiter = lines.pop(0).split("<<", 1)
        value = []
        while lines[0] != delimiter:
            value.append(lines.pop(0))
        lines.pop(0)
        assert name not in found
        found[name] = "\n".join(value)
    return found


def env_of(step):
    return {"GITHUB_STEP_SUMMARY": step[0], "GITHUB_OUTPUT": step[1]}


@pytest.fixture
def step_files(tmp_path):
    summary, output = tmp_path / "summary.md", tmp_path / "output.txt"
    summary.write_text("before\n")
    return summary, output


def break_hash(repo):
    repo.write(repo.up("0001_orders"), "CREATE TABLE orders (id bigint);\n")
    repo.commit("edit", record=False)


def test_unknown_format(repo):
    for args in (["check", "--format", "xml"], ["check", "--format="], ["status", "--format", "JSON"]):
        result = repo.run(*args)
        assert result.status == 2, result
        for name in ["human", *MACHINE]:
            assert name in result.err


def test_usage_error_in_each_format(repo):
    for words in (["check", "--bogus"], ["nonsense"]):
        assert sarif(repo.run(*words, "--format", "sarif").out)["runs"][0]["invocations"][0][
            "executionSuccessful"] is False
        suite = ET.fromstring(repo.run(*words, "--format=junit").out)
        assert len(suite.findall(".//error")) == 1
        kinds = [kind for kind, _, _ in commands(repo.run(*words, "--format", "github").out)]
        assert kinds == ["error"]


def test_sarif(repo):
    log = sarif(repo.run("check", "--format", "sarif").out)
    assert log["runs"][0]["results"] == []
    invocation = log["runs"][0]["invocations"][0]
    assert invocation["executionSuccessful"] is True and invocation["exitCode"] == 0
    break_hash(repo)
    result = repo.run("check", "--format", "sarif")
    assert result.status == 1, result
    run = sarif(result.out)["runs"][0]
    assert run["invocations"][0]["exitCode"] == 1
    found = {one["ruleId"]: one for one in run["results"]}
    place = found["hash-mismatch"]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place == {"uri": repo.up("0001_orders"), "uriBaseId": "%SRCROOT%"}
    assert found["hash-mismatch"]["level"] == "error"


def test_deploy_in_each_format(make_repo, server):
    readers = {"json": json.loads, "sarif": sarif, "junit": ET.fromstring, "github": commands}
    for kind, read in readers.items():
        database = server.database()
        repo = make_repo()
        result = repo.run("deploy", "--format", kind, env=database.env)
        assert result.status == 0 and read(result.out) is not None, result
        repo.migration("0003_broken", "CREATE TABLE broken (id int);\nSELECT nope;\n")
        repo.commit("broken")
        result = repo.run("deploy", "--format", kind, env=database.env)
        assert result.status == 5 and read(result.out) is not None, result
        assert "nope" in result.out
        if kind == "sarif":
            notes = read(result.out)["runs"][0]["invocations"][0]["toolExecutionNotifications"]
            region = notes[0]["locations"][0]["physicalLocation"]["region"]
            assert (region["startLine"], region["startColumn"]) == (2, 8)
        if kind == "junit":
            cases = {case.get("name"): case for case in read(result.out).iter("testcase")}
            assert cases["0003_broken"].find("failure") is not None
            assert cases["run"].find("error") is not None
        if kind == "github":
            errors = [one for one in read(result.out) if one[0] == "error"]
            assert errors[0][1]["file"] == repo.up("0003_broken") and errors[0][1]["line"] == "2"


def test_junit(repo):
    result = repo.run("check", "--format", "junit")
    root = ET.fromstring(result.out)
    assert result.status == 0 and root.tag == "testsuites", result
    names = {case.get("name") for case in root.iter("testcase")}
    assert {"revision", "integrity", "rollback", "history", "syntax", "run"} <= names
    assert not list(root.iter("failure"))
    break_hash(repo)
    root = ET.fromstring(repo.run("check", "--format", "junit").out)
    failures = {case.get("name"): case.findall("failure") for case in root.iter("testcase")}
    assert [one.get("type") for one in failures["integrity"]] == ["hash-mismatch"]
    for suite in root:
        assert int(suite.get("tests")) == len(suite.findall("testcase"))
        failed = [case for case in suite if case.find("failure") is not None]
        assert int(suite.get("failures")) == len(failed)


def test_github(repo, step_files):
    summary, output = step_files
    break_hash(repo)
    result = repo.run("check", "--format", "github", env=env_of(step_files))
    assert result.status == 1, result
    errors = [one for one in commands(result.out) if one[0] == "error"]
    assert {"file": repo.up("0001_orders"), "title": "hash-mismatch"} in [one[1] for one in errors]
    assert result.out.splitlines()[-1].startswith("gate closed")
    text = summary.read_text()
    assert text.startswith("before\n## predeploy: gate closed") and "hash-mismatch" in text
    values = outputs(output.read_text())
    assert values["verdict"] == "closed" and values["status"] == "1"
    assert values["commit"] == repo.git("rev-parse", "HEAD")
    assert set(values) == {"verdict", "status", "applied", "pending", "tables", "backup", "commit",
                           "database"}


def test_github_outputs_of_a_deployment(repo, db, webhook, step_files):
    env = {**db.env, **webhook.env, **env_of(step_files)}
    forged = "s3://x\nverdict=forged\nverdict<<E\nforged\nE"
    webhook.answers = [(200, {}, {"status": "completed", "reference": forged})]
    result = repo.run("deploy", "--backup", "--format", "github", env=env)
    values = outputs(step_files[1].read_text())
    assert result.status in (0, 4), result
    assert values["verdict"] == ("open" if result.status == 0 else "failed")
    if result.status == 0:
        assert values["applied"] == "3" and values["pending"] == "0" and values["tables"] == "2"


def test_github_without_its_files(repo, tmp_path):
    assert repo.run("check", "--format", "github").status == 0
    for path in (tmp_path, tmp_path / "no/such/file", "/dev/full"):
        env = {"GITHUB_STEP_SUMMARY": path, "GITHUB_OUTPUT": path}
        result = repo.run("check", "--format", "github", env=env)
        assert result.status == 0 and "GITHUB_OUTPUT" in result.err, result


def test_only_github_writes_the_files(repo, step_files):
    for kind in ["human", "json", "sarif", "junit"]:
        assert repo.run("check", "--format", kind, env=env_of(step_files)).status == 0
    assert step_files[0].read_text() == "before\n" and not step_files[1].exists()


def test_summary_keeps_within_the_limit(repo, step_files):
    step_files[0].write_bytes(b"x" * ((1 << 20) - 1000))
    break_hash(repo)
    assert repo.run("check", "--format", "github", env=env_of(step_files)).status == 1
    assert (1 << 20) - 1000 < step_files[0].stat().st_size <= 1 << 20
    step_files[0].write_bytes(b"x" * (2 << 20))
    assert repo.run("check", "--format", "github", env=env_of(step_files)).status == 1
    assert step_files[0].stat().st_size == 2 << 20


def test_hostile_names_and_messages(make_repo, db, step_files):
    repo = make_repo("plain")
    repo.write(f"{repo.folder}/0004_{HOSTILE.replace('/', '')}.sql", "SELECT 1;\n")
    repo.write(repo.up("0005_raise"), "DO $$ BEGIN RAISE EXCEPTION E'x\\n::error::forged\\n"
               "##[error]y <b> | `c`\\x1b[2J'; END $$;\n")
    repo.write(repo.down("0005_raise"), "SELECT 1;\n")
    repo.commit(f"]]> {HOSTILE}")
    for env in ({}, db.env):
        for kind in MACHINE:
            command = "deploy" if env else "check"
            result = repo.run(command, "--format", kind, env={**env, **env_of(step_files)})
            assert result.status != 0, result
            assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", result.out)
            assert "##[" not in result.out
            if kind == "github":
                titles = [one[1].get("title") for one in commands(result.out)]
                assert titles and all(titles), result
            else:
                assert not re.search(r"^\s*::", result.out, re.M)
            {"json": json.loads, "sarif": sarif, "junit": ET.fromstring}.get(kind, str)(result.out)
    text = step_files[0].read_text()
    bare = re.sub(r"(`+) .*? \1(?!`)", "", text)
    assert "<" not in bare and "](" not in bare, bare


def test_secrets_are_gone_in_each_format(repo, db):
    for kind in ["human", *MACHINE]:
        # The fixture looks for the password in all that is printed, in each of its spellings.
        url = re.sub(r":\d+/", ":1/", db.url)
        result = repo.run("deploy", "--format", kind, "--database", url)
        assert result.status == 3, result
        for spelling in (world.PASSWORD.replace("%", "%25"), world.PASSWORD.replace(":", "%3A"),
                         world.PASSWORD.replace("%", "%25").replace(":", "%3A")):
            assert spelling not in result.both


@pytest.mark.parametrize("kind", [None, "human", *MACHINE])
def test_output_file(repo, tmp_path, kind):
    path = tmp_path / "report"
    path.write_text("stale")
    result = repo.run("check", "--output", path, *([f"--format={kind}"] if kind else []))
    assert result.status == 0 and result.out.startswith("predeploy check"), result
    text = path.read_text()
    reader = {"sarif": sarif, "junit": ET.fromstring, "github": commands}.get(kind, json.loads)
    assert reader(text) is not None and "stale" not in text
    assert path.stat().st_mode & 0o111 == 0
    assert os.listdir(path.parent).count("report") == 1
    assert not [name for name in os.listdir(tmp_path) if name.startswith("report.")]


def test_output_file_is_json_that_validates(repo, tmp_path):
    break_hash(repo)
    result = repo.run("check", "--output", tmp_path / "r.json")
    report = json.loads((tmp_path / "r.json").read_text())
    jsonschema.Draft202012Validator(json.loads(world.SCHEMA_FILE.read_text())).validate(report)
    assert result.status == report["status"] == 1


def test_output_that_cannot_be_written(repo, db, tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "target")
    (tmp_path / "target").write_text("mine")
    before = db.dump()
    for path in (tmp_path, tmp_path / "no/such/folder", tmp_path / "link", "/dev/null", ""):
        result = repo.run("deploy", "--output", path, env=db.env)
        assert result.status == 3 and "hint" in result.err, result
        assert db.dump() == before, "it was noticed before the deployment"
    assert (tmp_path / "target").read_text() == "mine" and (tmp_path / "link").is_symlink()


def test_output_needs_a_value(repo):
    result = repo.run("check", "--output")
    assert result.status == 2 and "--output" in result.err, result


def test_record_has_an_output_of_its_own(repo, tmp_path):
    repo.migration("0003_more", "SELECT 1;\n")
    path = tmp_path / "record.json"
    result = repo.run("record", "--output", path)
    assert result.status == 0 and "SHA256SUMS is written" in result.out, result
    record = json.loads(path.read_text())
    assert record["schema"] == "predeploy-record/1"
    assert {one["change"] for one in record["changes"]} == {"added"}
    for args in (["record", "--format", "sarif"], ["record", "--format", "github"],
                 ["init", "--format", "junit"], ["new", "x", "--format", "sarif"],
                 ["new", "x", "--output", tmp_path / "new.json"]):
        result = repo.run(*args)
        assert result.status == 2, result


def push(repo, refs, *args):
    zero = "0" * 40
    lines = "".join(f"refs/heads/{name} {oid} refs/heads/{name} {zero}\n" for name, oid in refs)
    process = repo.predeploy.start("hook", "pre-push", "origin", "nowhere", *args, cwd=repo.path,
                                   stdin=-1)
    return repo.predeploy.finish(process, (), lines.encode())


def test_several_refs_are_one_document(repo, tmp_path):
    first = repo.git("rev-parse", "HEAD")
    break_hash(repo)
    second = repo.git("rev-parse", "HEAD")
    refs = [("good", first), ("bad", second)]
    result = push(repo, refs, "--format", "json")
    assert result.status == 1, result
    reports = json.loads(result.out)
    assert [one["status"] for one in reports] == [0, 1]
    runs = sarif(push(repo, refs, "--format", "sarif").out)["runs"]
    assert len(runs) == 2 and len({run["automationDetails"]["id"] for run in runs}) == 2
    assert ET.fromstring(push(repo, refs, "--format", "junit").out) is not None
    result = push(repo, refs, "--output", tmp_path / "push.json")
    assert result.status == 1 and "predeploy pre-push" in result.out, result
    assert [one["status"] for one in json.loads((tmp_path / "push.json").read_text())] == [0, 1]
    assert json.loads(push(repo, [], "--format", "json").out) == []


def test_paths_in_sarif_are_encoded(make_repo):
    repo = make_repo("plain")
    repo.write(f"{repo.folder}/größe & 100%.sql", "SELECT 1;\n")
    repo.commit("names")
    run = sarif(repo.run("check", "--format", "sarif").out)["runs"][0]
    places = [one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
              for one in run["results"] if one["locations"]]
    assert f"{repo.folder}/größe & 100%.sql" in [urllib.parse.unquote(place) for place in places]


@pytest.mark.parametrize("kind, read", [("sarif", sarif), ("junit", ET.fromstring), ("json", json.loads)])
def test_two_formats_of_one_run(repo, step_files, tmp_path, kind, read):
    break_hash(repo)
    path = tmp_path / "report"
    result = repo.run("check", "--format", f"github,{kind}", "--output", path, env=env_of(step_files))
    assert result.status == 1, result
    assert "error" in [name for name, _, _ in commands(result.out)]
    assert read(path.read_text()) is not None
    assert outputs(step_files[1].read_text())["verdict"] == "closed"
    other = repo.run("check", f"--format=human,{kind}", f"--output={path}")
    assert "gate closed" in other.out and read(path.read_text()) is not None


def test_two_formats_that_do_not_go(repo, tmp_path):
    path = tmp_path / "report"
    for words in (["check", "--format", "github,json"],
                  ["check", "--format", "github,human", "--output", path],
                  ["check", "--format", "github,xml", "--output", path],
                  ["check", "--format", "github,json,sarif", "--output", path],
                  ["check", "--format", "xml,json", "--output", path],
                  ["check", "--format", ",json", "--output", path],
                  ["record", "--format", "json,json", "--output", path]):
        result = repo.run(*words)
        assert result.status == 2 and not path.exists(), result
