/* argv to exit status. */
#ifndef PD_CLI_RUN_H
#define PD_CLI_RUN_H

/* Runs the command that argv names and prints its report; the exit status is
 * docs/exit-statuses.md's. Secrets in argv are overwritten. */
int pd_run_command(int argc, char **argv);

#endif
