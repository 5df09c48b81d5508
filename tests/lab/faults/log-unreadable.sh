# The access log cannot be read: a directory stands in its place (root reads any mode).
LOG=/opt/gbo/logs/access.log
inside() { lxc exec acme-proxy -- "$@" </dev/null; }
inject() { inside sh -c "mv $LOG $LOG.away && mkdir $LOG"; }
undo() { inside sh -c "rmdir $LOG && mv $LOG.away $LOG"; }
"$1"
