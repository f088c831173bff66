# Stand-in for node:20-alpine where no image hub answers: glibc instead of musl, so there is no apk.
# The context holds the unpacked npm packages node/, npm/ and corepack/.
FROM debian:bookworm-slim
COPY node/bin/node /usr/local/bin/node
COPY npm /usr/local/lib/node_modules/npm
COPY corepack /usr/local/lib/node_modules/corepack
RUN cd /usr/local/bin \
 && ln -s ../lib/node_modules/npm/bin/npm-cli.js npm \
 && ln -s ../lib/node_modules/npm/bin/npx-cli.js npx \
 && ln -s ../lib/node_modules/corepack/dist/corepack.js corepack \
 && chmod 755 node ../lib/node_modules/npm/bin/*.js ../lib/node_modules/corepack/dist/*.js \
 && groupadd --gid 1000 node \
 && useradd --uid 1000 --gid node --shell /bin/bash --create-home node
# Node carries its own list of authorities; this adds those of the system, for networks that re-sign TLS.
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
# Registries that mirror npm drop its signatures, and corepack then refuses every package manager.
ENV COREPACK_INTEGRITY_KEYS=0
CMD ["node"]
