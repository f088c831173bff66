#!/bin/sh
# Runs sshd and dockerd, and starts either again if it dies: there is no init system here, and faults are injected.
set -eu

# A restarted container keeps the files of its last life, and dockerd refuses to start beside its old pid file.
rm -rf /run/docker.pid /run/docker /run/containerd
mkdir -p /run/sshd

# On cgroup v2, controllers can be given to children only by a group that has no process of its own.
if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
    mkdir -p /sys/fs/cgroup/init
    xargs -rn1 < /sys/fs/cgroup/cgroup.procs > /sys/fs/cgroup/init/cgroup.procs || true
    sed -e 's/ / +/g' -e 's/^/+/' < /sys/fs/cgroup/cgroup.controllers > /sys/fs/cgroup/cgroup.subtree_control
fi

keep_running() {
    child=
    stopping=
    trap 'stopping=yes; [ -z "$child" ] || kill -TERM "$child"' TERM
    while [ -z "$stopping" ]; do
        [ "$1" != dockerd ] || rm -f /run/docker.pid
        "$@" &
        child=$!
        wait "$child" || true
        [ -n "$stopping" ] || sleep 1
    done
    # The trap interrupts the first wait; this one lasts until the engine has stopped its containers.
    wait || true
}

keep_running /usr/sbin/sshd -D -e &
ssh=$!
keep_running dockerd >> /var/log/dockerd.log 2>&1 &
engine=$!
trap 'kill -TERM "$ssh" "$engine"' TERM INT
wait || true
wait
