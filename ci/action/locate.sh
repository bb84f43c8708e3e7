#!/usr/bin/env bash
# Says where predeploy is: the file that was named, the one on the PATH, or the package that
# install.sh builds from this checkout, with the key under which it is cached.
set -euo pipefail
exec 2>&1
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=words.sh
. "$here/words.sh"

if [ -n "${INPUT_BINARY-}" ]; then
    case $INPUT_BINARY in
    /*) binary=$INPUT_BINARY ;;
    *) binary=$PWD/$INPUT_BINARY ;;
    esac
    if [ ! -f "$binary" ] || [ ! -x "$binary" ]; then
        fail 'the input binary names no program'
    fi
    output binary "$binary"
    exit 0
fi
if binary=$(type -P predeploy); then
    output binary "$binary"
    exit 0
fi

if ! type -P apt-get >/dev/null; then
    fail 'predeploy is not on the PATH, and is built on Debian and Ubuntu only: name it with the input binary'
fi
# shellcheck source=/dev/null
system=$(. /etc/os-release && printf '%s' "${ID-linux}-${VERSION_ID-0}")
sources=$(
    cd "$here/../.."
    find . \( -path ./.git -o -path ./build \) -prune -o -type f -print0 |
        sort -z | xargs -0 sha256sum | sha256sum | cut -c 1-32
)
output key "predeploy-$system-$(uname -m)-$sources"
output package "$temporary/predeploy-package"
output binary predeploy
