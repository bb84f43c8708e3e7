import itertools

import pytest
import world


def pytest_addoption(parser):
    parser.addoption("--valgrind", action="store_true", help="run the binary under valgrind")


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: left out where each run of the binary costs seconds")


@pytest.fixture(scope="session")
def session_folder():
    folder = world.temporary_folder()
    yield folder
    world.remove_folder(folder)


@pytest.fixture(scope="session")
def recorder(session_folder):
    """Ends the session with a search through all that was printed in it."""
    recorder = world.Recorder(session_folder)
    yield recorder
    recorder.file.close()
    printed = (session_folder / "printed.bin").read_bytes()
    assert printed or not recorder.calls, "nothing was printed: the search would find nothing"
    assert not world.leaked(printed)


@pytest.fixture(scope="session")
def server(session_folder, recorder):
    folder = session_folder / "pg"
    folder.mkdir()
    server = world.Server(folder)
    yield server
    server.stop()
    log = (folder / "log").read_bytes()
    assert b"statement" in log
    assert not world.leaked(log), "a secret stands in the server's log"


@pytest.fixture
def predeploy(tmp_path, recorder, request):
    valgrind = request.config.getoption("--valgrind")
    return world.Predeploy(tmp_path / "home", recorder, valgrind)


@pytest.fixture
def db(server):
    return server.database()


@pytest.fixture
def webhook(recorder):
    webhook = world.Webhook()
    yield webhook
    webhook.stop()
    for method, path, headers, body in webhook.requests:
        sent = repr((method, path, headers)).encode() + body
        assert not world.leaked(sent), "a secret was sent to the webhook"


@pytest.fixture
def make_repo(tmp_path, predeploy):
    numbers = itertools.count(1)

    def make(layout="drizzle", migrations=None, commit=True):
        repo = world.Repo(tmp_path / f"repo{next(numbers)}", predeploy, layout)
        if migrations is None:
            migrations = shop_migrations(layout)
        for name, up, down in migrations:
            repo.migration(name, up, down)
        if commit:
            repo.commit("first")
        return repo

    return make


def shop_migrations(layout):
    names = {
        "drizzle": ("0000_customers", "0001_orders", "0002_seed"),
        "plain": ("0001_customers", "0002_orders", "0003_seed"),
        "drizzle-folders": (
            "20240101000000_customers", "20240102000000_orders", "20240103000000_seed",
        ),
    }[layout]
    return list(
        zip(
            names,
            (
                "CREATE TABLE customers (id serial PRIMARY KEY, name text NOT NULL);\n",
                "CREATE TABLE orders (id serial PRIMARY KEY, customer integer REFERENCES customers);\n"
                "--> statement-breakpoint\n"
                "CREATE INDEX orders_customer_idx ON orders (customer);\n",
                "INSERT INTO customers (name) VALUES ('Ada'), ('Grace');\n",
            ),
            (
                "DROP TABLE customers;\n",
                "DROP TABLE orders;\n",
                "DELETE FROM customers WHERE name IN ('Ada', 'Grace');\n",
            ),
        )
    )


@pytest.fixture
def repo(make_repo):
    return make_repo()
