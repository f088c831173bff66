"""A small healthy copy of the suite that failed to deploy: two apps, two packages, everything declared and locked."""

import json
from collections.abc import Mapping
from typing import Any

Files = dict[str, str | bytes]

DOCKERFILE = """\
FROM node:20-alpine@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef AS deps
WORKDIR /repo
COPY package.json pnpm-lock.yaml pnpm-workspace.yaml ./
COPY packages/db/package.json packages/db/
COPY packages/ui/package.json packages/ui/
COPY apps/{app}/package.json apps/{app}/
RUN --mount=type=cache,id=pnpm,target=/pnpm/store pnpm install --frozen-lockfile --prod=false

FROM deps AS builder
COPY turbo.json tsconfig.base.json ./
COPY packages packages
COPY apps/{app} apps/{app}
RUN pnpm turbo build --filter=@alecia/{app}

FROM node:20-alpine@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef AS runner
WORKDIR /app
ENV NODE_ENV=production
COPY --from=builder /repo/apps/{app}/.next/standalone ./
CMD ["node", "server.js"]
"""

LOCKFILE = """\
lockfileVersion: '9.0'

settings:
  autoInstallPeers: true
  excludeLinksFromLockfile: false

importers:

  .:
    devDependencies:
      turbo:
        specifier: ^2.5.0
        version: 2.5.4

  apps/colab:
    dependencies:
      '@alecia/ui':
        specifier: workspace:*
        version: link:../../packages/ui
      '@aws-sdk/client-s3':
        specifier: ^3.850.0
        version: 3.850.0
      '@aws-sdk/s3-request-presigner':
        specifier: ^3.850.0
        version: 3.850.0
      '@radix-ui/react-avatar':
        specifier: ^1.1.0
        version: 1.1.10
      next:
        specifier: 16.1.4
        version: 16.1.4

  apps/website:
    dependencies:
      '@alecia/db':
        specifier: workspace:*
        version: link:../../packages/db
      '@alecia/ui':
        specifier: workspace:*
        version: link:../../packages/ui
      next:
        specifier: 16.1.4
        version: 16.1.4

  packages/db:
    dependencies:
      pg:
        specifier: ^8.16.0
        version: 8.16.3

  packages/ui:
    dependencies:
      react:
        specifier: ^19.2.0
        version: 19.2.3
    devDependencies:
      tsup:
        specifier: ^8.5.0
        version: 8.5.0

packages:

  '@aws-sdk/client-s3@3.850.0':
    resolution: {integrity: sha512-a}

  '@aws-sdk/s3-request-presigner@3.850.0':
    resolution: {integrity: sha512-b}

  '@radix-ui/react-avatar@1.1.10':
    resolution: {integrity: sha512-c}

  next@16.1.4:
    resolution: {integrity: sha512-d}

  pg@8.16.3:
    resolution: {integrity: sha512-e}

  react@19.2.3:
    resolution: {integrity: sha512-f}

  tsup@8.5.0:
    resolution: {integrity: sha512-g}

  turbo@2.5.4:
    resolution: {integrity: sha512-h}

snapshots:

  '@aws-sdk/client-s3@3.850.0': {}

  '@aws-sdk/s3-request-presigner@3.850.0': {}

  '@radix-ui/react-avatar@1.1.10': {}

  next@16.1.4: {}

  pg@8.16.3: {}

  react@19.2.3: {}

  tsup@8.5.0: {}

  turbo@2.5.4: {}
"""


COMPOSE = """\
services:
  website:
    image: ghcr.io/alecia/website:1
    healthcheck: {test: ["CMD", "node", "health.js"]}
"""


def _json(**value: Any) -> str:
    return json.dumps(value, indent=2) + "\n"


def _package(name: str, dependencies: Mapping[str, str], **more: Any) -> str:
    return _json(name=f"@alecia/{name}", private=True, dependencies=dict(dependencies), **more)


COLAB = {
    "@alecia/ui": "workspace:*",
    "@aws-sdk/client-s3": "^3.850.0",
    "@aws-sdk/s3-request-presigner": "^3.850.0",
    "@radix-ui/react-avatar": "^1.1.0",
    "next": "16.1.4",
}
WEBSITE = {"@alecia/db": "workspace:*", "@alecia/ui": "workspace:*", "next": "16.1.4"}

SUITE: Files = {
    "package.json": _json(
        name="alepanel", private=True, scripts={"build": "turbo build"}, devDependencies={"turbo": "^2.5.0"}
    ),
    "pnpm-workspace.yaml": "packages:\n  - apps/*\n  - packages/*\n",
    "pnpm-lock.yaml": LOCKFILE,
    "turbo.json": "{}\n",
    "tsconfig.base.json": "{}\n",
    ".gitignore": "node_modules\ndist\n.next\n_generated\n",
    ".dockerignore": "**/node_modules\n**/.next\n**/._*\n**/.DS_Store\n",
    "docker-compose.production.yml": COMPOSE,
    "apps/colab/package.json": _package("colab", COLAB, scripts={"build": "next build"}),
    "apps/colab/Dockerfile": DOCKERFILE.format(app="colab"),
    "apps/colab/tsconfig.json": _json(compilerOptions={"paths": {"@/*": ["./*"]}}),
    "apps/colab/app/page.tsx": 'import { Avatar } from "@/components/avatar";\nimport { put } from "../lib/s3";\n',
    "apps/colab/lib/s3.ts": 'import { S3Client } from "@aws-sdk/client-s3";\n'
    'import { getSignedUrl } from "@aws-sdk/s3-request-presigner";\nexport const put = 1;\n',
    "apps/colab/components/avatar.tsx": '"use client";\n\nimport * as Radix from "@radix-ui/react-avatar";\n'
    'import { Card } from "@alecia/ui";\n',
    "apps/website/package.json": _package("website", WEBSITE, scripts={"build": "next build"}),
    "apps/website/Dockerfile": DOCKERFILE.format(app="website"),
    "apps/website/app/page.tsx": 'import { Card } from "@alecia/ui";\nimport { query } from "@alecia/db";\n',
    "packages/db/package.json": _package("db", {"pg": "^8.16.0"}),
    "packages/db/src/index.ts": 'import { Pool } from "pg";\nimport { readFile } from "node:fs/promises";\n',
    "packages/ui/package.json": _package(
        "ui", {"react": "^19.2.0"}, devDependencies={"tsup": "^8.5.0"}, scripts={"build": "tsup"}
    ),
    "packages/ui/src/index.ts": 'export * from "./card.js";\n',
    "packages/ui/src/card.tsx": 'import { useState } from "react";\n',
    "packages/ui/tsup.config.ts": 'import { defineConfig } from "tsup";\n',
}


def without(*names: str) -> str:
    """Return colab's package.json without some of its dependencies."""
    kept = {name: spec for name, spec in COLAB.items() if name not in names}
    return _package("colab", kept, scripts={"build": "next build"})


def edited(path: str, old: str, new: str) -> str:
    """Return a file of the suite with one text replaced, which must be there."""
    text = SUITE[path]
    assert isinstance(text, str)
    assert old in text
    return text.replace(old, new)
