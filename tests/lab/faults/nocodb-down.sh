# NocoDB has ended.
inject() { lxc exec acme-table-editor -- systemctl stop table-editor.service </dev/null; }
undo() { lxc exec acme-table-editor -- systemctl start table-editor.service </dev/null; }
"$1"
