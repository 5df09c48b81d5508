# acme-system is not privileged any more, from its next start on.
inject() { lxc config unset acme-system security.privileged; }
undo() { lxc config set acme-system security.privileged=true; }
"$1"
