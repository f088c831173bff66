"""The only effects: git, BuildKit, registry, SSH, host, PostgreSQL, HTTP, shell."""
