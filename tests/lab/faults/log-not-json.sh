# The access log is written in another format than JSON.
LOG=/opt/gbo/logs/access.log
inside() { lxc exec acme-proxy -- "$@" </dev/null; }
inject() {
  inside cp -p "$LOG" "$LOG.before"
  for _ in $(seq 40); do
    printf '2026/11/23 14:03:22.100\tINFO\thttp.log.access.log0\thandled request\t{"status": 200}\n'
  done | lxc exec acme-proxy -- sh -c "cat >>$LOG"
}
undo() { inside sh -c "cat $LOG.before >$LOG; rm $LOG.before"; }
"$1"
