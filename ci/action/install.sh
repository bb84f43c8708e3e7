#!/usr/bin/env bash
# Installs predeploy from the package in $PACKAGE; builds that first when no cache had it.
set -euo pipefail
exec 2>&1
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=words.sh
. "$here/words.sh"
root=$(cd "$here/../.." && pwd)

build() {
    local build
    build=$(mktemp -d "$temporary/predeploy-build.XXXXXX")
    "$root/ci/setup" build
    cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo \
        -DCMAKE_INSTALL_PREFIX=/usr -DPREDEPLOY_TESTS=OFF -DPREDEPLOY_WERROR=OFF
    cmake --build "$build"
    (cd "$build" && cpack -G DEB)
    mkdir -p "$PACKAGE"
    cp "$build"/predeploy_*.deb "$PACKAGE/predeploy.deb"
    rm -rf "$build"
}

# What compilers and package managers print is nothing that the runner should obey.
token=$(random_word)
echo '::group::Installing predeploy'
echo "::stop-commands::$token"
# A subshell behind `||` or `if` would go on after an error.
set +e
(
    set -e
    if [ ! -f "$PACKAGE/predeploy.deb" ]; then build; fi
    as_root=()
    if [ "$(id -u)" -ne 0 ]; then as_root=(sudo); fi
    "${as_root[@]}" apt-get -q -y update
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
        install --no-install-recommends "$PACKAGE/predeploy.deb"
)
status=$?
set -e
echo "::$token::"
echo '::endgroup::'
if [ "$status" -ne 0 ]; then fail 'predeploy could not be built or installed; the group above says why'; fi
