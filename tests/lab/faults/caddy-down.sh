# Caddy has ended: no vhost answers.
inject() { lxc exec acme-proxy -- systemctl stop proxy.service </dev/null; }
undo() { lxc exec acme-proxy -- systemctl start proxy.service </dev/null; }
"$1"
