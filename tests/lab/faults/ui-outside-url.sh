# botui reaches botserver by the world outside, as a drop-in says.
drop=/etc/systemd/system/ui.service.d
inside() { lxc exec acme-system -- "$@" </dev/null; }
again() {
  inside systemctl daemon-reload
  inside systemctl restart ui.service
  until inside curl -fs -m 5 -o /dev/null http://127.0.0.1:5859/health; do :; done
}
inject() {
  inside sh -c "mkdir -p $drop && printf '[Service]\nEnvironment=BOTSERVER_URL=https://system.acme.test\n' >$drop/lab.conf"
  again
}
undo() {
  inside sh -c "rm -f $drop/lab.conf $drop/zz-botserver-url.conf*; rmdir --ignore-fail-on-non-empty $drop"
  again
}
"$1"
