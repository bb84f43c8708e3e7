# predeploy in a container (docs/containers.md).
#   docker build -t predeploy .                          the program alone
#   docker build -t predeploy:server --target server .   with PostgreSQL's server, for --ephemeral
# On Debian 13: --build-arg BASE=debian:13-slim
ARG BASE=debian:12.11-slim

FROM ${BASE} AS build
WORKDIR /src
COPY ci/setup ci/setup
RUN ci/setup build
COPY . .
RUN cmake --preset release \
    && cmake --build --preset release \
    && cd build/release \
    && cpack -G DEB

# The tag of the base stands still: what was mended behind it comes with the upgrade.
FROM ${BASE} AS base
RUN --mount=type=bind,from=build,source=/src/build/release,target=/package \
    apt-get update \
    && apt-get upgrade -y \
    && apt-get install -y --no-install-recommends ca-certificates /package/predeploy_*.deb \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 predeploy \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin predeploy \
    && printf '[safe]\n\tdirectory = /repo\n' >/etc/gitconfig
LABEL org.opencontainers.image.title="predeploy" \
      org.opencontainers.image.description="Gate between a git revision and a PostgreSQL database" \
      org.opencontainers.image.licenses="MIT"
WORKDIR /repo
USER 10001:10001
ENTRYPOINT ["predeploy"]
CMD ["help"]

FROM base AS server
USER root
RUN apt-get update \
    && mkdir -p /etc/postgresql-common \
    && echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf \
    && apt-get install -y --no-install-recommends postgresql \
    && rm -rf /var/lib/apt/lists/*
USER 10001:10001

# The last stage is what a build without --target makes.
FROM base AS predeploy
