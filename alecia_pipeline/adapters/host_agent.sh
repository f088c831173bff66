#!/usr/bin/env bash
# The host's side of a rollout: lease, journaled detached steps, switch, and the timer that reverts by itself.
# Needs bash, coreutils, util-linux (flock, setsid) and docker with compose; installed as ROOT/bin/agent-<hash>.
# Usage: host_agent.sh COMMAND ROOT [ARGUMENT]...     docs: docs/decisions/ and alecia_pipeline/adapters/host.py
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

# ---- steps: they outlive the runner, and their result is a file -----------------------------------------------------

launch() { # FENCE NAME TOKEN SECONDS <script
    local file=$journal/.$3
    save "$file.sh" 600
    setsid nohup "$agent" act "$root" "$@" </dev/null >"$file.log" 2>&1 9>&- &
}

next_number() {
    local last
    last=$(find "$journal" -maxdepth 1 -name '[0-9]*.sh' -printf '%f\n' | sort | tail -n 1)
    last=${last%%-*}
    printf '%06d\n' $((10#${last:-0} + 1))
}

act() { # FENCE NAME TOKEN SECONDS
    local file=$journal/.$3 step status=0
    if ! open_lock 30; then
        echo 75 | save "$journal/refused.$3.done"
        exit
    fi
    load_fence
    if [ "$number" != "$1" ]; then
        echo 76 | save "$journal/refused.$3.done"
        exit
    fi
    step=$journal/$(next_number)-$2.$3
    mv -T "$file.sh" "$step.sh" # the intent
    sync "$journal"
    timeout -k 5 "$4" "$agent" perform "$root" "$step.sh" >"$step.out" 2>"$step.err" || status=$?
    echo "$status" | save "$step.done"
    load_fence
    if [ "$number" = "$1" ] && [ -n "$owner" ]; then save_fence "$number" "$owner"; fi
    rm -f "$file.log"
    prune_journal
}

prune_journal() {
    find "$journal" -maxdepth 1 -name '[0-9]*' -printf '%f\n' | sort -r | tail -n +1201 | while read -r old; do
        rm -f "${journal:?}/$old"
    done
    find "$root/staged" -name '*.yaml' -mtime +30 -delete
    find "$journal" -maxdepth 1 \( -name 'refused.*' -o -name '.*.log' -o -name '.*.sh' \) -mmin +1440 -delete
}

wait_step() { # TOKEN SECONDS: prints the status, then the output; 99 when it is not done yet
    local result base end=$(($(uptime_now) + $2))
    while :; do
        for result in "$journal"/*."$1".done; do
            [ -e "$result" ] || continue
            base=${result%.done}
            cat "$result"
            if [ -f "$base.out" ]; then cat "$base.out" && cat "$base.err" >&2; fi
            exit 0
        done
        [ "$(uptime_now)" -lt "$end" ] || exit 99
        sleep 0.1
    done
}

# ---- what step scripts call -----------------------------------------------------------------------------------------

compose() {
    COMPOSE_IGNORE_ORPHANS=1 docker compose --project-name "$project" --project-directory "$root" \
        --env-file "$root/.env" --progress plain "$@"
}

containers() { # SERVICE
    docker ps -aq --no-trunc --filter "label=com.docker.compose.project=$project" \
        --filter "label=com.docker.compose.service=$1"
}

remove() { # SERVICE
    containers "$1" | xargs -r docker rm -f >/dev/null
}

# A compose that was killed in mid-recreate leaves `<id>_name` behind, and then fails with "name already in use".
mend_half_created() {
    docker ps -a --filter "label=com.docker.compose.project=$project" --format '{{.ID}} {{.Names}}' |
        while read -r id name; do
            if [[ $name =~ ^[0-9a-f]{12}_ ]]; then docker rm -f "$id" >/dev/null; fi
        done
}

up() { # FILE SERVICE SECONDS: starts it beside the others and waits until it is healthy
    mend_half_created
    # Not --no-deps: it takes depends_on out of the hash, and the user's next `up -d` would recreate the service.
    compose -f "$1" up -d --no-recreate --wait --wait-timeout "$3" "$2" >&2
}

# One line that changes when the container was replaced, restarted, became unhealthy or runs another image.
standing() { # SERVICE
    local id
    id=$(containers "$1")
    [ -n "$id" ] || return 0
    docker inspect --format '{{.Id}} {{.RestartCount}} {{.State.StartedAt}} {{.Image}} {{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{else}}without-healthcheck{{end}}' "$id"
}

watch() { # SECONDS SERVICE...: `up --wait` is content with a crash loop; this is not
    local end=$(($(uptime_now) + $1)) service before=() index
    shift
    for service in "$@"; do before+=("$(standing "$service")"); done
    while :; do
        index=0
        for service in "$@"; do
            case ${before[index]} in *' running healthy') ;; *) die "$service is not running and healthy: ${before[index]:-no container}" ;; esac
            [ "$(standing "$service")" = "${before[index]}" ] || die "$service changed while it was watched: $(standing "$service")"
            index=$((index + 1))
        done
        [ "$(uptime_now)" -lt "$end" ] || return 0
        sleep 0.5
    done
}

expect_image() { # SERVICE IMAGE: the container runs exactly this image
    local wanted have
    wanted=$(docker image inspect --format '{{.Id}}' "$2")
    have=$(docker inspect --format '{{.Image}}' "$(containers "$1")")
    [ "$wanted" = "$have" ] || die "$1 runs $have, not $wanted ($2)"
}

address() { # SERVICE: its address on the first network
    docker inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{"\n"}}{{end}}' "$(containers "$1")" | head -n 1
}

probe() { # SERVICE PORT PATH HOST: the private smoke, before any visitor is sent there
    local reply=''
    exec 8<>"/dev/tcp/$(address "$1")/$2" || die "$1 does not listen on port $2"
    printf 'GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nUser-Agent: alecia\r\n\r\n' "$3" "$4" >&8
    read -r -t 20 reply <&8 || true
    exec 8>&-
    reply=${reply%$'\r'}
    case $reply in 'HTTP/1.'?' '[23]*) echo "$1 $3: $reply" ;; *) die "$1 answers ${reply:-nothing} to GET $3 on port $2" ;; esac
}

bring_up() { # FILE SECONDS SERVICE...: third-party services; compose recreates those whose definition changed
    local file=$1 seconds=$2
    shift 2
    # A first start needs a file before Caddy runs; nothing can be reloaded then.
    if [ ! -f "$root/caddy/caddy.json" ]; then save "$root/caddy/caddy.json" <"$root/caddy/next.json"; fi
    compose -f "$file" up -d --wait --wait-timeout "$seconds" "$@" >&2
    # Before the first release nothing else would give Caddy a configuration that was mended meanwhile.
    if [ -z "$(live)" ] && [ -f "$root/caddy/next.json" ]; then reload_caddy "$root/caddy/next.json"; fi
}

pull() { # REFERENCE: prints it with the reference by digest
    local name=${1%%@*} digest
    case ${name##*/} in *:*) name=${name%:*} ;; esac
    docker pull --quiet "$1" >/dev/null
    digest=$(docker image inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$1" | grep -F "$name@" | head -n 1)
    echo "$1 $digest"
}

stage() { # FILE SERVICE IMAGE SECONDS WATCH [PORT PATH HOST]: beside the old one; taken away again when it fails
    if up "$1" "$2" "$4" && (expect_image "$2" "$3" && watch "$5" "$2" && { [ -z "${6:-}" ] || probe "$2" "$6" "$7" "$8"; }); then
        return 0
    fi
    docker logs --tail 30 "$(containers "$2" | head -n 1)" >&2 2>&1 || true
    remove "$2"
    die "$2 did not become healthy and stay so; it is removed, the old one serves on"
}

sweep() { # SERVICE...: stops and removes the generated containers of apps that are not named
    local id service keep=" $* " gone=()
    while read -r id service; do
        case $keep in *" $service "*) continue ;; esac
        gone+=("$id")
        echo "$service"
    done < <(docker ps -a --filter "label=com.docker.compose.project=$project" --filter 'label=alecia.app' \
        --format '{{.ID}} {{.Label "com.docker.compose.service"}}')
    [ "${#gone[@]}" -gt 0 ] || return 0
    docker stop "${gone[@]}" >/dev/null # all at once: one may use its whole grace period
    docker rm -f "${gone[@]}" >/dev/null
}

