# Roundcube has ended.
inject() { lxc exec acme-webmail -- systemctl stop webmail.service </dev/null; }
undo() { lxc exec acme-webmail -- systemctl start webmail.service </dev/null; }
"$1"
