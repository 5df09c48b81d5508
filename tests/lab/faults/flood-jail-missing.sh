# The proxy has no jail for HTTP floods.
WHERE=acme-proxy FILE=/etc/fail2ban/jail.d/caddy-http-flood.conf KEPT=/root/fault-flood-jail-missing
# What clients of the world would leave in it: the remedy refuses to ban where none are seen.
LOG=/opt/gbo/logs/access.log
inside() { lxc exec "$WHERE" -- "$@" </dev/null; }
line() {
  printf '{"level":"info","ts":%s,"logger":"http.log.access.log0","msg":"handled request","request":{"remote_ip":"%s","remote_port":"4711","proto":"HTTP/1.1","method":"GET","host":"www.acme.test","uri":"/"},"user_id":"","duration":0.001,"size":2,"status":%s,"resp_headers":{}}\n' \
    "$(date +%s.%6N)" "$1" "$2"
}
clients() { for at in 1 2 3; do line "203.0.113.7$at" 200; line "203.0.113.7$at" 404; done; }
inject() {
  inside cp -p "$FILE" "$KEPT"
  inside cp -p "$LOG" "$LOG.before"
  clients | lxc exec "$WHERE" -- sh -c "cat >>$LOG"
  inside sh -c "echo >$FILE"
  inside fail2ban-client reload >/dev/null
}
undo() {
  inside mv "$KEPT" "$FILE"
  inside sh -c "cat $LOG.before >$LOG; rm $LOG.before"
  inside fail2ban-client reload >/dev/null
}
"$1"
