# Every client in the access log is 127.0.0.1: they all come through LXD's proxy device.
LOG=/opt/gbo/logs/access.log
inside() { lxc exec acme-proxy -- "$@" </dev/null; }
inject() {
  inside cp -p "$LOG" "$LOG.before"
  traffic.sh 27 device >/dev/null
}
undo() { inside sh -c "cat $LOG.before >$LOG; rm $LOG.before"; }
"$1"
