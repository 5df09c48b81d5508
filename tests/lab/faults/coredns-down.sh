# CoreDNS has ended: no name is answered.
inject() { lxc exec acme-dns -- systemctl stop dns.service </dev/null; }
undo() { lxc exec acme-dns -- systemctl start dns.service </dev/null; }
"$1"
