# The proxy device for IMAPS leads where nobody listens.
inject() { lxc config device set acme-email port-993 connect=tcp:127.0.0.1:9993; }
undo() { lxc config device set acme-email port-993 connect=tcp:127.0.0.1:993; }
"$1"
