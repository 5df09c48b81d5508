# The proxy device for IMAPS is gone.
gone() { lxc config device remove acme-email port-993 >/dev/null; }
inject() { gone; }
undo() {
  gone 2>/dev/null || true
  lxc config device add acme-email port-993 proxy listen=tcp:0.0.0.0:993 connect=tcp:127.0.0.1:993 >/dev/null
}
"$1"
