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

