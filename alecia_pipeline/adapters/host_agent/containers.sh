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

await_healthy() { # SERVICE SECONDS: says so when it takes longer, and goes on
    local end=$(($(uptime_now) + $2))
    [ -n "$(containers "$1")" ] || return 0
    until [[ $(standing "$1") = *' running '@(healthy|without-healthcheck) ]]; do
        if [ "$(uptime_now)" -ge "$end" ]; then
            echo "$1 runs again, but is not healthy after $2 s: $(standing "$1")" >&2
            return 0
        fi
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
    # `/` stands for a path that nobody named: there an app may well ask for a login.
    case $3:$reply in *:'HTTP/1.'?' '[23]* | /:'HTTP/1.'?' 4'*) echo "$1 $3: $reply" ;; *) die "$1 answers ${reply:-nothing} to GET $3 on port $2" ;; esac
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

