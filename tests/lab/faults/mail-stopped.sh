# The mail server is stopped.
inject() { lxc exec acme-email -- systemctl stop email.service </dev/null; }
undo() { lxc exec acme-email -- systemctl start email.service </dev/null; }
"$1"
