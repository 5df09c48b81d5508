# PostgreSQL is open to the world.
inject() {
  lxc config device add acme-tables port-5432 proxy listen=tcp:0.0.0.0:5432 connect=tcp:127.0.0.1:5432 >/dev/null
}
undo() { lxc config device remove acme-tables port-5432 >/dev/null 2>&1 || true; }
"$1"
