# The CI runner mounts the system container's programs.
DIR=/opt/gbo/tenants/acme/system/bin
inject() {
  mkdir -p "$DIR"
  lxc config device add acme-alm-ci deploy disk "source=$DIR" path=/opt/gbo/deploy >/dev/null
}
undo() {
  lxc config device remove acme-alm-ci deploy >/dev/null 2>&1 || true
  rmdir -p "$DIR" 2>/dev/null || true
}
"$1"
