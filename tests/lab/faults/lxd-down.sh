# LXD does not answer: daemon and socket stopped, containers go on running.
inject() { systemctl stop lxd.socket lxd.service; }
undo() { systemctl start lxd.socket lxd.service && lxd waitready --timeout=60; }
"$1"
