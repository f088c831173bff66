"""Stage, switch, confirm or revert: the journaled rollout on a host. Pure."""
