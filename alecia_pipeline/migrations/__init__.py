"""SQL migrations: files, statements, ledger, hazards. Pure."""
