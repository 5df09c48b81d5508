# The listener of the proxy device for IMAPS has died.
inject() { kill "$(ss -Hltnp 'sport = :993' | sed -n 's/.*pid=\([0-9]*\).*/\1/p;q')"; }
undo() {
  ss -Hltn 'sport = :993' | grep -q . && return
  lxc config device remove acme-email port-993 >/dev/null
  lxc config device add acme-email port-993 proxy listen=tcp:0.0.0.0:993 connect=tcp:127.0.0.1:993 >/dev/null
}
"$1"
