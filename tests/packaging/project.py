"""A small project under the gate, as its owner has it on the disk."""

import hashlib
import os
import pathlib
import subprocess

SOURCE = pathlib.Path(__file__).resolve().parents[2]

FILES = {
    "0001_customers.sql": "CREATE TABLE customers (id bigint PRIMARY KEY);\n",
    "0001_customers-rollback.sql": "DROP TABLE customers;\n",
}
OWNER = 1000


def make(path, owner=OWNER):
    folder = path / "migrations"
    folder.mkdir(parents=True)
    sums = ""
    for name, text in sorted(FILES.items()):
        (folder / name).write_text(text)
        sums += f"{hashlib.sha256(text.encode()).hexdigest()}  {name}\n"
    (folder / "SHA256SUMS").write_text(sums)
    git(path, "init", "-q", "-b", "main")
    git(path, "add", ".")
    git(path, "commit", "-qm", "Customers")
    for inside, folders, files in os.walk(path):
        for name in [".", *folders, *files]:
            os.chown(os.path.join(inside, name), owner, owner, follow_symlinks=False)
    # As pytest makes them, its folders are closed to others.
    for parent in path.parents:
        if parent.stat().st_uid == os.geteuid() and not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o011)
    return path


def git(path, *words):
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    subprocess.run(["git", *who, "-C", str(path), *words], check=True, capture_output=True)
