"""A half-applied migration whose text was corrected, and what else can stand in its way."""

import pytest
from test_alone import IDX, applied, blocked, deploy, index, more, shop, statements

__all__ = ["blocked", "shop"]  # fixtures


def corrected(shop, db, before, after):
    """`before` stops half-way; `after` finishes it."""
    name = more(shop, "05_half", before)
    failed = deploy(shop, db)
    assert failed.status == 6, failed
    shop.write(shop.up(name), after)
    shop.commit("corrected")
    applied(shop, db, deploy(shop, db), name)


def test_a_statement_in_the_place_of_a_failed_one(shop, db):
    """What failed and left nothing has a row: it makes room for one that runs in a transaction."""
    begin = "-- predeploy: no-transaction\nCREATE TABLE a (i int);\n"
    corrected(shop, db, begin + "CALL fill();\n", begin +
              "CREATE PROCEDURE fill() LANGUAGE sql AS 'INSERT INTO a VALUES (1)';\nCALL fill();\n")
    assert db.query("SELECT count(*) FROM a") == "1"


@pytest.mark.parametrize("after", [
    "CREATE TABLE c (i int); DROP INDEX CONCURRENTLY IF EXISTS nix; CREATE TABLE b (i int);",
    "CREATE TABLE b (i int); CREATE TABLE c (i int);",
    "DROP INDEX CONCURRENTLY IF EXISTS nix; CREATE TABLE b (i int); CREATE TABLE c (i int);",
])
def test_a_part_that_has_grown(after, shop, db):
    """What it has set for its transaction holds for the rest of it, too."""
    begin = "SET LOCAL search_path = s; CREATE TABLE a (i int); "
    db.query("CREATE SCHEMA s")
    text = begin + "DROP INDEX CONCURRENTLY nix; CREATE TABLE b (i int);"
    corrected(shop, db, text, begin + after)
    schema = {"a": "s", "b": "s" if "CONC" not in after else "public",
              "c": "public" if after.startswith("DROP") else "s"}
    rows = db.rows("SELECT relname, relnamespace::regnamespace FROM pg_class"
                   " WHERE relname IN ('a', 'b', 'c') ORDER BY 1")
    assert dict(rows) == schema


def test_a_doubtful_statement_is_no_part(shop, db):
    """Without its marker a CALL that broke off would be tried again, in a transaction."""
    body = ("CREATE TABLE a (i int);\nCREATE PROCEDURE fill() LANGUAGE plpgsql AS $$ BEGIN\n"
            "INSERT INTO a VALUES (1); COMMIT; PERFORM 1 / 0; END $$;\nCALL fill();\n")
    name = more(shop, "05_half", "-- predeploy: no-transaction\n" + body)
    assert deploy(shop, db).status == 6
    shop.write(shop.up(name), body + "VACUUM;\n")
    shop.commit("without the marker")
    result = deploy(shop, db)
    assert result.status == 6 and "begun one by one" in result.json["error"]["message"], result
    assert statements(db, "number, state")[-1] == ("3", "running")


@pytest.mark.parametrize("text", [
    "DELETE FROM predeploy.statements",
    "UPDATE predeploy.statements SET state = 'running', finished_at = NULL WHERE number = 1",
    "INSERT INTO predeploy.statements (migration, direction, number, hash, digest, kind, state,"
    " deployment, backend_pid, backend_start, finished_at) SELECT migration, direction, 9, hash,"
    " digest, kind, state, deployment, backend_pid, backend_start, finished_at"
    " FROM predeploy.statements LIMIT 1",
])
def test_rows_of_statements_are_no_migrations(text, shop, db):
    """Out of the parser's sight, in a part behind one that is done."""
    name = more(shop, "05_edit", f"CREATE TABLE a ();\nVACUUM;\nDO $$ BEGIN {text}; END $$;\n")
    result = deploy(shop, db)
    assert result.status == 6, result
    assert "changes the ledger" in result.json["error"]["message"], result
    assert "predeploy.statements" in result.json["error"]["detail"], result
    assert statements(db, "number, state") == [("1", "done"), ("2", "done")]
    assert name not in db.applied()


@pytest.mark.parametrize("text", ["DELETE FROM predeploy.statements WHERE number = 1",
                                  "DELETE FROM predeploy.statements"])
def test_a_procedure_cannot_take_rows_away(text, shop, db):
    more(shop, "05_edit", "-- predeploy: no-transaction\nCREATE PROCEDURE p() LANGUAGE plpgsql AS"
         f" $$ BEGIN EXECUTE '{text}'; END $$;\nCALL p();\n")
    result = deploy(shop, db)
    assert result.status == 6, result
    assert "predeploy.statements" in result.json["error"]["message"], result
    assert "0005_edit" not in db.applied()


def test_time_runs_out_while_clearing(shop, blocked, db):
    """It is said what ran: the server's error is not the statement's own."""
    shop.write(".predeploy", "[deploy]\n\tstatementTimeout = 300ms\n")
    shop.commit("timeout")
    assert deploy(shop, db).status == 6
    assert index(db, "orders_customer").endswith("INVALID")
    blocked("SELECT count(*) FROM orders")
    again = deploy(shop, db)
    error, failure = again.json["error"], again.json["failure"]
    assert (again.status, error["sqlstate"], failure["sqlstate"]) == (6, "57014", "57014"), again
    assert "DROP INDEX CONCURRENTLY" in error["message"], error
    assert "DROP INDEX CONCURRENTLY" in failure["message"], failure
    assert failure["line"] == 2 and IDX.startswith("CREATE"), failure
    assert "split" not in error["hint"], error
    blocked("ROLLBACK")
    shop.write(".predeploy", "")
    shop.commit("no timeout")
    applied(shop, db, deploy(shop, db), db.applied()[-1])
    assert not index(db, "orders_customer").endswith("INVALID")
