# The mail server's container has jails for postfix and dovecot, and none for Stalwart.
WHERE=acme-email FILE=/etc/fail2ban/jail.d/mail.conf KEPT=/root/fault-mail-jail-postfix
# What guesses at passwords leave in it: the remedy refuses to ban where none are seen.
LOG=/opt/gbo/logs/email.log
inside() { lxc exec "$WHERE" -- "$@" </dev/null; }
line() {
  printf '%s INFO Authentication %s (auth.%s) listenerId = "imaptls", localPort = 993, remoteIp = %s, remotePort = 4711\n' \
    "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$2" "$3" "$1"
}
clients() { for at in 1 2 3; do line "203.0.113.7$at" failed failed; line "203.0.113.7$at" successful success; done; }
inject() {
  inside cp -p "$FILE" "$KEPT"
  inside cp -p "$LOG" "$LOG.before"
  clients | lxc exec "$WHERE" -- sh -c "cat >>$LOG"
  printf '[%s]\nenabled = true\nbackend = systemd\n' postfix dovecot | lxc exec "$WHERE" -- sh -c "cat >$FILE"
  inside fail2ban-client reload >/dev/null
}
undo() {
  inside mv "$KEPT" "$FILE"
  inside sh -c "cat $LOG.before >$LOG; rm $LOG.before"
  inside fail2ban-client reload >/dev/null
}
"$1"
