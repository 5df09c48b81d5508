# Snapshots that one side alone knows: beside LXD's record without data, which is there from the start,
# data that is named as LXD's own and that LXD has no record of.
STRAY=default/containers/acme-webmail@snapshot-nightly
inject() { zfs snapshot "$STRAY"; }
undo() { zfs destroy "$STRAY" 2>/dev/null || true; }
"$1"
