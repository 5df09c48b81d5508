# Vault is sealed, as after every restart of the real one: three keys of init.json open it.
marker=/opt/gbo/bin/botserver-stack/conf/vault/sealed
inject() { lxc exec acme-system -- touch "$marker" </dev/null; }
undo() { lxc exec acme-system -- rm -f "$marker" </dev/null; }
"$1"
