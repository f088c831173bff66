"""A mini monorepo: website needs ui and db, cms needs db alone. Small enough to read, real enough to plan."""

import json
from collections.abc import Mapping

LOCKFILE = """\
lockfileVersion: '9.0'

settings:
  autoInstallPeers: true

importers:

  .:
    devDependencies:
      turbo:
        specifier: ^2.0.0
        version: 2.0.0

  apps/cms:
    dependencies:
      '@mini/db':
        specifier: workspace:*
        version: link:../../packages/db

  apps/website:
    dependencies:
      '@mini/db':
        specifier: workspace:*
        version: link:../../packages/db
      '@mini/ui':
        specifier: workspace:*
        version: link:../../packages/ui

  packages/db:
    dependencies:
      pg:
        specifier: ^8.0.0
        version: 8.0.0

  packages/ui:
    dependencies:
      react:
        specifier: ^19.0.0
        version: 19.0.0

packages:

  pg@8.0.0:
    resolution: {integrity: sha512-pg}

  react@19.0.0:
    resolution: {integrity: sha512-react}

  turbo@2.0.0:
    resolution: {integrity: sha512-turbo}

snapshots:

  pg@8.0.0: {}

  react@19.0.0: {}

  turbo@2.0.0: {}
"""


def dockerfile(app: str, *packages: str) -> str:
    """Return a Dockerfile in three stages that copies just what the app needs."""
    folders = [*(f"packages/{name}" for name in packages), f"apps/{app}"]
    manifests = "\n".join(f"COPY {folder}/package.json {folder}/" for folder in folders)
    sources = "\n".join(f"COPY {folder} {folder}" for folder in folders)
    return f"""\
FROM node:20-alpine AS deps
COPY package.json pnpm-lock.yaml pnpm-workspace.yaml ./
{manifests}
RUN pnpm install --frozen-lockfile --prod=false

FROM deps AS builder
COPY turbo.json tsconfig.base.json ./
{sources}
RUN pnpm turbo build --filter=@mini/{app}

FROM node:20-alpine AS runner
COPY --from=builder /repo/apps/{app}/dist ./
CMD ["node", "server.js"]
"""


def manifest(name: str, *needs: str, **more: str) -> str:
    """Return a package.json that needs workspace packages and, in `more`, packages from outside."""
    return json.dumps({"name": name, "dependencies": {**dict.fromkeys(needs, "workspace:*"), **more}})


def mini(changes: Mapping[str, str | bytes | None] | None = None) -> dict[str, str | bytes]:
    """Return the files, with `changes` put over them; None takes a file away."""
    files: dict[str, str | bytes | None] = {
        ".dockerignore": "**/README.md\n**/node_modules\n",
        "README.md": "Mini.\n",
        "package.json": json.dumps(
            {"name": "mini", "packageManager": "pnpm@9.8.0", "devDependencies": {"turbo": "^2.0.0"}}
        ),
        "pnpm-workspace.yaml": "packages: [apps/*, packages/*]\n",
        "pnpm-lock.yaml": LOCKFILE,
        "turbo.json": json.dumps({"globalDependencies": ["config/*.json"]}),
        "config/shared.json": "{}\n",
        "tsconfig.base.json": "{}\n",
        "scripts/release.sh": "true\n",
        "apps/cms/package.json": manifest("@mini/cms", "@mini/db"),
        "apps/cms/Dockerfile": dockerfile("cms", "db"),
        "apps/cms/src/server.ts": "import '@mini/db';\n",
        "apps/website/package.json": manifest("@mini/website", "@mini/ui", "@mini/db"),
        "apps/website/Dockerfile": dockerfile("website", "db", "ui"),
        "apps/website/src/page.tsx": "import '@mini/ui';\n",
        "apps/website/README.md": "The site.\n",
        "packages/db/package.json": manifest("@mini/db", pg="^8.0.0"),
        "packages/db/src/index.ts": "export {};\n",
        "packages/db/migrations/0001_users.sql": "CREATE TABLE users ();\n",
        "packages/ui/package.json": manifest("@mini/ui", react="^19.0.0"),
        "packages/ui/src/index.tsx": "export {};\n",
        **(changes or {}),
    }
    return {path: content for path, content in files.items() if content is not None}
