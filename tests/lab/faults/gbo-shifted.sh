# /opt/gbo/conf of the system container belongs to a uid of nobody there.
inject() { lxc exec acme-system -- chown 1000999 /opt/gbo/conf </dev/null; }
undo() { lxc exec acme-system -- chown root /opt/gbo/conf </dev/null; }
"$1"
