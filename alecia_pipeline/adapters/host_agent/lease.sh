# ---- lease: a fence number that only grows, and who holds it until when --------------------------------------------

load_fence() {
    number=0 owner='' held_boot='' until=0
    local key value
    [ -f "$root/fence" ] || return 0
    while IFS='=' read -r key value; do
        case $key in number) number=$value ;; owner) owner=$value ;; boot) held_boot=$value ;; until) until=$value ;; esac
    done <"$root/fence"
}

save_fence() { # NUMBER OWNER
    printf 'number=%s\nowner=%s\nboot=%s\nuntil=%s\n' "$1" "$2" "$(boot_now)" $(($(uptime_now) + lease_seconds)) |
        save "$root/fence"
}

open_lock() { # SECONDS: takes the one lock; whoever holds it is alone on this host
    exec 9>>"$root/lock"
    flock -w "$1" 9
}

lease_take() { # OWNER: prints the new fence number; 3 when held
    if ! open_lock 5; then
        echo "a step is running"
        exit 3
    fi
    load_fence
    if [ -n "$owner" ] && [ "$held_boot" = "$(boot_now)" ] && [ "$until" -gt "$(uptime_now)" ]; then
        echo "held by $owner, for $((until - $(uptime_now))) s more"
        exit 3
    fi
    save_fence $((number + 1)) "$1"
    echo $((number + 1))
}

lease_renew() { # FENCE: the holder is alive; a step that runs renews the lease itself
    open_lock 1 || exit 0
    load_fence
    if [ "$number" = "$1" ] && [ -n "$owner" ]; then save_fence "$number" "$owner"; fi
}

lease_give() { # FENCE
    open_lock 30
    load_fence
    if [ "$number" = "$1" ]; then save_fence "$number" ''; fi
}

unlock() { # takes over from whoever holds the lease, after the step that runs
    open_lock 30 || die "a step is still running"
    load_fence
    save_fence $((number + 1)) ''
    echo "$owner"
}

