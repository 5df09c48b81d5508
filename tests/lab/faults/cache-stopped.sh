# Valkey is stopped; botserver, which looked at its start, does not know yet.
inject() { lxc exec acme-system -- systemctl stop valkey-server.service </dev/null; }
undo() { lxc exec acme-system -- systemctl start valkey-server.service </dev/null; }
"$1"
