# Valkey listens on every address.
bind() { lxc exec acme-system -- valkey-cli config set bind "$1" </dev/null >/dev/null; }
inject() { bind 0.0.0.0; }
undo() { bind '127.0.0.1 -::1'; }
"$1"
