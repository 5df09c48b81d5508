# A botui that systemd did not start holds 5859; ui.service is stopped.
pid=/run/lab-botui.pid
inside() { lxc exec acme-system -- "$@" </dev/null; }
inject() {
  inside systemctl stop ui.service
  inside sh -c "cd /opt/gbo/bin && exec setsid sh -c 'echo \$\$ >$pid; exec /opt/gbo/bin/botui -B -m standin botui' >/dev/null 2>&1 &"
  until inside curl -fs -m 5 -o /dev/null http://127.0.0.1:5859/health; do :; done
}
undo() {
  inside sh -c "[ ! -e $pid ] || kill \$(cat $pid); rm -f $pid"
  inside systemctl start ui.service
  until inside curl -fs -m 5 -o /dev/null http://127.0.0.1:5859/health; do :; done
}
"$1"
