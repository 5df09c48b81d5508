# A container is down: acme-webmail stopped.
inject() { lxc stop --force acme-webmail; }
undo() { lxc start acme-webmail; }
"$1"
