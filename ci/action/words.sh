# shellcheck shell=bash
# What the scripts of this action share; sourced by each. Inputs come as variables: what they hold
# is data, and never part of a script or of a workflow command.

: "${GITHUB_OUTPUT:=/dev/null}"
# shellcheck disable=SC2034 # of those who source this
temporary=${RUNNER_TEMP:-/tmp}

random_word() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }

# output NAME VALUE: an output of the step; the value may have lines.
output() {
    local end
    end=$(random_word)
    printf '%s<<%s\n%s\n%s\n' "$1" "$end" "$2" "$end" >>"$GITHUB_OUTPUT"
}

# fail MESSAGE: in words of our own only. The status is that of a wrong usage.
fail() {
    printf '::error title=predeploy::%s\n' "$1"
    exit 2
}
