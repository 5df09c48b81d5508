# botui is stopped, as after a hand that forgot it.
inject() { lxc exec acme-system -- systemctl stop ui.service </dev/null; }
undo() { lxc exec acme-system -- systemctl start ui.service </dev/null; }
"$1"
