"""What each rule finds and why it matters, in one sentence: the help of reports, and the table of docs/audit.md."""

from collections.abc import Mapping

EXPLANATIONS: Mapping[str, str] = {
    "undeclared-import": "A file imports a package that its package.json does not declare: it works by luck on one "
    "machine, and fails in an image.",
    "undeclared-workspace-import": "A file imports a package of the workspace that its package.json does not declare: "
    "pnpm links it nowhere, and a pruned image lacks it.",
    "root-only-dependency": "A file imports a package that only the root's package.json declares: an image of one "
    "package does not have it.",
    "dev-only-dependency": "Shipped code needs a devDependency when it runs, and the image installs production only.",
    "unresolved-import": "A relative or aliased import leads to no file.",
    "case-mismatch": "An import differs from the file's name by upper and lower case: it works on a Mac, not on Linux.",
    "generated-path-missing": "A path is used that is neither committed nor made by any script.",
    "lockfile-stale": "pnpm-lock.yaml does not agree with a package.json: a frozen install fails.",
    "lockfile-missing": "There is no pnpm-lock.yaml: no two builds install the same.",
    "docker-context": "The build's context is not the repository's root: the lockfile and the workspace are outside of "
    "it.",
    "docker-copy-missing": "A COPY names what the context does not have.",
    "docker-manifest-missing": "A package.json of the app's closure is not copied before the install: the package is "
    "missing in the image.",
    "docker-dev-dependencies": "A later step needs a devDependency that the install leaves out.",
    "docker-filter": "A --filter names no package of the workspace: the command does nothing, and says that all is "
    "well.",
    "docker-ignore": "A file that the build needs is left out by .dockerignore.",
    "junk-file": "A desktop's leftover is committed: it breaks linters, and enters images.",
    "compose-build": "A deployed compose file builds an image: on the server, slowly, from what lies there.",
    "secret-file": "A file that looks like a secret is committed.",
    "registry-unknown": "The lockfile names a registry that no setting of the repository names.",
    "silent-input": "What a build reads and its pruned context may lack: a path in pieces, a glob over packages, git's "
    "own data, an environment file.",
    "import-cycle": "Files or packages import each other in a circle: what one finds in the other depends on who is "
    "loaded first.",
    "version-mismatch": "Packages of the workspace ask for different versions of the same dependency.",
    "docker-cache": "A step is built anew more often than it need be.",
    "docker-base-unpinned": "A base image is named without a digest: tomorrow's build may differ.",
    "docker-network": "A build step reads the network, a database or a cache's content: two builds may differ.",
    "build-env-undeclared": "The build reads a NEXT_PUBLIC_ variable that no ARG declares: it is empty in the bundle.",
    "compose-image-unpinned": "A service's image has no version: a restart may bring another one.",
    "compose-healthcheck": "A service has no health check: nobody can tell when it is ready.",
    "package-manager-mismatch": "The Dockerfile installs another pnpm than packageManager pins.",
    "unused-dependency": "A dependency is declared, and nothing seems to use it.",
}
