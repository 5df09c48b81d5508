# PostgreSQL has ended.
inject() { lxc exec acme-tables -- systemctl stop 'postgresql@*' </dev/null; }
undo() {
  lxc exec acme-tables -- systemctl restart postgresql.service </dev/null
  until lxc exec acme-tables -- pg_isready -q </dev/null; do sleep 0.5; done
}
"$1"
