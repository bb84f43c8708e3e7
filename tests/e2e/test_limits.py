"""Time limits hold whatever a migration does to the settings of its session."""

import pytest
from test_alone import deploy, more

SEEN = ("CREATE TABLE seen{n} AS SELECT current_setting('lock_timeout') AS lock,"
        " current_setting('statement_timeout') AS statement;\n")


def limited(make_repo, *texts):
    repo = make_repo("plain")
    repo.write(".predeploy", "[deploy]\n\tlockTimeout = 700ms\n\tstatementTimeout = 9s\n")
    for i, text in enumerate(texts):
        more(repo, f"{i + 5:02}_seen", text + SEEN.format(n=i))
    return repo


@pytest.mark.parametrize("marker", ["", "-- predeploy: no-transaction\n", "VACUUM;\n"])
@pytest.mark.parametrize("text, lock, statement", [
    ("RESET ALL;\n", "700ms", "9s"),
    ("reset all; RESET ALL;\n", "700ms", "9s"),
    ("SET lock_timeout = '3s'; RESET Lock_Timeout;\n", "700ms", "9s"),
    ("SET lock_timeout = '3s'; SET lock_timeout TO DEFAULT;\n", "700ms", "9s"),
    ("SET lock_timeout = '3s'; RESET statement_timeout;\n", "3s", "9s"),
    ("SET lock_timeout = '3s'; RESET ALL; SET statement_timeout = '2s';\n", "700ms", "2s"),
    ("SET work_mem = '5MB'; RESET work_mem;\n", "700ms", "9s"),
])
def test_limits_come_back(marker, text, lock, statement, make_repo, db):
    repo = limited(make_repo, marker + text, "")
    result = deploy(repo, db)
    assert result.status == 0, result
    assert db.rows("SELECT * FROM seen0") == [(lock, statement)]
    assert db.rows("SELECT * FROM seen1") == [("700ms", "9s")]


def test_a_build_still_waits_behind_a_reset(make_repo, db):
    """What predeploy sets again is what it had set, not the role's own."""
    db.query("ALTER ROLE app IN DATABASE \"%s\" SET lock_timeout = '1ms'" % db.name)
    repo = limited(make_repo, "RESET ALL;\nCREATE INDEX CONCURRENTLY orders_customer ON orders (customer);\n"
                   "RESET lock_timeout;\n")
    result = deploy(repo, db)
    assert result.status == 0, result
    assert db.rows("SELECT * FROM seen0") == [("700ms", "9s")]


def test_a_failure_behind_a_reset_has_its_place(make_repo, db):
    repo = limited(make_repo, "SELECT 1;\nRESET ALL;\nSELECT 2;\nSELECT nosuch;\n")
    result = deploy(repo, db)
    assert result.status == 5 and result.json["failure"]["line"] == 4, result


STUBBORN = """CREATE TABLE a (i int);
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    BEGIN PERFORM pg_sleep(300); EXCEPTION WHEN query_canceled THEN PERFORM pg_sleep(300); END;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER t AFTER INSERT ON a DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION slow();
INSERT INTO a VALUES (1);
"""


def test_a_deferred_constraint_that_does_not_end(make_repo, db):
    """It has the time of a statement; its trigger takes no notice of the server's end of that."""
    repo = make_repo("plain")
    repo.write(".predeploy", "[deploy]\n\tlockTimeout = 200ms\n\tstatementTimeout = 1s\n")
    more(repo, "05_stubborn", STUBBORN)
    result = deploy(repo, db)
    said = result.json["error"]["message"]
    assert said == "cannot commit: the check of the deferred constraints failed: no answer within 16000 ms", result
    assert result.seconds < 40 * repo.predeploy.patience, result
    assert db.tables() == [], "nothing of it is in"
