# Forgejo has ended.
inject() { lxc exec acme-alm -- systemctl stop alm.service </dev/null; }
undo() { lxc exec acme-alm -- systemctl start alm.service </dev/null; }
"$1"
