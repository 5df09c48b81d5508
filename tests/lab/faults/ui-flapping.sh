# botui ends after a second, and systemd starts it again and again.
drop=/etc/systemd/system/ui.service.d
inside() { lxc exec acme-system -- "$@" </dev/null; }
inject() {
  inside sh -c "mkdir -p $drop && printf '[Unit]\nStartLimitIntervalSec=0\n[Service]\nExecStart=\nExecStart=/bin/sh -c \"sleep 1; exit 3\"\nRestart=always\nRestartSec=1\n' >$drop/lab.conf"
  inside systemctl daemon-reload
  inside systemctl restart ui.service
  until [ "$(inside systemctl show -p NRestarts --value ui.service)" -gt 1 ]; do :; done
}
undo() {
  inside sh -c "rm -f $drop/lab.conf; rmdir --ignore-fail-on-non-empty $drop"
  inside systemctl daemon-reload
  inside systemctl restart ui.service
  until inside curl -fs -m 5 -o /dev/null http://127.0.0.1:5859/health; do :; done
}
"$1"
