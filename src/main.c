#include "cli/run.h"

int main(int argc, char **argv)
{
    return pd_run_command(argc, argv);
}
