"""The `alecia` command. Each command is a module; it is imported only when it runs."""
