# LXD has a network forward (of an address that nobody has).
inject() { lxc network forward create lxdbr0 203.0.113.10 >/dev/null; }
undo() { lxc network forward delete lxdbr0 203.0.113.10 >/dev/null; }
"$1"
