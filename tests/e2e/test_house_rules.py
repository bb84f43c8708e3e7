"""The checks of ci/ find what they are for."""

import subprocess

import pytest
import world

pytestmark = pytest.mark.plain

LONG = "int f(void)\n{\n" + "    g();\n" * 61 + "}\n"
DEEP = (
    "void f(int a)\n{\n    if (a) {\n        while (a) {\n            for (;;) {\n"
    "                switch (a) {\n                case 1: {\n                    g();\n"
    "                }\n                }\n            }\n        }\n    }\n}\n"
)
BAD = [
    ("layers", "src/git/a.c", '#include "pg/database.h"\n', "git may not know pg"),
    ("layers", "src/domain/a.h", '#include "gate/gate.h"\n', "domain may not know gate"),
    ("layers", "src/gate/a.c", "#include <git2.h>\n", "belongs to git alone"),
    ("layers", "src/pg/a.c", "#include <curl/curl.h>\n", "belongs to backup alone"),
    ("layers", "src/cli/a.c", "#  include <jansson.h>\n", "belongs to base alone"),
    ("layers", "src/cli/a.c", '#include "options.h"\n', "not written from src"),
    ("layers", "src/other/a.c", "", "not in the list"),
    ("limits", "src/base/a.c", LONG, "61 lines"),
    ("limits", "src/base/a.c", "\n" * 501, "501 lines"),
    ("limits", "src/base/a.c", "void f(int a, int b, int c, int d, int e, void (*f)(int, int), int g)\n{\n}\n",
     "7 parameters"),
    ("limits", "src/base/a.c", DEEP, "5 blocks deep"),
    ("banned", "src/base/a.c", "void f(void)\n{\n    goto end;\n}\n", "goto is banned"),
    ("banned", "src/base/a.c", "void f(void)\n{\n    strcpy(a, b);\n}\n", "strcpy is banned"),
    ("banned", "src/pg/a.c", "void f(void)\n{\n    PQexec(a, b);\n}\n", "PQexec is banned"),
    ("banned", "src/base/a.c", "static int counter;\n", "mutable object"),
    ("banned", "src/base/a.c", "static const char *names[] = {\"a\"};\n", "mutable object"),
    ("banned", "src/base/a.c", "int counter = 1;\n", "mutable object"),
    ("banned", "src/base/a.c", "void f(void)\n{\n    static int n = 0;\n}\n", "mutable object"),
    ("banned", "src/base/a.c", "static void (*hook)(void);\n", "mutable object"),
]
GOOD = """#include "base/error.h"

#include <string.h>

/* goto strcpy( */
static const char *const names[] = {"goto", "atoi(x)"};
static const struct {
    int a;
} table[] = {{1}};

typedef struct pair {
    int a;
} pair;

static int f(int a, int (*b)(int, int));

static pair make(int a, int b, int c, int d, int e, int f)
{
    pair made = {.a = a};
    if (a) {
        while (b) {
            for (;;) {
                switch (c) {
                case 1:
                    g((pair){
                        .a = 1,
                    });
                }
            }
        }
    }
    return made;
}
"""


def check(name, root):
    done = subprocess.run([world.ROOT / "ci" / name, root], capture_output=True, text=True)
    return done.returncode, done.stdout


@pytest.mark.parametrize("name, path, text, said", BAD)
def test_bad(name, path, text, said, tmp_path):
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_text(text)
    status, out = check(name, tmp_path)
    assert status == 1 and said in out, out


@pytest.mark.parametrize("name", ["layers", "limits", "banned"])
def test_good(name, tmp_path):
    file = tmp_path / "src/base/a.c"
    file.parent.mkdir(parents=True)
    file.write_text(GOOD)
    assert check(name, tmp_path) == (0, "")
