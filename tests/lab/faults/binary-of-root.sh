# botserver's binary is a file of root's, which the pipeline cannot replace. (The stand-in's is a link.)
bin=/opt/gbo/bin/botserver
inside() { lxc exec acme-system -- "$@" </dev/null; }
again() {
  inside systemctl restart system.service
  until inside curl -fs -m 5 -o /dev/null http://127.0.0.1:5858/health; do :; done
}
inject() {
  inside sh -c "cp -L $bin $bin.lab && chmod 755 $bin.lab && mv -T $bin.lab $bin"
  again
}
undo() {
  inside ln -sfT /usr/bin/python3 "$bin"
  again
}
"$1"
