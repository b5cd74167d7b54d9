# docker build -t server .
# docker/release builds the images of a release, with base images that are named by digest. Three images: `dev` for
# development and tests, `migrate` (the service's binary and a shell) for migrations, and `server` for production.
# `server` is the last, so it is the one that is built by default.

# docker/base-images has the same images.
ARG RUST_IMAGE=rust:1.95-slim-bookworm
ARG MIGRATE_IMAGE=debian:bookworm-slim
ARG SERVER_IMAGE=gcr.io/distroless/cc-debian12:nonroot

FROM ${RUST_IMAGE} AS toolchain

FROM toolchain AS dev
# inotify-tools: dev-server watches the source. rsyslog: tests send log messages to it. postgresql: tests start and kill
# servers of their own. nginx-light, haproxy, varnish, pgbouncer: tests run the service behind them, or on the database
# behind them. python3-venv, nodejs, npm: system tests generate clients in Python and TypeScript. git: xtask calls it.
# chromium, nodejs, npm: tests use the documentation page in a browser. kubectl: tests render deploy/kubernetes.
RUN apt-get update \
 && apt-get install -y --no-install-recommends \
    chromium git haproxy inotify-tools nginx-light nodejs npm pgbouncer postgresql python3-venv rsyslog varnish \
 && rm -rf /var/lib/apt/lists/*
# That of Debian 12 is too old.
COPY --from=registry.k8s.io/kubectl:v1.34.1 /bin/kubectl /usr/local/bin/
# Outside the source, which is mounted from the host.
ENV CARGO_TARGET_DIR=/target
# The toolchain of the image, instead of a download of the one in rust-toolchain.toml.
ENV RUSTUP_TOOLCHAIN=$RUST_VERSION
WORKDIR /code

FROM toolchain AS build
# What `--version`, the log, the metrics and the OpenAPI document show.
ARG VERSION=development
ARG REVISION=unknown
# The caches are locked because concurrent builds would write to the same folder.
RUN --mount=type=bind,target=/context \
    --mount=type=cache,id=cargo-registry,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,id=templatesite-build,target=/build,sharing=locked \
    sh /context/docker/server/build /server

FROM ${MIGRATE_IMAGE} AS migrate
COPY --from=build /server /usr/local/bin/
USER 65532:65532
CMD ["server", "migrate"]

FROM ${SERVER_IMAGE} AS server
COPY --from=build /server /usr/local/bin/
ENV LISTEN_ADDR=0.0.0.0:80
EXPOSE 80
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s --retries=3 \
    CMD ["/usr/local/bin/server", "healthcheck"]
# Exec form, so that the service is process 1 and receives SIGTERM.
ENTRYPOINT ["/usr/local/bin/server"]
ARG SERVER_IMAGE
ARG VERSION=development
ARG REVISION=unknown
LABEL org.opencontainers.image.title="templatesite" \
      org.opencontainers.image.description="A small REST service" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.base.name="$SERVER_IMAGE" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
