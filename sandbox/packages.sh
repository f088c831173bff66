#!/usr/bin/env bash
# Installs the Debian packages that the tests run beside the engine's own (which `alecia sandbox up` installs):
# a browser for the user interface, PostgreSQL for the migration runner.
set -euo pipefail

declare -A wanted=([chromium]=chromium [chromedriver]=chromium-driver [/usr/lib/postgresql]=postgresql)

missing=()
for program in "${!wanted[@]}"; do
  if ! command -v "$program" >/dev/null && [ ! -d "$program" ]; then missing+=("${wanted[$program]}"); fi
done
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo "error: the tests need ${missing[*]}" >&2
  echo "  fix: install them, then run this again (as root on Debian or Ubuntu they are installed for you)" >&2
  exit 4
fi
echo "installing from the distribution: ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
# A cluster of the package's own would take port 5432 and start at boot; the tests start theirs.
mkdir -p /etc/postgresql-common
[ -e /etc/postgresql-common/createcluster.conf ] || echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
apt-get update -qq
apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
