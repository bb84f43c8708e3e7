import pathlib
import sys

import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path += [str(SOURCE / "tests/support"), str(SOURCE / "tests/e2e")]

import roots  # noqa: E402
import world  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--base", default=None, help="base of the image: debian:13-slim")


@pytest.fixture(scope="session")
def build(pytestconfig):
    """The Dockerfile, carried out in clean Debian roots: stages by their names."""
    try:
        roots.require()
    except roots.Cannot as why:
        pytest.skip(str(why))
    base = pytestconfig.getoption("--base")
    build = roots.Build(SOURCE / "build/roots", SOURCE, {"BASE": base} if base else None)
    build.build()
    return build


@pytest.fixture(scope="session")
def image(build):
    return build.stages["predeploy"]


@pytest.fixture(scope="session")
def server_image(build):
    return build.stages["server"]


@pytest.fixture(scope="session")
def package(build):
    """The .deb that the image was made with."""
    return build.stages["build"].root.file("src/build/release/predeploy_*.deb")


@pytest.fixture(scope="session")
def server():
    """A PostgreSQL outside of the roots."""
    folder = world.temporary_folder()
    (folder / "pg").mkdir()
    server = world.Server(folder / "pg")
    yield server
    server.stop()
    world.remove_folder(folder)


@pytest.fixture
def db(server):
    return server.database()
