"""What is measured. Each function yields rows: what was done, by whom, against what."""

import contextlib
import pathlib
import shutil
import subprocess
import sys
import time

import measure
import repository
import server
import tools

DELAY_MS = 10  # of the long line, each way


def say(text):
    print(text, file=sys.stderr, flush=True)


def row(what, count, tool, base, mine, others):
    return {"what": what, "migrations": count, "tool": tool, "base": base,
            **measure.compare(mine, others)}


# check, against reading and hashing the same files


def pipe(repo, folder):
    """Each object of the folder at `work`, once, through one SHA-256."""
    git = f"git -C '{repo}'"
    return ["sh", "-c", f"{git} ls-tree -r --object-only work -- {folder} | {git} cat-file --batch | openssl sha256"]


def checks(binary, repo, env):
    """Names, commands, and what is fed to their standard input."""
    oid = subprocess.run(["git", "-C", str(repo), "rev-parse", "main", "work"], check=True,
                         capture_output=True, env=env).stdout.decode().split()
    line = f"refs/heads/work {oid[1]} refs/heads/work {oid[0]}\n".encode()
    check = [str(binary), "check", "work", "--repo", str(repo)]
    return [
        ("check --base main: 1 is new", [*check, "--base", "main"], b""),
        ("check --base work: none is new", [*check, "--base", "work"], b""),
        ("check, no base: all are new", [str(binary), "check", "main", "--repo", f"{repo}-alone"], b""),
        ("pre-push of one migration", [str(binary), "hook", "pre-push", "--repo", str(repo)], line),
    ]


def alone(repo, env):
    """A copy in which nothing says what is published: HEAD is a branch without a commit."""
    shutil.copytree(repo, f"{repo}-alone")
    subprocess.run(["git", "-C", f"{repo}-alone", "symbolic-ref", "HEAD", "refs/heads/none"], check=True, env=env)


def check(folder, args, env):
    for count in args.migrations or (1000, 10000):
        repo = repository.make(pathlib.Path(folder) / f"{count}.git", count, args.layout, env)
        alone(repo, env)
        other = pipe(repo, repository.LAYOUTS[args.layout])
        for name, words, content in checks(args.binary, repo, env):
            say(f"{count} migrations: {name}")
            sides = [lambda w=words, c=content: measure.Run(w, env, content=c),
                     lambda: measure.Run(other, env)]
            yield row(name, count, "predeploy", "git | openssl", *measure.in_turns(sides, args.pairs or 15))


# With a database


@contextlib.contextmanager
def worlds(folder, args, env, counts):
    """A server, and the migrations on disk, for each of the numbers."""
    postgres = server.Server(pathlib.Path(folder) / "pg", env)
    try:
        yield postgres, [tools.World(pathlib.Path(folder) / f"w{count}", count, args.layout, postgres, env,
                                     args.binary) for count in counts]
    finally:
        postgres.stop()


def peers(world, args):
    return {} if args.no_peers else world.peers(args.root)


def relations(postgres, database):
    return postgres.ask(database, "SELECT count(*), count(*) FILTER (WHERE relkind = 'i') FROM pg_class "
                                  "WHERE relnamespace = 'public'::regnamespace")


def on_fresh(postgres, tool, port=None):
    """A side that brings everything into a new database; all must leave the same behind."""
    def side():
        database = postgres.fresh()
        words, folder, env = tool(database, port)
        run = measure.Run(words, env, folder)
        side.left = relations(postgres, database)
        return run
    return side


def same_result(sides):
    left = {side.left for side in sides}
    if len(left) != 1:
        sys.exit(f"ci/bench: the tools left different schemas: {left}")


def against_base(what, count, names, sides, pairs):
    """Rows of all sides against the first one."""
    taken = measure.in_turns(sides, pairs)
    for name, runs in list(zip(names, taken))[1:]:
        yield row(what, count, name, names[0], runs, taken[0])


def deploy(folder, args, env):
    with worlds(folder, args, env, args.migrations or (100, 1000)) as (postgres, all_worlds):
        for world in all_worlds:
            say(f"{world.count} migrations: deploy to a new database")
            found = {"psql -1 -f": world.psql_file, "predeploy": world.predeploy, **peers(world, args)}
            sides = [on_fresh(postgres, tool) for tool in found.values()]
            yield from against_base("deploy", world.count, list(found), sides, args.pairs or 7)
            same_result(sides)


def idle(folder, args, env):
    with worlds(folder, args, env, args.migrations or (100, 1000)) as (postgres, all_worlds):
        for world in all_worlds:
            say(f"{world.count} migrations: nothing to do")
            found = {"predeploy": world.predeploy, **peers(world, args)}
            sides = [lambda: measure.Run(world.psql_select("postgres")[0], env)]
            for tool in found.values():
                database = postgres.fresh()
                postgres.count += 1  # it stays
                words, place, its = tool(database, None)
                measure.Run(words, its, place)
                postgres.ask(database, "ANALYZE")
                sides.append(lambda w=words, e=its, p=place: measure.Run(w, e, p))
            names = ["psql -c 'SELECT 1'", *found]
            yield from against_base("nothing to do", world.count, names, sides, args.pairs or 31)


@contextlib.contextmanager
def line(postgres, counts):
    """A long line to the server: its port."""
    counts.write_text("")
    program = pathlib.Path(__file__).parent / "link.py"
    process = subprocess.Popen([sys.executable, program, str(postgres.port), str(DELAY_MS), counts],
                               stdout=subprocess.PIPE)
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()


def with_trips(rows, sides, counts):
    """Adds to the rows of the sides behind the first how many round trips one run of each takes."""
    for row, side in zip(rows, sides[1:]):
        time.sleep(0.5)  # the line notes it when its connections end
        counts.write_text("")
        side()
        time.sleep(0.5)
        row["round_trips"] = sum(map(int, counts.read_text().split()))
        yield row


def link(folder, args, env):
    counts = pathlib.Path(folder) / "trips"
    with worlds(folder, args, env, args.migrations or (100,)) as (postgres, all_worlds), \
            line(postgres, counts) as port:
        for world in all_worlds:
            say(f"{world.count} migrations: over a line of {DELAY_MS} ms each way")
            found = {"one string": world.psql_string, "predeploy": world.predeploy,
                     "psql -1 -f": world.psql_file, **peers(world, args)}
            sides = [on_fresh(postgres, tool, port) for tool in found.values()]
            rows = against_base("deploy, long line", world.count, list(found), sides, args.pairs or 5)
            yield from with_trips(rows, sides, counts)
            same_result(sides)
            database = postgres.fresh()
            measure.Run(*world.predeploy(database)[::2])
            sides = [lambda: measure.Run(world.psql_select("postgres", port)[0], env),
                     lambda: measure.Run(*world.predeploy(database, port)[::2])]
            rows = against_base("nothing to do, long line", world.count,
                                ["psql -c 'SELECT 1'", "predeploy"], sides, args.pairs or 5)
            yield from with_trips(rows, sides, counts)


CASES = {"check": check, "deploy": deploy, "idle": idle, "link": link}
