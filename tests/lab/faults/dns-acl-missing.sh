# A zone has no acl: it answers ANY to the world.
# with coredns_acl.py
C=/opt/gbo/conf/Corefile Z=/opt/gbo/data/acme.test.zone B=/opt/gbo/bin/standin
inside() { lxc exec acme-dns -- "$@" </dev/null; }
answers() { until inside dig +short +time=1 +tries=1 @127.0.0.1 acme.test | grep -q .; do :; done; }
# A CoreDNS that keeps to its acl, and reads its files when it is told to.
strict() {
  inside mv -n $B/dns.py $B/dns_plain.py
  lxc exec acme-dns -- sh -c "cat >$B/dns.py" </run/coredns_acl.py
  inside systemctl restart dns.service
  answers
}
inject() {
  inside sh -c "cp -p $C /root/fault-corefile; cp -p $Z /root/fault-zone"
  inside sed -i "/^    acl {/,/^    }/d" $C
  strict
}
undo() {
  inside mv /root/fault-corefile $C
  inside mv /root/fault-zone $Z
  inside mv $B/dns_plain.py $B/dns.py
  inside systemctl restart dns.service
  answers
}
"$1"
