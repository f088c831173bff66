
# ---- static files of Next.js apps: those of every kept release, so that open tabs find what their page names ---------
# static/APP/images/DIGEST holds an image's files, DIGEST.sums their hashes (written last); static/APP/live is a link to
# the union of them under views/, so that one rename changes all that Caddy sees.

keep_static() { # APP IMAGE: prints how many files the image has
    local folder=$root/static/$1 hex=${2##*:}
    local image=$folder/images/$hex
    if [ ! -f "$image.sums" ]; then
        rm -rf "${folder:?}/.new" "${image:?}"
        mkdir -p "$folder/images" "$folder/.new"
        copy_static "$2" "$folder/.new"
        sync -f "$folder/.new"
        mv -T "$folder/.new" "$image"
        (cd "$image" && find . -type f -print0 | xargs -0 -r sha256sum) | save "$image.sums"
    fi
    show_static "$folder"
    echo "$1 $(wc -l <"$image.sums")"
}

copy_static() { # IMAGE FOLDER: nothing of the image is run; only plain files are kept, Caddy would follow links
    local container=$project-static found path
    docker rm -fv "$container" >/dev/null 2>&1 || true
    docker create --pull never --name "$container" "$1" none >/dev/null
    found=$(docker export "$container" | tar -t | { grep -E '(^|/)\.next/static/$' || true; })
    while read -r path; do
        case $path in '' | *node_modules/*) continue ;; esac
        mkdir -p "$2/_next/static"
        docker cp --quiet "$container:/$path." "$2/_next/static" </dev/null
    done <<<"$found"
    docker rm -v "$container" >/dev/null
    find "$2" \( ! -type f ! -type d -o -name '*\\*' -o -name $'*\n*' \) -delete
    chmod -R u+rwX,go+rX "$2"
}

# A name whose content differs between kept images is left out: the live app itself answers for it.
show_static() { # FOLDER
    local sums view file
    sums=$(find "$1/images" -name '*.sums' -exec cat {} + | sort -u)
    view=views/$(sha256sum <<<"$sums" | cut -c 1-16)
    if [ -L "$1/live" ] && [ "$(readlink "$1/live")" = "$view" ]; then return 0; fi
    rm -rf "$1/.view" "${1:?}/$view"
    mkdir -p "$1/.view" "$1/views"
    for file in "$1"/images/*.sums; do
        # Not -n: coreutils 9.4 fails for what it passes over.
        if [ -e "$file" ]; then cp -alf "${file%.sums}/." "$1/.view/"; fi
    done
    cut -c 67- <<<"$sums" | sort | uniq -d | (cd "$1/.view" && xargs -r -d '\n' rm -f --)
    mv -T "$1/.view" "$1/$view"
    ln -sfn "$view" "$1/.live" && mv -T "$1/.live" "$1/live"
    sync -f "$1"
    find "$1/views" -mindepth 1 -maxdepth 1 ! -path "$1/$view" -exec rm -rf {} +
}

prune_static() { # APP/DIGEST...: files of other images go
    local folder sums image kept=" $* "
    for folder in "$root"/static/*/; do
        folder=${folder%/}
        [ -d "$folder/images" ] || continue
        for sums in "$folder"/images/*.sums; do
            image=${sums%.sums}
            case $kept in *" ${folder##*/}/${image##*/} "*) continue ;; esac
            rm -rf "$sums" "$image"
        done
        show_static "$folder"
    done
}
