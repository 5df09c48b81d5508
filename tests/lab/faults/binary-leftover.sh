# A delivery broke off yesterday and left half a binary.
left=/opt/gbo/bin/.botserver.gbtui-0123456789abcdef
inside() { lxc exec acme-system -- "$@" </dev/null; }
inject() { inside sh -c "printf '\\177ELF' >$left && touch -d yesterday $left"; }
undo() { inside rm -f "$left"; }
"$1"
