"""One push, one reproducible release: a pnpm/turbo monorepo to a server, through Dagster assets."""
