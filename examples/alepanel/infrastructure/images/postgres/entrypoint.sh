#!/bin/bash
# Makes the cluster at the first start, beside its final place, so that an interrupted start begins again.
set -euo pipefail

create_cluster() {
    local new="$PGDATA.new"
    rm -rf "$new"
    initdb --pgdata="$new" --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") \
        --encoding=UTF8 --auth-local=trust --auth-host=scram-sha-256
    echo "host all all all scram-sha-256" >> "$new/pg_hba.conf"
    pg_ctl --pgdata="$new" --wait --options="-c listen_addresses=''" start
    createdb --username="$POSTGRES_USER" "$POSTGRES_DB"
    for file in /docker-entrypoint-initdb.d/*.sql; do
        [ -e "$file" ] && psql --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" -v ON_ERROR_STOP=1 -f "$file"
    done
    pg_ctl --pgdata="$new" --wait --mode=fast stop
    mv "$new" "$PGDATA"
}

[ -s "$PGDATA/PG_VERSION" ] || create_cluster
exec "$@"
