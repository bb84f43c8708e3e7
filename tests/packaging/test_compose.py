"""compose.yaml, as the tool reads it that Debian has: no engine is needed for that."""

import os
import shutil
import subprocess

import pytest
import world
import yaml
from project import SOURCE


@pytest.fixture(scope="module")
def config():
    if shutil.which("docker-compose") is None:
        pytest.skip("docker-compose is not installed")

    def read(**settings):
        done = subprocess.run(
            ["docker-compose", "-f", str(SOURCE / "compose.yaml"), "--profile", "migrate", "config"],
            cwd=SOURCE,
            env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", **settings},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        return yaml.safe_load(done.stdout)

    return read


def test_the_database(config):
    postgres = config()["services"]["postgres"]
    assert "pg_isready" in postgres["healthcheck"]["test"][1]
    assert postgres["volumes"] == ["postgres-data:/var/lib/postgresql/data:rw"]
    assert postgres["ports"] == ["127.0.0.1:5432:5432/tcp"], "from this machine alone"
    assert list(postgres["networks"]) == ["database"]


def test_the_gate(config):
    migrate = config()["services"]["migrate"]
    assert migrate["profiles"] == ["migrate"]
    assert migrate["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert migrate["volumes"] == [f"{SOURCE}:/repo:ro"]
    assert migrate["read_only"] and migrate["cap_drop"] == ["ALL"] and migrate["tmpfs"] == ["/tmp"]
    assert list(migrate["networks"]) == ["database"]


def test_settings_reach_both(config):
    services = config(
        POSTGRES_USER="shop", POSTGRES_PASSWORD="p@ss:w/rd #%", POSTGRES_DB="orders",
        POSTGRES_VERSION="16", POSTGRES_PORT="5555", PREDEPLOY_IMAGE="registry.example/predeploy:1",
        PREDEPLOY_REPO="/srv/shop",
    )["services"]
    assert services["postgres"]["image"] == "postgres:16"
    assert services["postgres"]["ports"] == ["127.0.0.1:5555:5432/tcp"]
    assert services["postgres"]["environment"] == {
        "POSTGRES_USER": "shop", "POSTGRES_PASSWORD": "p@ss:w/rd #%", "POSTGRES_DB": "orders",
    }
    assert services["migrate"]["image"] == "registry.example/predeploy:1"
    assert services["migrate"]["volumes"] == ["/srv/shop:/repo:ro"]


@pytest.mark.parametrize("password", ["app", "p@ss:w/rd #%?&=", 'a "b" c', "ä€", "x" * 200])
def test_any_password_but_quotes(config, db, password):
    """The text that predeploy gets is read as it is meant."""
    url = config(POSTGRES_PASSWORD=password)["services"]["migrate"]["environment"]["DATABASE_URL"]
    db.query(f"ALTER ROLE app PASSWORD $${password}$$")
    here = url.replace("host=postgres port=5432", f"host=127.0.0.1 port={db.server.port}")
    here = here.replace("dbname='app'", f"dbname={db.name}")
    try:
        done = subprocess.run(
            [os.environ.get("PREDEPLOY", SOURCE / "build/dev/src/predeploy"), "status", "--repo", str(SOURCE)],
            env={"PATH": os.environ["PATH"], "DATABASE_URL": here}, capture_output=True, text=True,
        )
    finally:
        db.query(f"ALTER ROLE app PASSWORD $${world.PASSWORD}$$")
    assert done.returncode == 0, done.stdout + done.stderr
    assert password == "app" or password not in done.stdout + done.stderr
