#!/usr/bin/env bash
# The host's side of a rollout: lease, journaled detached steps, switch, and the timer that reverts by itself.
# Needs bash, coreutils, util-linux (flock, setsid) and docker with compose; installed as ROOT/bin/agent-<hash>.
# Usage: agent-<hash> COMMAND ROOT [ARGUMENT]...   The parts in this folder make one script, in the order of host.py.
set -euo pipefail

command=$1 root=$2
shift 2
agent=$(readlink -f "$0")
journal=$root/journal releases=$root/releases
lease_seconds=60
project='' caddy=''
# shellcheck disable=SC1091
if [ -f "$root/settings" ]; then . "$root/settings"; fi

die() {
    printf '%s\n' "$*" >&2
    exit 1
}

# Times come from the kernel's uptime, never from the clock: a clock can jump.
uptime_now() {
    local up _
    read -r up _ </proc/uptime
    printf '%s\n' "${up%.*}"
}

# A container keeps its machine's boot id when it restarts, so the start time of PID 1 belongs to the name of a boot.
boot_now() {
    local stat
    read -r stat </proc/1/stat
    # shellcheck disable=SC2086
    set -- ${stat##*) }
    printf '%s:%s\n' "$(cat /proc/sys/kernel/random/boot_id)" "${20}"
}

# save FILE [MODE] <data: temporary file, fsync, rename, fsync of the folder.
save() {
    local tmp
    tmp=$(mktemp "$1.XXXXXX")
    cat >"$tmp"
    chmod "${2:-644}" "$tmp"
    sync "$tmp"
    mv -T "$tmp" "$1"
    sync "$(dirname "$1")"
}

