"""Folders as big projects have them: all files accounted for, in the order of their own tool."""

import projects
import pytest
import world

# Warnings here, so that the folder is planned all the same.
SETTINGS = "[migrations]\n\trollback = warn\n"
PROGRAMS = (".go", ".ts")
# docs/layouts.md: no migrations. Programs without a version, tests, and what is no program.
IGNORED = ("README.md", ".gitkeep", "migration_lock.toml", "_test.go", "register.go")


@pytest.mark.parametrize("name", projects.PROJECTS)
def test_a_big_project(name, tmp_path, predeploy, db):
    project = projects.PROJECTS[name]()
    repo = world.Repo(tmp_path / "repo", predeploy, "plain")
    for path, text in project.files.items():
        repo.write(f"{project.folder}/{path}", text)
    repo.write(".predeploy", project.settings + SETTINGS)
    assert repo.run("record").status == 0
    repo.commit("import", record=False)
    expected = project.order(project.files)
    programs = [path for path in expected if path.endswith(PROGRAMS)]
    result = repo.check()
    errors = [f["path"] for f in result.json["findings"] if f["severity"] == "error"]
    assert sorted(errors) == [f"{project.folder}/{path}" for path in sorted(programs)]
    assert result.json["migrations"]["layout"] == project.kind.replace(",", "").split()[0]
    assert len(expected) == result.json["migrations"]["count"]
    sums = (repo.path / project.folder / "SHA256SUMS").read_text().splitlines()
    recorded = {line.split("  ", 1)[1] for line in sums}
    told = {(f["path"] or "").removeprefix(f"{project.folder}/") for f in result.json["findings"]}
    assert recorded >= set(expected)
    for path in project.files:
        assert path in recorded or path in told or path.endswith(IGNORED), path
        assert not (path in recorded and path.endswith(IGNORED)), path

    for path in programs:
        repo.remove(f"{project.folder}/{path}")
    kept = [line + "\n" for line in sums if not line.endswith(PROGRAMS)]
    repo.write(f"{project.folder}/SHA256SUMS", "".join(kept))
    repo.commit("without programs, which only their tool can run", record=False)
    plan = repo.run("plan", "--format", "json", env=db.env)
    assert plan.status == 0, plan.rules
    steps = [step["path"].removeprefix(f"{project.folder}/") for step in plan.json["plan"]["steps"]]
    assert steps == [path for path in expected if path not in programs]
