# Somebody destroyed the data of one of LXD's snapshots behind its back.
inject() {
  lxc snapshot acme-webmail nightly
  zfs destroy default/containers/acme-webmail@snapshot-nightly
}
undo() { lxc delete acme-webmail/nightly 2>/dev/null || true; }
"$1"
