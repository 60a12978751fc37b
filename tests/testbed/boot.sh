#!/bin/sh
# Boots one board, in three steps that run each other; the settings come in the environment:
#   CGROUPS  the board's cgroups, NETNS its network namespace, NAME its name
#   FOLDER  a tmpfs of its own, holding upper/ (its files), work/, root/ and docker/
#   SHOWN   folders of this machine to show read-only at their own paths
set -eu
[ "$(id -u)" = 0 ]

leave() { # join the board's cgroups, then leave this machine for namespaces of its own
    for group in $CGROUPS; do echo $$ >"$group/cgroup.procs"; done
    exec unshare --cgroup "$0" isolate
}

isolate() {
    # cgroup v2 wants no process in a group that has groups of its own, as dockerd makes them.
    for group in $CGROUPS; do
        [ ! -e "$group/cgroup.controllers" ] ||
            { mkdir -p "$group/init" && echo $$ >"$group/init/cgroup.procs"; }
    done
    exec nsenter --net="$NETNS" \
        unshare --mount --uts --ipc --pid --fork --kill-child -- "$0" build
}

build() { # as pid 1: hostname, root, init
    hostname "$NAME"
    mount -t overlay board -o "lowerdir=/,upperdir=$FOLDER/upper,workdir=$FOLDER/work" "$FOLDER/root"
    cd "$FOLDER/root"
    mount -t proc proc proc
    mount_sys
    mount_dev
    mkdir -p var/lib/docker && mount --bind "$FOLDER/docker" var/lib/docker # overlay2 wants no overlay
    for path in $SHOWN; do
        mkdir -p ".$path"
        mount --bind "$path" ".$path"
        mount -o remount,bind,ro ".$path"
    done
    mkdir -p mnt run
    pivot_root . mnt
    exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        chroot . sh -c 'umount -l /mnt && exec board-init'
}

mount_sys() { # the board's own interfaces and cgroups, and the model in the device tree
    mount -t sysfs -o ro sysfs sys
    if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
        mount -t cgroup2 cgroup sys/fs/cgroup
    else
        mount -t tmpfs -o mode=755,size=64k cgroup sys/fs/cgroup
        for group in $CGROUPS; do
            kind=${group#/sys/fs/cgroup/} kind=${kind%%/*}
            mkdir "sys/fs/cgroup/$kind"
            [ "$kind" != systemd ] || kind=none,name=systemd
            mount -t cgroup -o "$kind" cgroup "sys/fs/cgroup/${kind#none,name=}"
        done
    fi
    # /proc/device-tree, where a real board has it too, can't be made on other machines.
    mount -t tmpfs -o mode=755,size=64k firmware sys/firmware
    mkdir -p sys/firmware/devicetree/base
    printf 'Jetson-AGX\0' >sys/firmware/devicetree/base/model
}

mount_dev() {
    mount -t tmpfs -o mode=755,size=64k dev dev
    for node in null zero full random urandom tty; do cp -a "/dev/$node" dev; done
    mkdir dev/pts dev/shm dev/mqueue
    mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts dev/pts
    mount -t tmpfs -o mode=1777 shm dev/shm
    mount -t mqueue mqueue dev/mqueue
    ln -s pts/ptmx dev/ptmx
    ln -s /proc/self/fd dev/fd
    ln -s fd/0 dev/stdin && ln -s fd/1 dev/stdout && ln -s fd/2 dev/stderr
}

"${1:-leave}"
