# ---- the switch -----------------------------------------------------------------------------------------------------

live() {
    if [ -L "$releases/live" ]; then readlink "$releases/live"; fi
}

load_state() { # ID
    state='' parent='' boot='' deadline=0 why=''
    local key value
    [ -f "$journal/release-$1.state" ] || return 0
    while IFS='=' read -r key value; do
        case $key in
        state) state=$value ;; parent) parent=$value ;; boot) boot=$value ;; deadline) deadline=$value ;; why) why=$value ;;
        esac
    done <"$journal/release-$1.state"
}

save_state() { # ID STATE PARENT DEADLINE WHY
    printf 'state=%s\nparent=%s\nboot=%s\ndeadline=%s\nat=%s\nwhy=%s\n' "$2" "$3" "$(boot_now)" "$4" \
        "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "${5//$'\n'/ }" | save "$journal/release-$1.state"
}

reload_caddy() { # FILE: only when it differs, because a reload closes every WebSocket of every site
    cmp -s "$1" "$root/caddy/caddy.json" && return 0
    save "$root/caddy/caddy.json" <"$1" &&
        docker exec "$(containers "$caddy")" caddy reload --config /alecia/caddy/caddy.json >&2
}

check_caddy() { # ID
    cmp -s "$releases/$1/caddy.json" "$root/caddy/caddy.json" ||
        docker exec "$(containers "$caddy")" caddy validate --config "/alecia/releases/$1/caddy.json" >&2
}

point() { # ID: one rename moves all apps of the release
    ln -sfn "$1" "$releases/.live" &&
        mv -T "$releases/.live" "$releases/live" &&
        sync "$releases" &&
        reload_caddy "$releases/$1/caddy.json"
}

# Apps that cannot run twice: `OLD NEW` per line, `-` for none.
hand_over() { # ID
    local old new
    [ -f "$releases/$1/exclusive.txt" ] || return 0
    while read -r old new; do
        if [ "$old" != - ]; then containers "$old" | xargs -r docker stop >/dev/null; fi
        up "$releases/$1/compose.yaml" "$new" 120 </dev/null || return 1
        (watch 2 "$new") || return 1
    done <"$releases/$1/exclusive.txt"
}

hand_back() { # ID
    local old new
    [ -f "$releases/$1/exclusive.txt" ] || return 0
    while read -r old new; do
        if [ "$old" != "$new" ]; then remove "$new"; fi
        if [ "$old" != - ]; then containers "$old" | xargs -r docker start >/dev/null; fi
    done <"$releases/$1/exclusive.txt"
}

# What was handed back serves again before anybody is told so; the other apps have not waited for it.
await_old() { # ID
    local old new
    [ -f "$releases/$1/exclusive.txt" ] || return 0
    while read -r old new; do
        if [ "$old" != - ]; then await_healthy "$old" 60 </dev/null; fi
    done <"$releases/$1/exclusive.txt"
}

start_timer() { # ID: its own session, and without the lock's descriptor
    setsid nohup "$agent" timer "$root" "$1" </dev/null >>"$journal/timer.log" 2>&1 9>&- &
}

switch_release() { # ID PARENT SECONDS: PARENT may be empty
    [ "$(live)" = "$2" ] || die "live is '$(live)', not '$2': another release came between"
    check_caddy "$1"
    save_state "$1" switching "$2" $(($(uptime_now) + 600)) ''
    start_timer "$1"
    if ! (hand_over "$1" && point "$1"); then
        back_to "$1" "$2" "the switch itself failed"
        die "the switch failed; '$2' is live again"
    fi
    save_state "$1" switched "$2" $(($(uptime_now) + $3)) ''
}

back_to() { # ID PARENT WHY
    save_state "$1" reverting "$2" 0 "$3"
    hand_back "$1"
    if [ -n "$2" ]; then point "$2"; else rm -f "$releases/live"; fi
    await_old "$1"
    save_state "$1" reverted "$2" 0 "$3"
}

revert_release() { # ID WHY: also finishes a revert or a switch that was cut off
    load_state "$1"
    case $state in
    switching | switched | reverting) back_to "$1" "$parent" "$2" ;;
    reverted) ;;
    *) die "release $1 is '${state:-unknown}'; only an unconfirmed one can be reverted" ;;
    esac
}

confirm_release() { # ID
    load_state "$1"
    case $state in
    confirmed) ;;
    switched) [ "$(live)" = "$1" ] || die "$1 is not live"
        save_state "$1" confirmed "$parent" 0 '' ;;
    *) die "release $1 is '${state:-unknown}'${why:+: $why}" ;;
    esac
}

overdue() { # ID: 0 when its time is over, 1 when not, 2 when there is nothing to wait for
    load_state "$1"
    case $state in switching | switched | reverting) ;; *) return 2 ;; esac
    [ "$boot" = "$(boot_now)" ] || return 0
    [ "$(uptime_now)" -ge "$deadline" ]
}

timer() { # ID: reverts unless the release is confirmed in time; a dead runner cannot leave a bad version live
    local due=0
    while sleep 1; do
        overdue "$1" && due=0 || due=$?
        [ "$due" != 2 ] || exit 0
        [ "$due" = 0 ] || continue
        exec 9>>"$root/lock"
        flock 9
        if overdue "$1"; then
            load_fence
            save_fence $((number + 1)) ''
            revert_release "$1" 'no confirmation came in time; the host reverted by itself'
            exit 0
        fi
        exec 9>&-
    done
}

