# The CI runner is open to the world.
inject() {
  lxc config device add acme-alm-ci port-2222 proxy listen=tcp:0.0.0.0:2222 connect=tcp:127.0.0.1:22 >/dev/null
}
undo() { lxc config device remove acme-alm-ci port-2222 >/dev/null 2>&1 || true; }
"$1"
