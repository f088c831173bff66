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
lease-renew) lease_renew "$@" ;;
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
