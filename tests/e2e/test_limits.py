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
