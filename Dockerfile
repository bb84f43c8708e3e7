FROM debian:bookworm-slim AS build
COPY ci/setup /src/ci/setup
RUN /src/ci/setup
COPY . /src
WORKDIR /src
RUN cmake --preset release && cmake --build --preset release

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates libcurl4 libgit2-1.5 \
        libjansson4 libpg-query1504.0 libpq5 libssl3 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home predeploy
COPY --from=build /src/build/release/src/predeploy /usr/local/bin/predeploy
USER predeploy
WORKDIR /repo
ENTRYPOINT ["predeploy"]
