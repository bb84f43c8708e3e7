/* Writes the reference in one form to standard output; the build calls it, users never do. */
#include <stdio.h>
#include <string.h>

#include "reference/reference.h"

static const struct {
    const char *name;
    pd_reference_writer *write;
} forms[] = {
    {"man", pd_reference_man}, {"options", pd_reference_options}, {"bash", pd_reference_bash},
    {"zsh", pd_reference_zsh}, {"fish", pd_reference_fish},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc == 2 && i < sizeof forms / sizeof *forms; i++) {
        if (strcmp(argv[1], forms[i].name) != 0)
            continue;
        PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
        forms[i].write(&out);
        bool written = fwrite(out.data, 1, out.len, stdout) == out.len && fflush(stdout) == 0;
        return written ? 0 : 3;
    }
    fputs("usage: predeploy-reference man|options|bash|zsh|fish\n", stderr);
    return 2;
}
