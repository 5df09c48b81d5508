# Names are answered by TCP alone: the proxy device for UDP is gone.
gone() { lxc config device remove acme-dns port-53-udp >/dev/null; }
inject() { gone; }
undo() {
  gone 2>/dev/null || true
  lxc config device add acme-dns port-53-udp proxy listen=udp:10.0.2.15:53 connect=udp:127.0.0.1:53 >/dev/null
}
"$1"
