import contextlib
import itertools
import signal
import subprocess

import faults
import pytest
import world


# Under nohup, or in the background, they would be ignored, by what the tests start as well.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser):
    parser.addoption("--valgrind", action="store_true", help="run the binary under valgrind")


# A run of the binary costs a second or more there: these reach every error path between them.
UNDER_VALGRIND = {
    "test_agrees", "test_no_migrations", "test_malformed_journal_says_where",
    "test_json_of_hostile_text", "test_missing", "test_shallow", "test_broken_object",
    "test_closed_gate_leaves_the_database_alone", "test_only_what_is_pending",
    "test_usage", "test_database_out_of_reach", "test_first_contact", "test_read_only_server",
    "test_failure_leaves_no_trace", "test_failure_shows_place_and_caret",
    "test_each_keeps_what_went_before", "test_hidden_commit", "test_nothing_to_do_still_verifies",
    "test_a_trigger_that_makes_tables_is_noticed", "test_table_lock", "test_no_wait",
    "test_interrupted", "test_connection_lost", "test_statement_timeout",
    "test_too_many_or_unknown", "test_failing_companion", "test_irreversible_stops_before_it_starts",
    "test_never_behind_what_has_a_companion", "test_version_and_help", "test_verify", "test_record", "test_record_refuses_what_is_published", "test_backup",
    "test_polling", "test_retries_keep_the_id", "test_no_backup_no_deploy", "test_success",
    "test_sarif", "test_junit", "test_github", "test_several_refs_are_one_document",
    "test_failure", "test_signal", "test_no_server_programs", "test_malformed_lines",
    "test_two_that_fit", "test_by_name", "test_unfinished_is_refused",
    "test_never_overwritten", "test_chained", "test_new_branch_with_a_closed_gate",
    "test_findings_do_not_stop_it", "test_strange_paths", "test_companions", "test_broken_set",
}


def pytest_collection_modifyitems(config, items):
    if config.getoption("--valgrind"):
        left_out = [item for item in items if item.originalname not in UNDER_VALGRIND]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item.originalname in UNDER_VALGRIND]


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes turns with other programs")
    config.addinivalue_line("markers", "amount: many runs of one thing, fewer of them with sanitizers")
    config.addinivalue_line("markers", "plain: asks nothing that sanitizers could answer better")


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


@pytest.fixture(scope="session")
def fault_server(session_folder, recorder):
    """A server of its own: the fault tests restart it."""
    folder = session_folder / "faults"
    folder.mkdir()
    server = faults.FaultServer(folder)
    yield server
    with contextlib.suppress(subprocess.CalledProcessError):  # a test left it down
        server.stop()


@pytest.fixture(scope="session")
def scene(fault_server, session_folder, recorder):
    """scene(mode): the deployment that is disturbed, with [deploy] transaction = mode."""
    made = {}

    def get(mode, migrations=faults.MIXED):
        key = (mode, *migrations)
        if key not in made:
            home = session_folder / f"faults-home{len(made)}"
            predeploy = world.Predeploy(home, recorder)
            repo = faults.build(home / "repo", predeploy, mode, migrations)
            made[key] = faults.Scene(fault_server, repo).undisturbed()
        return made[key]

    return get


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
