FROM debian:bookworm-slim
COPY caddy /usr/bin/caddy
HEALTHCHECK --interval=2s --timeout=20s CMD test -d /alecia/releases
