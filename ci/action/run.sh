#!/usr/bin/env bash
# Runs predeploy as the inputs of the action ask for, and passes its exit status on.
set -euo pipefail
# One stream, so that the runner sees the lines in their order.
exec 2>&1
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=words.sh
. "$here/words.sh"

# The verdict of docs/exit-statuses.md, also for a run that could not write its outputs.
# shellcheck disable=SC2317 # a trap calls it
finish() {
    local status=$1 verdict=failed
    case $status in
    0) verdict=open ;;
    1) verdict=closed ;;
    2 | 3 | 9) verdict=undecided ;;
    esac
    output verdict "$verdict"
    output exit-status "$status"
    if [ -n "${report-}" ] && [ -f "$report" ]; then output report-path "$report"; fi
}
trap 'finish $?' EXIT

# mask VALUE: the log shows *** in its place, line by line.
mask() {
    local line
    while IFS= read -r line || [ -n "$line" ]; do
        line=${line//'%'/%25}
        line=${line//$'\r'/%0D}
        if [ -n "${line// /}" ]; then printf '::add-mask::%s\n' "$line"; fi
    done <<<"$1"
}

# mask_url URL: the whole, and its password as it stands and decoded. A password that is the user's
# name, as servers of tests have it, stays: it would blot out half of the log.
mask_url() {
    local pattern='^[a-z]+://([^/@:]*):([^/@]*)@'
    mask "$1"
    if [[ $1 =~ $pattern ]] && [ "${BASH_REMATCH[1]}" != "${BASH_REMATCH[2]}" ]; then
        local password=${BASH_REMATCH[2]}
        mask "$password"
        password=${password//\\/\\\\}
        mask "$(printf '%b' "${password//'%'/\\x}")"
    fi
}

# In a job that runs in a container the workspace belongs to another user, and git refuses it.
# actions/checkout trusts it for itself alone; so does this, for predeploy alone.
trust_workspace() {
    local top=$PWD
    while [ ! -e "$top/.git" ] && [ "$top" != / ]; do top=$(dirname "$top"); done
    if [ "$top" = / ] || [ -O "$top" ]; then return; fi
    case $top/ in
    "${GITHUB_WORKSPACE:-/nowhere}"/*) ;;
    *) return ;;
    esac
    local old=${XDG_CONFIG_HOME:-${HOME-}/.config}/git/config
    mkdir -p "$folder/config/git"
    git config -f "$folder/config/git/config" include.path "$old"
    git config -f "$folder/config/git/config" safe.directory "$top"
    export XDG_CONFIG_HOME=$folder/config
}

case ${INPUT_COMMAND-} in
check | plan | deploy | verify | status | rollback | adopt) ;;
*) fail 'the input command is none of check, plan, deploy, verify, status, rollback, adopt' ;;
esac
case ${INPUT_FORMAT-} in
json | sarif) suffix=$INPUT_FORMAT ;;
junit) suffix=xml ;;
*) fail 'the input format is none of json, sarif, junit' ;;
esac

arguments=()
while IFS= read -r line; do
    line=${line#"${line%%[![:space:]]*}"}
    line=${line%"${line##*[![:space:]]}"}
    if [ -n "$line" ]; then arguments+=("$line"); fi
done <<<"${INPUT_ARGUMENTS-}"
folder=$(mktemp -d "$temporary/predeploy.XXXXXX")
report=$folder/report.$suffix
arguments+=(--format "github,$INPUT_FORMAT" --output "$report")
if [ -n "${INPUT_BASE-}" ]; then arguments+=("--base=$INPUT_BASE"); fi
case ${INPUT_BACKUP-} in
true) arguments+=(--backup) ;;
'' | false) ;;
*) fail 'the input backup is neither true nor false' ;;
esac
if [ -n "${INPUT_REVISION-}" ]; then arguments+=(-- "$INPUT_REVISION"); fi

# `none` is what an input is that nobody gave. An empty one was given: a secret that this job does not
# get, without which a check would ask no database, and pass.
case ${INPUT_DATABASE_URL-none} in
none) ;;
*[![:space:]]*) export DATABASE_URL=$INPUT_DATABASE_URL ;;
*) fail 'the input database-url is empty: does this job get the secret? To ask no database leave the input out, or write none' ;;
esac
if [ -n "${INPUT_BACKUP_URL-}" ]; then export PREDEPLOY_BACKUP_URL=$INPUT_BACKUP_URL; fi
if [ -n "${INPUT_BACKUP_SECRET-}" ]; then export PREDEPLOY_BACKUP_SECRET=$INPUT_BACKUP_SECRET; fi
mask_url "${DATABASE_URL-}"
mask_url "${PREDEPLOY_BACKUP_URL-}"
mask "${PREDEPLOY_BACKUP_SECRET-}"

command=$INPUT_COMMAND
cd -- "${INPUT_FOLDER:-.}" 2>/dev/null || fail 'the input working-directory names no folder'
trust_workspace
unset "${!INPUT_@}"

# While predeploy talks the runner obeys nothing but the token; the annotations come behind it.
token=$(random_word)
printed=$folder/printed
echo "::stop-commands::$token"
"${BINARY:-predeploy}" "$command" "${arguments[@]}" >"$printed" &
child=$!
# A command that a shell has put to the background ignores SIGINT.
trap 'kill -TERM "$child" || true' INT TERM
status=0
wait "$child" || status=$?
while [ "$status" -gt 128 ] && kill -0 "$child" 2>/dev/null; do
    status=0
    wait "$child" || status=$?
done
sed -E '/^::(error|warning|notice) /d' "$printed"
echo "::$token::"
sed -nE '/^::(error|warning|notice) /p' "$printed"
exit "$status"
