# Somebody destroyed the data of one of LXD's snapshots behind its back.
# Its record is an hour old: a young one is left alone, because LXD may still be at it.
inject() {
  lxc snapshot acme-webmail nightly
  lxd sql global "UPDATE instances_snapshots SET creation_date = '$(date -u -d '1 hour ago' '+%F %T')+00:00'
    WHERE name = 'nightly'" >/dev/null
  zfs destroy default/containers/acme-webmail@snapshot-nightly
}
undo() { lxc delete acme-webmail/nightly 2>/dev/null || true; }
"$1"
