# Nothing is written to the access log any more.
LOG=/opt/gbo/logs/access.log
inside() { lxc exec acme-proxy -- "$@" </dev/null; }
OLD='{"level":"info","ts":1770000000.5,"logger":"http.log.access.log0","msg":"handled request","request":{"remote_ip":"203.0.113.66","host":"www.acme.test","uri":"/"},"status":200}'
inject() {
  inside cp -p "$LOG" "$LOG.before"
  echo "$OLD" | lxc exec acme-proxy -- sh -c "cat >$LOG"
  inside touch -d '-9 hours' "$LOG"
}
undo() { inside sh -c "cat $LOG.before >$LOG; rm $LOG.before"; }
"$1"
