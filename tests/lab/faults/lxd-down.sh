# LXD does not answer: its daemon is stopped and its socket gone; containers go on running.
# (Stopping lxd.socket would stop lxd-containers.service with it, and so every container.)
SOCKET=/var/lib/lxd/unix.socket
inject() {
  mv "$SOCKET" "$SOCKET.away"
  systemctl stop lxd.service
}
undo() {
  mv "$SOCKET.away" "$SOCKET"
  systemctl start lxd.service
}
"$1"
