# acme-table-editor has lost its IPv4 address.
inject() { lxc exec acme-table-editor -- ip -4 addr flush dev eth0 </dev/null; }
undo() { lxc exec acme-table-editor -- networkctl reconfigure eth0 </dev/null; }
"$1"
