#!/bin/sh
# A pipeline for any CI server that can run a shell.
#   pipeline.sh check [BASE]      for a change: may it be merged? BASE is the branch that it goes to
#   pipeline.sh migrate [REV]     for a release: takes the database of DATABASE_URL to REV
# Leaves predeploy.xml (JUnit), and ends with the exit status of predeploy.
set -eu

attempts=${ATTEMPTS:-3}
pause=${PAUSE:-30}

# run COMMAND [ARGUMENT...]: again after 3, 4 and 8 (out of reach, no backup, somebody else deploys),
# and after 9 (the next run finds out what is true). Nothing else gets better by waiting.
run() {
    attempt=1
    while :; do
        status=0
        predeploy "$@" --format junit --output predeploy.xml || status=$?
        case $status in
        3 | 4 | 8 | 9) ;;
        *) return "$status" ;;
        esac
        if [ "$attempt" -ge "$attempts" ]; then return "$status"; fi
        attempt=$((attempt + 1))
        echo "pipeline: status $status, trying again in $pause s ($attempt of $attempts)" >&2
        sleep "$pause"
    done
}

# What is published is compared, so the history and the branches have to be there.
if [ "$(git rev-parse --is-shallow-repository)" = true ]; then
    git fetch -q --unshallow origin '+refs/heads/*:refs/remotes/origin/*'
fi

case ${1-} in
check)
    run check --base="${2:-origin/main}"
    ;;
migrate)
    : "${DATABASE_URL:?names the database}"
    run deploy --base=origin/main "${2:-HEAD}"
    ;;
*)
    echo "usage: pipeline.sh check [BASE] | migrate [REV]" >&2
    exit 2
    ;;
esac