prune_releases() { # ID...
    local id
    for id in "$@"; do
        [ "$id" != "$(live)" ] || die "$id is live"
        rm -rf "${releases:?}/$id" "$journal/release-$id.state"
    done
}

prune_images() { # REFERENCE...: those that a container uses stay
    docker image rm "$@" >/dev/null 2>&1 || true
}

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

# ---- looking --------------------------------------------------------------------------------------------------------

snapshot() {
    local file name
    printf '[now]\nuptime=%s\nboot=%s\nlive=%s\n' "$(uptime_now)" "$(boot_now)" "$(live)"
    if [ -f "$root/fence" ]; then echo '[fence]' && cat "$root/fence"; fi
    for file in "$journal"/release-*.state; do
        [ -e "$file" ] || continue
        name=${file##*/release-}
        echo "[release ${name%.state}]"
        cat "$file"
    done
}

records() {
    local file
    for file in "$releases"/*/record.json; do
        if [ -e "$file" ] && [ ! -L "${file%/record.json}" ]; then cat "$file"; fi
    done
}

# bundle FILE...: sizes and contents of files under the root in one answer, `-` for one that is not there
bundle() {
    local file
    for file in "$@"; do
        if [ -f "$root/$file" ]; then stat -Lc %s "$root/$file" && cat "$root/$file"; else echo -; fi
    done
}

case $command in
lease-take) lease_take "$@" ;;
lease-give) lease_give "$@" ;;
unlock) unlock ;;
launch) launch "$@" ;;
act) act "$@" ;;
perform)
    # shellcheck disable=SC1090
    . "$1"
    ;;
wait) wait_step "$@" ;;
timer) timer "$@" ;;
snapshot) snapshot ;;
records) records ;;
bundle) bundle "$@" ;;
*) die "unknown command $command" ;;
esac
