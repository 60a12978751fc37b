"""Virtual boards: what a Jetson looks like from the network, made of namespaces of this machine.

A board has an address of its own on a bridge, a real OpenSSH sshd, a real dockerd with an
`nvidia` runtime, the users root and nvidia (both with the testbed's key; nvidia may sudo nvpmodel
and jetson_clocks, nothing else), and nvpmodel, jetson_clocks and tegrastats that say what real
ones were seen to say. skeleton/ holds its files, boot.sh its mounts. The rest of its file system
is this machine's, as an overlay: it can be written, the writes are the board's own.

    this machine ── veth edgeadN ── bridge in namespace edgeadN ─┬─ eth0 of edgeadN-xavier-1
                    10.77.N.1/24                                 └─ eth0 of edgeadN-xavier-2

No packet goes further: the boards have no default route, and nothing is forwarded. N is the
testbed's number; a machine can have many at once.

What differs from a real board: the processor, /proc/meminfo and /proc/stat are this machine's; a
board has no GPU, no /proc/device-tree (only /sys/firmware/devicetree), no systemd, no internet,
OpenSSH and Python in this machine's versions.

Root is needed, and the Debian packages that `make debian` installs.
"""
