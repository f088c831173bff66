"""The sandbox: an engine, a registry with a login and a VPS, all on this machine's loopback interface."""
