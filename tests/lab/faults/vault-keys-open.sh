# Everybody in the container can read Vault's unseal keys.
mode() { lxc exec acme-system -- chmod "$1" /opt/gbo/bin/botserver-stack/conf/vault/init.json </dev/null; }
inject() { mode 644; }
undo() { mode 600; }
"$1"
